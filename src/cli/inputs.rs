//! The captures of a command: found, judged in parallel, handed on in the order given.
//!
//! Each core has a lane of its own that takes every n-th capture and waits when its result is not yet wanted:
//! at any time at most two results and one capture per core are held.

use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

use indicatif::ProgressBar;

use crate::pipeline::Analysis;
use crate::report::CaptureReport;
use crate::source::{self, CaptureFile, Input, Joined, Source};

use super::capture::Capture;
use super::terminal;

/// Which captures to read.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Captures, directories of captures, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Take the files as the pieces of one rotated capture (tcpdump -C or -G)
    #[arg(long, help_heading = "Input")]
    join: bool,

    /// Judge only frames that match, in tcpdump's syntax; frames keep their numbers
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// Count wrong IPv4 and TCP checksums, of what was captured whole; no verdict depends on them
    #[arg(long, help_heading = "Input")]
    checksums: bool,
}

/// What became of one capture. With an error the report, if there is one, is about the part that was read.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) report: Option<CaptureReport>,
    pub(crate) error: Option<anyhow::Error>,
}

impl Inputs {
    /// The one capture that is named.
    pub(crate) fn capture(&self) -> anyhow::Result<Capture<'_>> {
        let mut capture = Capture::find(&self.files, self.join, self.filter.as_deref())?;
        capture.checksums = self.checksums;
        Ok(capture)
    }

    /// What hides frames.
    pub(crate) fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// Judges all captures and hands each to `sink`. Flows are marked with those of `selectors` that match.
    pub(crate) fn judge(
        &self,
        selectors: &[String],
        sink: &mut dyn FnMut(Judged) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut found = Vec::new();
        for file in &self.files {
            match source::expand(file) {
                Ok(inputs) => found.extend(inputs),
                Err(error) => sink(Judged { report: None, error: Some(error.into()) })?,
            }
        }
        let captures: Vec<Vec<Input>> = match (self.join, found.is_empty()) {
            (_, true) => Vec::new(),
            (true, false) => vec![found],
            (false, false) => found.into_iter().map(|input| vec![input]).collect(),
        };
        let bar = progress(&captures);
        let judge = |pieces: &Vec<Input>| match self.judge_one(pieces, selectors, &bar) {
            Ok(judged) => judged,
            Err(error) => Judged { report: None, error: Some(error) },
        };
        let ended = in_order(&captures, judge, |judged| bar.suspend(|| sink(judged)));
        bar.finish_and_clear();
        ended
    }

    fn judge_one(&self, pieces: &[Input], selectors: &[String], bar: &ProgressBar) -> anyhow::Result<Judged> {
        let (paths, filter) = (names(pieces), self.filter.as_deref());
        let name = paths.join("+");
        let mut source: Box<dyn Source> = match paths.as_slice() {
            [path] => Box::new(CaptureFile::open(path, filter)?),
            _ => Box::new(Joined::open(&paths, filter)?),
        };
        let mut analysis = Analysis::new(&name, source.as_ref())
            .map_err(|error| anyhow::anyhow!("cannot judge '{name}': {error}"))?;
        analysis.select(source.as_ref(), selectors)?;
        if self.checksums {
            analysis.check_sums();
        }
        let mut before = 0;
        let ended = analysis.read(source.as_mut(), &mut |bytes| {
            terminal::advance(bar, bytes - before);
            before = bytes;
        });
        Ok(Judged { report: Some(analysis.finish()), error: ended.err().map(Into::into) })
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

/// Does `work` on the machine's cores; `sink` gets the results in the order of `jobs`. When `sink` fails, no
/// further job is begun.
fn in_order<J: Sync, R: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> R + Sync,
    mut sink: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    thread::scope(|scope| {
        let lanes: Vec<mpsc::Receiver<R>> = (0..cores)
            .map(|lane| {
                let (results, receiver) = mpsc::sync_channel(1);
                let jobs = jobs.iter().skip(lane).step_by(cores);
                let work = &work;
                scope.spawn(move || {
                    // Nobody waits any more when sending fails.
                    jobs.map(work).try_for_each(|result| results.send(result))
                });
                receiver
            })
            .collect();
        lanes.iter().cycle().take(jobs.len()).try_for_each(|lane| sink(lane.recv()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..50).collect();
        let work = |job: &u64| {
            thread::sleep(std::time::Duration::from_millis(if job.is_multiple_of(7) { 3 } else { 0 }));
            *job
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
        let jobs: Vec<u64> = (0..1000).collect();
        let begun = std::sync::atomic::AtomicU64::new(0);
        let work = |_: &u64| {
            begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let ended = in_order(&jobs, work, |()| anyhow::bail!("the reader went away"));
        assert!(ended.is_err());
        let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
        assert!(begun.into_inner() <= 3 * cores);
    }
}
