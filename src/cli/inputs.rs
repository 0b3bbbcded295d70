//! The captures of a command: found, judged in parallel, handed on in the order given.
//!
//! Each core has a lane of its own that takes every n-th capture and waits when its results are not yet wanted:
//! at any time a bounded number of results and one capture per core are held.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};
use std::thread;

use indicatif::ProgressBar;

use crate::flow::Limits;
use crate::pipeline::Analysis;
use crate::report::{Archive, CaptureReport, FlowReport, Needs};
use crate::source::{self, CaptureFile, Input, Joined, Source};

use super::capture::Capture;
use super::terminal;

/// Which captures to read.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Captures, directories of captures (not searched below), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Take the files as the pieces of one rotated capture (tcpdump -C or -G)
    #[arg(long, help_heading = "Input")]
    join: bool,

    /// Judge only frames that match, in tcpdump's syntax; frames keep their numbers
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// Count wrong IPv4 and TCP checksums, of what was captured whole; no verdict depends on them
    #[arg(long, help_heading = "Input", hide_short_help = true)]
    checksums: bool,

    /// Follow at most this many flows at once; the one that was silent for longest is judged and goes
    ///
    /// A flow takes about 4 KiB while it has few frames, and never more than 26 KiB. A flow that had to go early
    /// is listed if there is anything to say about it, and counted otherwise.
    #[arg(long, value_name = "N", default_value_t = Limits::SAVED.max_flows, help_heading = "Memory")]
    max_flows: usize,
}

/// What became of one capture. With an error the report, if there is one, is about the part that was read.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) report: Option<CaptureReport>,
    pub(crate) error: Option<anyhow::Error>,
}

/// Something that was judged.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are as many large ones as there are captures")]
pub(crate) enum Event {
    /// A flow of a capture that is still being read.
    Flow { source: Arc<str>, flow: Box<FlowReport> },
    /// A capture, to its end.
    Capture(Judged),
}

/// How every capture is judged.
struct Task<'a> {
    filter: Option<&'a str>,
    max_flows: usize,
    checksums: bool,
    selectors: &'a [String],
    needs: Needs,
    bar: &'a ProgressBar,
}

/// Results that wait in a lane.
const IN_LANE: usize = 64;

impl Inputs {
    /// The one capture that is named.
    pub(crate) fn capture(&self) -> anyhow::Result<Capture<'_>> {
        let mut capture = Capture::find(&self.files, self.join, self.filter.as_deref())?;
        capture.checksums = self.checksums;
        capture.max_flows = self.max_flows;
        Ok(capture)
    }

    /// What hides frames.
    pub(crate) fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// Judges all captures and hands each to `sink`, with the flows that are needed; or the flows as they end, and
    /// every capture at last, without them.
    pub(crate) fn judge(
        &self,
        needs: Needs,
        sink: &mut dyn FnMut(Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.run(&[], needs, sink)
    }

    /// The same with all flows, each marked with those of `selectors` that match it.
    pub(crate) fn judge_selected(
        &self,
        selectors: &[String],
        sink: &mut dyn FnMut(Judged) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.run(selectors, Needs::All, &mut |event| match event {
            Event::Capture(judged) => sink(judged),
            Event::Flow { .. } => Ok(()),
        })
    }

    fn run(
        &self,
        selectors: &[String],
        needs: Needs,
        sink: &mut dyn FnMut(Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut found = Vec::new();
        for input in source::expand(&self.files) {
            match input {
                Ok(input) => found.push(input),
                Err(error) => sink(Event::Capture(Judged { report: None, error: Some(error.into()) }))?,
            }
        }
        let captures: Vec<Vec<Input>> = match (self.join, found.is_empty()) {
            (_, true) => Vec::new(),
            (true, false) => vec![found],
            (false, false) => found.into_iter().map(|input| vec![input]).collect(),
        };
        let bar = progress(&captures);
        let task = Task {
            filter: self.filter.as_deref(),
            max_flows: self.max_flows,
            checksums: self.checksums,
            selectors,
            needs,
            bar: &bar,
        };
        let judge = |pieces: &Vec<Input>, send: Send<'_, Event>| {
            if let Err(error) = judge(&task, pieces, send) {
                let _ = send(Event::Capture(Judged { report: None, error: Some(error) }));
            }
        };
        let ended = in_order(&captures, judge, |event| match event {
            // The bar is drawn over once per capture, not once per flow.
            Event::Flow { .. } if bar.is_hidden() => sink(event),
            _ => bar.suspend(|| sink(event)),
        });
        bar.finish_and_clear();
        ended
    }
}

