//! `wscale plot FILE`: pictures of flows, and a page of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use crate::detect::{Direction, Finding, Severity};
use crate::flow::Side;
use crate::plot::{self, Page, Series, Tracer};
use crate::report::{CaptureReport, FlowReport};

use super::capture::Capture;
use super::new_file::NewFile;
use super::{Exit, terminal};

/// Draw a flow: its data against the unscaled and the scaled edge of the window
///
/// The picture is an SVG. Its upper panel is a time-sequence graph: time against sequence number, data as
/// strokes, what was sent again in another colour, the line of acknowledgments, and the edges up to which the
/// sender may send: ack + window as it stands in the segments, as the handshake scales it, and as the sender
/// acts on it where that could be inferred. Windows of zero and the frames that the finding names are marked.
/// The lower panel shows the bytes in flight against the windows, on a log scale where they differ by more
/// than 20 times.
///
/// Data that creeps along the unscaled edge while the scaled edge floats far above it: that is a sender that
/// does not know the scale. Long flows are thinned; extremes are kept. The same capture gives the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES_SHORT, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Capture (pcap, pcapng); it is read twice, so it must be a file
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Take the files as the pieces of one rotated capture (tcpdump -C or -G)
    #[arg(long, help_heading = "Input")]
    join: bool,

    /// Read only frames that match, in tcpdump's syntax; frames keep their numbers
    #[arg(long, value_name = "BPF", help_heading = "Input")]
    filter: Option<String>,

    /// Draw this flow, counted as in the reports and as Wireshark's tcp.stream [default: the worst]
    #[arg(long, value_name = "N", conflicts_with = "all_findings", help_heading = "Picture")]
    flow: Option<u64>,

    /// Draw the data that flows in this direction [default: that of the finding, else the busier]
    #[arg(long, value_enum, help_heading = "Picture")]
    direction: Option<Towards>,

    /// Write the picture to this file, - for standard output
    #[arg(
        short,
        long,
        value_name = "OUT.svg",
        required_unless_present = "all_findings",
        help_heading = "Output"
    )]
    output: Option<PathBuf>,

    /// Write a picture of each flow with a problem to DIR, and an index.html that shows them with the findings
    #[arg(long, value_name = "DIR", conflicts_with = "output", help_heading = "Output")]
    all_findings: Option<PathBuf>,

    /// With --all-findings, draw this many flows, worst first
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = "Output")]
    top: usize,
}

/// Who sends the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Towards {
    ClientToServer,
    ServerToClient,
}

const EXAMPLES_SHORT: &str = "\
Example:
  wscale plot slow-download.pcap -o slow.svg";

const EXAMPLES: &str = "\
Examples:
  wscale plot slow-download.pcap -o slow.svg
  wscale plot --flow 3 --direction client-to-server upload.pcapng -o upload.svg
  wscale plot --all-findings report/ slow-download.pcap    then open or attach report/index.html
  wscale plot slow-download.pcap -o - | rsvg-convert -o slow.png

index.html holds the pictures in itself and asks for nothing: it can be attached to a ticket alone.";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let capture = Capture::find(&args.files, args.join, args.filter.as_deref())?;
    let name = capture.name();
    if !capture.can_be_read_again() {
        anyhow::bail!("'{name}' cannot be read twice\nhint: save the capture in a file first");
    }
    let report = capture.judge(&mut exit)?;
    if let Some(folder) = &args.all_findings {
        return page(args, folder, &capture, &report).map(|()| exit);
    }
    let worst = || report.worst_first().first().copied();
    let flow = match args.flow {
        Some(index) => find(&report, index)?,
        None => worst().with_context(|| format!("'{name}' holds no TCP flow, nothing to draw"))?,
    };
    let picture = draw(args, &capture, &[flow])?;
    let picture = picture.first().map_or("", String::as_str);
    match args.output.as_deref() {
        Some(path) if path != Path::new("-") => write(path, picture)?,
        _ => {
            let mut out = io::stdout().lock();
            out.write_all(picture.as_bytes())?;
            out.flush()?;
        }
    }
    Ok(exit)
}

/// The flow with this index, or what there is instead.
pub(crate) fn find(report: &CaptureReport, index: u64) -> anyhow::Result<&FlowReport> {
    report.flows.iter().find(|flow| flow.index == index).with_context(|| match report.flows.len() {
        0 => format!("no flow {index} in '{}': it holds no TCP flow", report.source),
        flows => format!(
            "no flow {index} in '{}': it holds flows 0 to {}\nhint: `wscale analyze --all {}` lists them",
            report.source,
            flows - 1,
            report.source
        ),
    })
}

/// The data that a picture of `flow` is about: that of the finding, else the busier direction.
pub(crate) fn direction(flow: &FlowReport) -> Direction {
    Direction { sender: flow.focus().peer() }
}

/// A tracer for the data of `flow` in `direction`.
pub(crate) fn tracer(flow: &FlowReport, direction: Direction) -> Tracer {
    let frames = plot::notes(flow, direction);
    Tracer::new(flow.index, *flow.endpoints.of(direction.sender), frames.iter().map(|frame| frame.number))
}

fn draw(args: &Args, capture: &Capture<'_>, flows: &[&FlowReport]) -> anyhow::Result<Vec<String>> {
    let towards = |flow: &FlowReport| match args.direction {
        Some(Towards::ClientToServer) => Direction { sender: Side::Client },
        Some(Towards::ServerToClient) => Direction { sender: Side::Server },
        None => direction(flow),
    };
    let tracers = flows.iter().map(|flow| tracer(flow, towards(flow))).collect();
    let series: Vec<Series> = capture.record(tracers)?;
    // A path would not say more, and would differ from machine to machine.
    let name = capture.name();
    let name =
        Path::new(&name).file_name().map_or_else(|| name.clone(), |name| name.to_string_lossy().into());
    let pictures = flows.iter().zip(&series);
    Ok(pictures.map(|(flow, series)| plot::svg(&name, flow, towards(flow), series)).collect())
}

/// Pictures and page of the flows with a problem.
fn page(args: &Args, folder: &Path, capture: &Capture<'_>, report: &CaptureReport) -> anyhow::Result<()> {
    let is_problem = |finding: &Finding| finding.rule.severity == Severity::Problem;
    let mut flows = report.worst_first();
    flows.retain(|flow| flow.findings.iter().any(is_problem));
    let left_out = flows.len().saturating_sub(args.top);
    flows.truncate(args.top);
    let pictures = draw(args, capture, &flows)?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make '{}'", folder.display()))?;
    for (flow, picture) in flows.iter().zip(&pictures) {
        write(&folder.join(format!("flow-{}.svg", flow.index)), picture)?;
    }
    let page = Page { report, flows: flows.into_iter().zip(pictures).collect(), left_out };
    let index = folder.join("index.html");
    write(&index, &plot::html(&page))?;
    terminal::say(&format!("{}: {}", index.display(), page.summary()));
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write '{}'", path.display()))?;
    file.finish()
}
