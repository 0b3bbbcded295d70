//! `--format text`: a table and plain words.
//!
//! One summary line per capture, the flows with the worst first, and under them one block per finding. The
//! same finding on many flows is one block, with one flow shown in full.

mod blocks;
mod checked;
pub(super) mod table;

use std::io::{self, Write};

use crate::units;

use super::capture::CheckedSums;
use super::details::details;
use super::style::{BOLD, Paint};
use super::{CaptureReport, Format, Layout, Needs, Outcome, Printer};
pub(super) use checked::outcome;

pub(super) static FORMAT: Format = Format {
    name: "text",
    summary: "a table and plain words",
    needs: |layout| match layout.top {
        usize::MAX => Needs::All,
        top => Needs::Worst(top.max(blocks::DESCRIBED)),
    },
    printer: |layout| {
        Box::new(Text { layout: Layout { width: layout.width.max(WIDTH_MIN), ..*layout }, captures: 0 })
    },
};

/// Shorter than this no terminal is taken for.
const WIDTH_MIN: usize = 40;

struct Text {
    layout: Layout,
    captures: u64,
}

impl Printer for Text {
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        if self.captures > 0 {
            writeln!(out)?;
        }
        self.captures += 1;
        capture(out, report, &self.layout)?;
        if let (Some(charts), Some(flow)) = (&report.charts, report.flows.first()) {
            details(out, flow, charts, &self.layout)?;
        }
        checked::capture(out, report, &self.layout)
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        self::outcome(out, outcome, &self.layout)
    }
}

fn capture(out: &mut dyn Write, report: &CaptureReport, layout: &Layout) -> io::Result<()> {
    let paint = Paint { color: layout.color };
    writeln!(out, "{}: {}", paint.apply(BOLD, &units::visible(&report.source)), summary(report))?;
    let skipped: Vec<String> = report
        .skipped
        .reasons()
        .map(|(reason, count)| format!("{} {reason}", units::grouped(count)))
        .collect();
    if !skipped.is_empty() {
        writeln!(out, "frames without a usable TCP segment: {}", skipped.join(", "))?;
    }
    if let Some(sums) = report.checksums {
        writeln!(out, "{}", checksums(sums))?;
    }
    if let Some(cause) = &report.incomplete {
        writeln!(out, "incomplete: {}; what follows is about the part that was read", units::visible(cause))?;
    }
    let unlisted: Vec<String> = report
        .unlisted_flows
        .iter()
        .rev()
        .map(|(verdict, count)| format!("{} {}", units::grouped(*count), verdict.name()))
        .collect();
    if !unlisted.is_empty() {
        writeln!(out, "ended and not listed: {}", unlisted.join(", "))?;
    }
    if report.flows.is_empty() {
        return Ok(());
    }
    let flows = report.worst_first();
    let shown = flows.get(..layout.top.min(flows.len())).unwrap_or_default();
    if !shown.is_empty() {
        writeln!(out)?;
        table::write(out, shown, layout)?;
    }
    if let Some(more @ 1..) = report.listed().checked_sub(shown.len() as u64) {
        writeln!(
            out,
            "{}; --all shows {}",
            units::count(more, "more flow"),
            if more == 1 { "it" } else { "them" }
        )?;
    }
    blocks::write(out, &flows, &report.quiet, layout)
}

fn checksums(sums: CheckedSums) -> String {
    let wrong = |wrong: u64| if wrong == 0 { "none".to_owned() } else { units::grouped(wrong) };
    let offloaded = match sums.tcp_offloaded {
        0 => String::new(),
        offloaded => format!(", {} left to the network card", units::grouped(offloaded)),
    };
    format!(
        "checksums, which no verdict depends on: IPv4 {} of {} wrong, TCP {} of {} wrong{offloaded}",
        wrong(sums.ipv4_wrong),
        units::grouped(sums.ipv4_checked),
        wrong(sums.tcp_wrong),
        units::grouped(sums.tcp_checked),
    )
}

fn summary(report: &CaptureReport) -> String {
    let mut parts = {
        let flows = report.listed() + report.unlisted_flows.values().sum::<u64>();
        vec![units::count(report.frames, "frame"), units::count(flows, "flow")]
    };
    if let Some((first, last)) = report.first_us.zip(report.last_us) {
        parts.push(units::duration(last - first));
    }
    if let Some(dropped) = report.dropped.filter(|dropped| *dropped > 0) {
        parts.push(format!(
            "{} dropped by the capturing system (what that could fake is weakened)",
            units::grouped(dropped)
        ));
    }
    if report.late_segments > 0 {
        parts.push(format!("{} behind the end of their flow", units::count(report.late_segments, "segment")));
    }
    if report.evicted_flows > 0 {
        parts.push(format!("{} judged early to bound memory", units::count(report.evicted_flows, "flow")));
    }
    parts.join(", ")
}
