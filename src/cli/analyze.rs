//! `wscale analyze FILE...`: judge saved captures.

use crate::report::Outcome;

use super::inputs::{Event, Inputs, Judged};
use super::outputs::{Look, OnBrokenPipe, Outputs, Reports};
use super::{Exit, details, terminal};

/// Judge saved captures
///
/// Reads captures (pcap, pcapng), follows every TCP flow and says for each whether both ends and everything
/// between them agree on the window scale.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "analyse", after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    look: Look,

    /// Show only this flow, in full: both windows, their shifts, the evidence, a chart
    #[arg(long, value_name = "N", conflicts_with_all = ["top", "all"], help_heading = "Output")]
    flow: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  wscale analyze slow-download.pcap
  wscale analyze --filter 'host 192.0.2.7 and port 443' captures/
  wscale analyze --flow 3 slow-download.pcap
  wscale analyze --join ring.pcap0 ring.pcap1 ring.pcap2
  ssh host tcpdump -w - tcp | wscale analyze --format json -";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if let Some(index) = args.flow {
        return one_flow(args, index);
    }
    let mut reports = args.outputs.open(&args.look, OnBrokenPipe::Stop)?;
    let mut outcome = Outcome::default();
    let mut capture = |reports: &mut Reports, Judged { report, error }| {
        if let Some(error) = error {
            terminal::complain(&error);
            outcome.errors.push(format!("{error:#}"));
        }
        report.map_or(Ok(()), |report| reports.capture(&report))
    };
    args.inputs.judge(args.outputs.needs(&args.look), &mut |event| match event {
        Event::Flow { source, flow } => reports.flow(&source, &flow),
        Event::Capture(judged) => capture(&mut reports, judged),
    })?;
    reports.finish(&outcome)?;
    Ok(if outcome.errors.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// Reports one flow of one capture.
fn one_flow(args: &Args, index: u64) -> anyhow::Result<Exit> {
    let capture = args.inputs.capture()?;
    let mut exit = Exit::Done;
    let report = details::report(&capture, index, &mut exit)?;
    let mut reports = args.outputs.open(&args.look, OnBrokenPipe::Stop)?;
    reports.capture(&report)?;
    reports.finish(&Outcome::default())?;
    Ok(exit)
}
