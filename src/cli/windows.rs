//! `wscale windows FILE`: the per-segment series.

use std::io;

use clap::builder::PossibleValuesParser;

use crate::pipeline::Series;
use crate::report::{self, SERIES_FORMATS, SeriesWriter};
use crate::source::{CaptureFile, Source};
use crate::units;

use super::{Exit, terminal};

/// Print the raw and the effective window of every segment
///
/// One row per TCP segment, for a spreadsheet or a script. The columns:
///
///   frame            Wireshark's frame.number
///   unix_us          capture time in microseconds since 1970
///   flow             index of the flow: Wireshark's tcp.stream
///   from             client (sent the SYN; without one, the sender of the
///                    first frame) or server
///   seq, ack         relative, as Wireshark shows them: the SYN is 0, the
///                    first byte of data 1; without a SYN the first number
///                    seen is 1. Unlike there, they go on beyond 2^32
///   payload_bytes    TCP payload, by the IP header
///   raw_window       the window field as it is on the wire
///   shift            what both SYNs declare for it; 0 where scaling is
///                    off, and in a SYN, whose window is never scaled
///   window_bytes     raw_window << shift
///   edge             ack + window_bytes: how far the receiver may send
///   in_flight_bytes  what the sender has sent, this segment included, and
///                    has not seen acknowledged, as far as captured here
///
/// Unknown is empty (csv) or null (jsonl), never 0: ack without the ACK bit,
/// and the shift of a segment that was captured before both SYNs, or in a flow
/// without them. The shift is the declared one; whether both ends act on it is
/// what `wscale analyze` says.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Capture, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,

    /// Only the flow of this index
    #[arg(long, value_name = "N", help_heading = "Input")]
    flow: Option<u64>,

    /// Only frames that match, in tcpdump's syntax; frames keep their numbers
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// How to print the series
    #[arg(long, default_value = "csv", value_parser = PossibleValuesParser::new(SERIES_FORMATS.map(|format| format.name)), help_heading = "Output")]
    format: String,
}

const EXAMPLES: &str = "\
Examples:
  wscale windows slow-download.pcap > windows.csv
  wscale windows --flow 3 --format jsonl trace.pcapng | jq 'select(.raw_window == 0)'";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut source = CaptureFile::open(&args.file, args.filter.as_deref())?;
    let mut series = Series::new(&source)
        .map_err(|error| anyhow::anyhow!("cannot read the windows of '{}': {error}", args.file))?;
    let format = report::series_format(&args.format).ok_or_else(|| anyhow::anyhow!("no such format"))?;
    let mut writer = (format.begin)(Box::new(io::stdout()));
    let ended = read(args.flow, &mut source, &mut series, writer.as_mut());
    writer.flush()?;
    if series.late() > 0 {
        let late = units::count(series.late(), "segment");
        terminal::say(&format!("{late} came long after the end of a flow and have no row"));
    }
    match (ended?, args.flow) {
        (Exit::Done, Some(flow)) if flow >= series.flows() => {
            anyhow::bail!(
                "no flow {flow} in '{}': it has {}\nhint: `wscale analyze --all {0}` lists them",
                args.file,
                units::count(series.flows(), "flow"),
            )
        }
        (exit, _) => Ok(exit),
    }
}

/// Reads to the end, or until nobody takes the rows any more.
fn read(
    flow: Option<u64>,
    source: &mut CaptureFile,
    series: &mut Series,
    writer: &mut dyn SeriesWriter,
) -> anyhow::Result<Exit> {
    let mut written = Ok(());
    loop {
        let more = source.read_frame(&mut |frame| {
            if let Some(row) = series.row(frame)
                && flow.is_none_or(|flow| flow == row.flow)
            {
                written = writer.write(&row);
            }
        });
        std::mem::replace(&mut written, Ok(()))?;
        match more {
            Ok(true) => {}
            Ok(false) => return Ok(Exit::Done),
            Err(error) => {
                terminal::complain(&error.into());
                return Ok(Exit::Incomplete);
            }
        }
    }
}
