//! `wscale compare CLIENT SERVER [MORE...]`: captures from both sides of a box.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};

use clap::builder::PossibleValuesParser;

use crate::compare::{Comparison, Finished, Trace};
use crate::report::{COMPARISON_FORMATS, ComparisonFormat, Layout, Outcome};
use crate::source::{CaptureFile, Source};

use super::{Exit, terminal};

/// Compare captures from both sides of a box: what it does, by sight
///
/// Takes two captures of the same traffic, one from the client's side of whatever is suspected and one from the
/// server's side, pairs their flows and compares every segment that is in both, header by header. It says what is
/// added, removed, blanked, changed or reordered in between, in which direction and on which server ports, what is
/// lost, and what both ends believe about the window scale from then on.
///
/// Nothing else is needed. Flows are found again by their sequence numbers, else by timestamps, else by IP
/// identification, so addresses, ports and sequence numbers may be translated in between. The clocks need not
/// agree: their offset and drift are estimated and shown. A capture may begin late, end early, or lack frames; what
/// a capture missed is told from what was lost where the traffic shows it.
///
/// With more than two captures, in the order of the path from client to server, the change is located between two
/// neighbours.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  wscale compare client.pcap server.pcap", after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Captures in the order of the path: client's side first, at least two
    #[arg(required = true, num_args = 2.., value_names = ["CLIENT", "SERVER"])]
    files: Vec<String>,

    /// Compare only frames that match, in tcpdump's syntax; frames keep their numbers
    ///
    /// The expression is applied to every capture: behind address translation `host` differs, `port 80` may not.
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// How to print the report
    #[arg(long, default_value = "text", value_parser = PossibleValuesParser::new(COMPARISON_FORMATS.map(|format| format.name)), help_heading = "Output")]
    format: String,

    /// When to use colour
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    color: terminal::Color,
}

const EXAMPLES: &str = "\
Examples:
  wscale compare client.pcap server.pcap
  wscale compare lan.pcap dmz.pcap wan.pcap
  wscale compare --format json client.pcap server.pcap | jq '.legs[].verdict'

How to capture: start both captures, then the transfer, with headers only:
  tcpdump -i eth0 -s 128 -w client.pcap 'tcp port 443'      on the client's side
  tcpdump -i eth0 -s 128 -w server.pcap 'tcp port 443'      on the server's side

`wscale check --compare CLIENT SERVER` does the same as a gate for CI.

Exit status:
  0  done
  2  error: usage, a capture that cannot be opened, or one that could not be read to its end (the report on
     the part that was read is still printed)";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let format = format(&args.format)?;
    let mut exit = Exit::Done;
    let comparison = compared(&args.files, args.filter.as_deref(), &mut |error| {
        terminal::complain(error);
        exit = Exit::Incomplete;
    })?;
    print(&comparison, None, format, args.color.is_on())?;
    Ok(exit)
}

/// Reads and compares the captures. `incomplete` gets what ended one of them early; the rest is compared.
pub(super) fn compared(
    files: &[String],
    filter: Option<&str>,
    incomplete: &mut dyn FnMut(&anyhow::Error),
) -> anyhow::Result<Comparison> {
    refuse_twins(files)?;
    let captures = files.iter().map(|file| read(file, filter, incomplete));
    Ok(Comparison::new(captures.collect::<anyhow::Result<Vec<Finished>>>()?))
}

/// One capture twice is no second capture point, by whatever path it is named; standard input has no path.
fn refuse_twins(files: &[String]) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    let mut is_new = |file: &&String| known.insert(fs::canonicalize(file).unwrap_or_else(|_| file.into()));
    match files.iter().find(|file| !is_new(file)) {
        Some(file) => anyhow::bail!("'{file}' is given twice\nhint: one capture from each side"),
        None => Ok(()),
    }
}

/// The format of this name, if comparisons are printed in it.
pub(super) fn format(name: &str) -> anyhow::Result<&'static ComparisonFormat> {
    COMPARISON_FORMATS.into_iter().find(|format| format.name == name).ok_or_else(|| {
        let names = COMPARISON_FORMATS.map(|format| format.name).join(", ");
        anyhow::anyhow!("a comparison cannot be printed as {name}\nhint: one of {names}")
    })
}

/// Prints the comparison, and what a check makes of it.
pub(super) fn print(
    comparison: &Comparison,
    outcome: Option<&Outcome>,
    format: &ComparisonFormat,
    color: bool,
) -> anyhow::Result<()> {
    let layout = Layout { width: terminal::width(), top: usize::MAX, color };
    let mut out = io::BufWriter::new(io::stdout().lock());
    (format.write)(&mut out, comparison, &layout)?;
    if let Some(outcome) = outcome {
        (format.finish)(&mut out, outcome, &layout)?;
    }
    Ok(out.flush()?)
}

/// Reads one capture.
fn read(
    file: &str,
    filter: Option<&str>,
    incomplete: &mut dyn FnMut(&anyhow::Error),
) -> anyhow::Result<Finished> {
    let size = fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    let mut source = CaptureFile::open(file, filter)?;
    let mut trace =
        Trace::new(file, &source).map_err(|error| anyhow::anyhow!("cannot compare '{file}': {error}"))?;
    let bar = terminal::progress(file, size);
    let ended = trace.read(&mut source as &mut dyn Source, &mut |bytes| terminal::advance(&bar, bytes));
    bar.finish_and_clear();
    if let Err(error) = ended {
        incomplete(&error.into());
    }
    Ok(trace.finish())
}
