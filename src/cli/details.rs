//! `wscale analyze --flow N`: everything about one flow, with charts.

use crate::detect::Direction;
use crate::flow::Side;
use crate::plot;
use crate::report::{CaptureReport, Chart, FlowReport};

use super::capture::Capture;
use super::plot::{find, tracer};
use super::{Exit, terminal};

/// The report on flow `index` of `capture` alone, to be told in full.
pub(crate) fn report(capture: &Capture<'_>, index: u64, exit: &mut Exit) -> anyhow::Result<CaptureReport> {
    let report = capture.judge(exit)?;
    let flow = find(&report, index)?.clone();
    let charts = Some(charts(capture, &flow)?);
    Ok(CaptureReport { flows: vec![flow], charts, ..report })
}

/// A chart of each direction that holds data. A pipe cannot be read again: no chart then.
fn charts(capture: &Capture<'_>, flow: &FlowReport) -> anyhow::Result<Vec<Chart>> {
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
        lines: plot::chart(flow, *direction, series, terminal::width()),
    });
    Ok(charts.collect())
}