/// One bar for all captures, where all sizes are known.
fn progress(captures: &[Vec<Input>]) -> ProgressBar {
    let sizes = captures.iter().flatten().map(|input| input.size_bytes);
    let name = match captures {
        [capture] => names(capture).join("+"),
        _ => format!("{} captures", captures.len()),
    };
    terminal::progress(&name, sizes.sum())
}

fn names(pieces: &[Input]) -> Vec<String> {
    pieces.iter().map(|input| input.path.clone()).collect()
}

/// What a lane sends: something of the capture at hand, or that there is no more of it.
enum Sent<R> {
    Piece(R),
    End,
}

/// Where `work` sends its results; it breaks when nobody wants more.
type Send<'a, R> = &'a mut dyn FnMut(R) -> ControlFlow<()>;

/// Does `work` on the machine's cores; `sink` gets the results in the order of `jobs`. When `sink` fails, no
/// further job is begun.
fn in_order<J: Sync, R: std::marker::Send>(
    jobs: &[J],
    work: impl Fn(&J, Send<'_, R>) + Sync,
    mut sink: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let [job] = jobs {
        let mut ended = Ok(());
        work(job, &mut |result| {
            if ended.is_ok() {
                ended = sink(result);
            }
            if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        return ended;
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    thread::scope(|scope| {
        let lanes: Vec<mpsc::Receiver<Sent<R>>> = (0..cores)
            .map(|lane| {
                let (results, receiver) = mpsc::sync_channel(IN_LANE);
                let mut jobs = jobs.iter().skip(lane).step_by(cores);
                let work = &work;
                scope.spawn(move || {
                    // Nobody waits any more when sending fails.
                    let mut send = |result| match results.send(Sent::Piece(result)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    };
                    jobs.try_for_each(|job| {
                        work(job, &mut send);
                        results.send(Sent::End)
                    })
                });
                receiver
            })
            .collect();
        lanes.iter().cycle().take(jobs.len()).try_for_each(|lane| {
            while let Sent::Piece(result) = lane.recv()? {
                sink(result)?;
            }
            Ok(())
        })
    })
}

fn judge(task: &Task<'_>, pieces: &[Input], send: Send<'_, Event>) -> anyhow::Result<()> {
    let paths = names(pieces);
    let name = paths.join("+");
    let mut source: Box<dyn Source> = match paths.as_slice() {
        [path] => Box::new(CaptureFile::open(path, task.filter)?),
        _ => Box::new(Joined::open(&paths, task.filter)?),
    };
    let analysis = Analysis::new(&name, source.as_ref())
        .map_err(|error| anyhow::anyhow!("cannot judge '{name}': {error}"))?;
    let archive = match task.needs {
        Needs::Worst(quiet) => Archive::of_findings(quiet),
        Needs::Each | Needs::All => Archive::of_all(),
    };
    let mut analysis = analysis.with_max_flows(task.max_flows).with_archive(archive);
    analysis.select(source.as_ref(), task.selectors)?;
    if task.checksums {
        analysis.check_sums();
    }
    let mut before = 0;
    let progress = &mut |bytes| {
        terminal::advance(task.bar, bytes - before);
        before = bytes;
    };
    let ended = if task.needs == Needs::Each {
        let name = Arc::<str>::from(name);
        analysis.stream(source.as_mut(), progress, &mut |flow| {
            send(Event::Flow { source: Arc::clone(&name), flow: Box::new(flow) })
        })
    } else {
        analysis.read(source.as_mut(), progress)
    };
    let judged = Judged { report: Some(analysis.finish()), error: ended.err().map(Into::into) };
    // Nobody waits any more when sending fails.
    let _ = send(Event::Capture(judged));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..50).collect();
        let work = |job: &u64, send: Send<'_, u64>| {
            thread::sleep(std::time::Duration::from_millis(if job.is_multiple_of(7) { 3 } else { 0 }));
            let _ = send(*job);
        };
        let mut results = Vec::new();
        in_order(&jobs, work, |result| {
            results.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(results, jobs);
    }

    #[test]
    fn a_failing_sink_ends_the_work() {
        let jobs: Vec<u64> = (0..10_000).collect();
        let begun = std::sync::atomic::AtomicU64::new(0);
        let work = |_: &u64, send: Send<'_, ()>| {
            begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let _ = send(());
        };
        let ended = in_order(&jobs, work, |()| anyhow::bail!("the reader went away"));
        assert!(ended.is_err());
        let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
        assert!(begun.into_inner() <= (IN_LANE as u64 + 2) * cores);
    }
}
