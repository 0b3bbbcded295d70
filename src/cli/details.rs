//! `wscale analyze --flow N`: everything about one flow, with a chart.

use std::io::{self, Write};

use crate::detect::Direction;
use crate::flow::Side;
use crate::plot;
use crate::report::{self, CaptureReport, Chart, FlowReport, Format, Layout};

use super::Exit;
use super::capture::Capture;
use super::plot::{find, tracer};

/// Prints flow `index` of `capture` in `format`; as text with both windows in full, and charts.
pub(crate) fn run(
    capture: &Capture<'_>,
    index: u64,
    format: &Format,
    layout: &Layout,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let report = capture.judge(&mut exit)?;
    let flow = find(&report, index)?.clone();
    let charts = if format.name == "text" { charts(capture, &flow, layout)? } else { Vec::new() };
    let report = CaptureReport { flows: vec![flow.clone()], ..report };
    let mut out = io::BufWriter::new(io::stdout().lock());
    (format.write)(&mut out, &[report], layout)?;
    if format.name == "text" {
        report::details(&mut out, &flow, &charts, layout)?;
    }
    out.flush()?;
    Ok(exit)
}

/// A chart of each direction that holds data. A pipe cannot be read again: no chart then.
fn charts(capture: &Capture<'_>, flow: &FlowReport, layout: &Layout) -> anyhow::Result<Vec<Chart>> {
    if !capture.can_be_read_again() {
        return Ok(Vec::new());
    }
    let directions: Vec<Direction> = [Side::Server, Side::Client]
        .into_iter()
        .filter(|sender| flow.windows.of(sender.peer()).data_bytes > 0)
        .map(|sender| Direction { sender })
        .collect();
    let tracers = directions.iter().map(|direction| tracer(flow, *direction)).collect();
    let series = capture.record(tracers)?;
    let charts = directions.iter().zip(&series).map(|(direction, series)| Chart {
        direction: *direction,
        lines: plot::chart(flow, *direction, series, layout.width),
    });
    Ok(charts.collect())
}
