//! What `live` shows on a terminal: counts, the worst flows, and findings as they appear.

use crate::units;

use super::style::{BOLD, DIM, Paint};
use super::text::table;
use super::{CaptureReport, FlowReport, Layout};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The capture as the user named it.
    pub source: &'a str,
    /// Since the capture began.
    pub elapsed_us: i64,
    /// Frames, segments, what was lost.
    pub counts: &'a CaptureReport,
    /// Flows in the table.
    pub alive: u64,
    /// All flows so far.
    pub begun: u64,
    /// The worst, worst first.
    pub flows: &'a [FlowReport],
    /// The latest findings, one line each.
    pub headlines: &'a [String],
}

/// The lines of the picture, none wider than the layout.
pub fn lines(view: &View<'_>, layout: &Layout) -> Vec<String> {
    let paint = Paint { color: layout.color };
    let cut = |text: &str| text.chars().take(layout.width).collect::<String>();
    let counts = view.counts;
    let mut head = vec![
        units::duration(view.elapsed_us / 1_000_000 * 1_000_000),
        units::count(counts.frames, "frame"),
        format!("{} of {} alive", units::grouped(view.alive), units::count(view.begun, "flow")),
    ];
    if let Some(dropped) = counts.dropped.filter(|dropped| *dropped > 0) {
        head.push(format!("{} DROPPED", units::grouped(dropped)));
    }
    if counts.evicted_flows > 0 {
        head.push(format!("{} evicted", units::grouped(counts.evicted_flows)));
    }
    let mut lines = vec![paint.apply(BOLD, &cut(&format!("{}: {}", view.source, head.join(", "))))];
    lines.push(String::new());
    let flows: Vec<&FlowReport> = view.flows.iter().collect();
    if flows.is_empty() {
        lines.push(cut("no TCP flow yet"));
    } else {
        lines.extend(table::lines(&table::LIVE_COLUMNS, &flows, layout));
    }
    lines.push(String::new());
    lines.extend(view.headlines.iter().map(|headline| cut(headline)));
    lines.push(paint.apply(DIM, &cut("q ends the capture and prints the report")));
    lines
}
