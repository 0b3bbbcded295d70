//! From the arguments to a capture that runs: open everything, give up privileges, then read.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::cli::{Exit, new_file, terminal};
use crate::flow::Limits;
use crate::pipeline::LiveAnalysis;
use crate::report::{Archive, Layout};
use crate::source::{Arriving, Error, Interface, Pipe, SaveFile, Settings};
use crate::units;

use super::Args;
use super::evidence::{self, Evidence};
use super::installed;
use super::kernel::Witness;
use super::metrics::{self, Metrics};
use super::output::{Output, Style};
use super::privileges::{self, Account};
use super::screen::Screen;
use super::session::{Ending, Session};
use super::signals::Stop;

/// A flow that had a FIN or RST is over when nothing followed for this long.
const CLOSED_US: i64 = 5_000_000;

/// Of those that are over, so many are waited for.
const CLOSED_MAX: usize = 5_000;

/// Flows that the report at the end lists.
const LISTED: usize = 2_000;

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let stop = Stop::listen().context("cannot listen for signals")?;
    let (is_pipe, filter) = match args.filter.split_first() {
        Some((first, rest)) if first == "-" => (true, rest.join(" ")),
        _ => (false, args.filter.join(" ")),
    };
    let later = privileges::later_account(args.user.as_deref())?;
    // What needs privileges comes first, all of it.
    let interface = open_interface(args, is_pipe, &filter)?;
    let file = args.write.as_deref().map(|path| create(path, later.as_ref())).transpose()?;
    if let Some(folder) = &args.write_findings {
        evidence::prepare(folder, later.as_ref())?;
    }
    let listener = args.metrics.map(metrics::listen).transpose()?;
    privileges::give_up(later.as_ref())?;
    // From here on what others sent is read, and nothing that matters can be lost to them.
    if let Some(folder) = &args.write_findings {
        evidence::check(folder)?;
    }
    let name = args.interface.clone().unwrap_or_else(|| "-".to_owned());
    let mut source: Box<dyn Arriving> = match interface {
        Some(interface) => Box::new(interface),
        None => {
            match Pipe::open(Some(&filter).filter(|filter| !filter.is_empty()).map(String::as_str), &|| {
                stop.is_asked()
            })? {
                Some(pipe) => Box::new(pipe),
                None => return Ok(Exit::Done),
            }
        }
    };
    let mut session = session(args, &name, source.as_ref(), file, stop)?;
    let serve = |listener| Metrics::serve(listener, args.interface.is_some());
    session.output.metrics = listener.map(serve).transpose().context("cannot serve metrics")?;
    let ended = session.run(source.as_mut());
    finish(session, ended, args)
}

fn open_interface(args: &Args, is_pipe: bool, filter: &str) -> anyhow::Result<Option<Interface>> {
    let name = match (&args.interface, is_pipe) {
        (None, true) => return Ok(None),
        (Some(_), true) => bail!("-i and - exclude each other\nhint: see `wscale live --help`"),
        (None, false) => {
            bail!("no interface\nhint: `wscale live --list-interfaces` lists them, -i names one")
        }
        (Some(name), false) => name,
    };
    let settings = Settings {
        snap_bytes: args.snaplen,
        buffer_bytes: args.buffer << 20,
        promiscuous: args.promiscuous,
        filter: filter.to_owned(),
    };
    Interface::open(name, &settings).map(Some).map_err(|error| match error {
        Error::Permission { .. } => anyhow!("{error}\nhint: {}", installed::capture_instead()),
        Error::Interface { .. } => {
            anyhow!("{error}\nhint: `wscale live --list-interfaces` lists the interfaces")
        }
        other => other.into(),
    })
}

/// Creates the file for `--write`, and gives it to the user that the process will be.
fn create(path: &Path, later: Option<&Account>) -> anyhow::Result<File> {
    let file = new_file::growing(path).with_context(|| format!("cannot create '{}'", path.display()))?;
    if let Some(Account { uid, gid }) = later {
        // A file system that knows no owners is no reason not to write to it.
        let _ = std::os::unix::fs::fchown(&file, Some(uid.as_raw()), Some(gid.as_raw()));
    }
    Ok(file)
}

fn session(
    args: &Args,
    name: &str,
    source: &dyn Arriving,
    file: Option<File>,
    stop: Stop,
) -> anyhow::Result<Session> {
    let limits = Limits {
        max_flows: args.max_flows,
        idle_us: i64::try_from(args.idle.as_micros()).unwrap_or(i64::MAX),
        closed_us: CLOSED_US,
        max_closing: CLOSED_MAX,
        max_closed: CLOSED_MAX,
    };
    let analysis = LiveAnalysis::new(name, source.link_types(), limits)
        .map_err(|error| anyhow!("cannot judge '{name}': {error}"))?;
    let begin = |(file, link_type): (_, &_)| SaveFile::begin(file, link_type, args.snaplen);
    let save = file.zip(source.link_types().first()).map(begin).transpose();
    let save = save.context("cannot write the capture")?;
    let on_terminal = args.format == "text" && io::stdout().is_terminal();
    let screen = on_terminal.then(|| Screen::enter(name, args.color.is_on())).transpose()?;
    let style = match args.format.as_str() {
        "text" if !on_terminal => Style::Text,
        "jsonl" => Style::JsonLines,
        _ => Style::Silent,
    };
    let output = Output {
        style,
        format: args.format.clone(),
        source: name.to_owned(),
        layout: Layout { width: terminal::width(), top: args.top, color: args.color.is_on() },
        archive: Archive::of_the_worst(LISTED),
        metrics: None,
        evidence: args.write_findings.as_deref().map(|folder| Evidence::new(folder, args.snaplen)),
        headlines: Vec::new(),
        problems: 0,
        first_us: 0,
        out: io::BufWriter::new(io::stdout()),
        failure: None,
    };
    let ending = Ending { after: args.duration, frames: args.count, at_problem: args.until_finding };
    // A pipe tells what another host saw.
    let witness = if args.interface.is_some() && !args.no_kernel { Witness::open() } else { None };
    Ok(Session { analysis, output, save, screen, witness, ending, stop })
}

/// Judges what is left and prints the report.
fn finish(session: Session, ended: Option<anyhow::Error>, args: &Args) -> anyhow::Result<Exit> {
    let Session { analysis, mut output, screen, .. } = session;
    drop(screen);
    if ended.as_ref().is_some_and(crate::cli::is_broken_pipe) {
        return Ok(Exit::Done);
    }
    let incomplete = ended.as_ref().map(|error| format!("{error:#}"));
    let counts = analysis.finish(incomplete, &mut |judged| output.take(judged));
    let files = output.evidence.as_ref().map_or(0, Evidence::files);
    if let Some(failure) = output.failure.take() {
        return Err(failure);
    }
    output.layout.width = terminal::width();
    output.finish(counts)?;
    if let (Some(folder), 1..) = (&args.write_findings, files) {
        let flows = units::count(files as u64, "flow");
        terminal::say(&format!("the frames of {flows} with a problem are in '{}'", folder.display()));
    }
    match ended {
        None => Ok(Exit::Done),
        Some(error) => {
            terminal::complain(&error);
            Ok(Exit::Incomplete)
        }
    }
}
