//! `wscale analyze FILE...`: judge saved captures.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;

use crate::pipeline::Analysis;
use crate::report::{self, CaptureReport, FORMATS, Layout};
use crate::source::{self, CaptureFile, Input, Joined, Source};

use super::capture::Capture;
use super::{Exit, details, terminal};

/// Judge saved captures
///
/// Reads captures (pcap, pcapng), follows every TCP flow and says for each whether both ends and everything
/// between them agree on the window scale.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "analyse", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Captures, directories of captures, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Take the files as the pieces of one rotated capture (tcpdump -C or -G)
    #[arg(long, help_heading = "Input")]
    join: bool,

    /// Judge only frames that match, in tcpdump's syntax; frames keep their numbers
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// How to print the report
    #[arg(long, default_value = "text", value_parser = PossibleValuesParser::new(FORMATS.map(|format| format.name)), help_heading = "Output")]
    format: String,

    /// Show this many flows in the table, worst first
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all", help_heading = "Output")]
    top: usize,

    /// Show all flows in the table
    #[arg(long, help_heading = "Output")]
    all: bool,

    /// Show only this flow, in full: both windows, their shifts, the evidence, a chart
    #[arg(long, value_name = "N", conflicts_with_all = ["top", "all"], help_heading = "Output")]
    flow: Option<u64>,

    /// When to use colour
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    color: terminal::Color,
}

const EXAMPLES: &str = "\
Examples:
  wscale analyze slow-download.pcap
  wscale analyze --filter 'host 192.0.2.7 and port 443' captures/
  wscale analyze --flow 3 slow-download.pcap
  wscale analyze --join ring.pcap0 ring.pcap1 ring.pcap2
  ssh host tcpdump -w - tcp | wscale analyze --format json -";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if let (Some(index), Some(format)) = (args.flow, report::format(&args.format)) {
        let capture = Capture::find(&args.files, args.join, args.filter.as_deref())?;
        return details::run(&capture, index, format, &layout(args));
    }
    let mut exit = Exit::Done;
    let mut reports = Vec::new();
    for inputs in inputs(args, &mut exit) {
        match judge(&inputs, args.filter.as_deref(), &mut exit) {
            Ok(report) => reports.push(report),
            Err(error) => {
                terminal::complain(&error);
                exit = Exit::Incomplete;
            }
        }
    }
    if let (Some(format), false) = (report::format(&args.format), reports.is_empty()) {
        let mut out = io::BufWriter::new(io::stdout().lock());
        (format.write)(&mut out, &reports, &layout(args))?;
        out.flush()?;
    }
    Ok(exit)
}

fn layout(args: &Args) -> Layout {
    Layout {
        width: terminal::width(),
        top: if args.all { usize::MAX } else { args.top },
        color: args.color.is_on(),
    }
}

/// The captures to judge, each a list of pieces. What cannot be found is said at once.
fn inputs(args: &Args, exit: &mut Exit) -> Vec<Vec<Input>> {
    let mut found = Vec::new();
    for file in &args.files {
        match source::expand(file) {
            Ok(inputs) => found.extend(inputs),
            Err(error) => {
                terminal::complain(&error.into());
                *exit = Exit::Incomplete;
            }
        }
    }
    match (args.join, found.is_empty()) {
        (_, true) => Vec::new(),
        (true, false) => vec![found],
        (false, false) => found.into_iter().map(|input| vec![input]).collect(),
    }
}

fn judge(pieces: &[Input], filter: Option<&str>, exit: &mut Exit) -> anyhow::Result<CaptureReport> {
    let paths: Vec<String> = pieces.iter().map(|input| input.path.clone()).collect();
    let name = paths.join("+");
    let size = pieces.iter().map(|input| input.size_bytes).sum();
    let mut source: Box<dyn Source> = match paths.as_slice() {
        [path] => Box::new(CaptureFile::open(path, filter)?),
        _ => Box::new(Joined::open(&paths, filter)?),
    };
    let mut analysis = Analysis::new(&name, source.as_ref())
        .map_err(|error| anyhow::anyhow!("cannot judge '{name}': {error}"))?;
    let bar = terminal::progress(&name, size);
    let ended = analysis.read(source.as_mut(), &mut |bytes| terminal::advance(&bar, bytes));
    bar.finish_and_clear();
    if let Err(error) = ended {
        terminal::complain(&error.into());
        *exit = Exit::Incomplete;
    }
    Ok(analysis.finish())
}
