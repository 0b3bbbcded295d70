//! What a policy makes of a capture, and of all of them.

use std::io::{self, Write};

use crate::report::style::{BAD, BOLD, GOOD, Paint};
use crate::report::{CaptureReport, Layout, Outcome, Standing};
use crate::units;

/// Width of the labels on the left.
const LABEL: usize = 9;

/// The findings with their standing, and the expectations. Nothing without a policy.
pub(super) fn capture(out: &mut dyn Write, report: &CaptureReport, layout: &Layout) -> io::Result<()> {
    let Some(expected) = &report.expected else { return Ok(()) };
    let mut lines: Vec<(&str, String)> = Vec::new();
    for flow in &report.flows {
        for (finding, standing) in flow.findings() {
            let Some(standing @ (Standing::Fails | Standing::Accepted)) = standing else { continue };
            let rule = finding.rule;
            let text =
                format!("flow {}: {} {}, {}", flow.index, rule.code, rule.name, finding.confidence.name());
            lines.push((standing.name(), text));
        }
    }
    for expected in expected {
        let unmet = expected.unmet.iter();
        lines.extend(unmet.map(|unmet| {
            (Standing::Fails.name(), format!("flow {}: {}: {}", unmet.flow, expected.wording, unmet.message))
        }));
        if expected.unmet.is_empty() {
            let judged = units::count(expected.judged, "flow");
            let standing = if expected.judged > 0 { "met" } else { "unjudged" };
            lines.push((standing, format!("{}: {judged}", expected.wording)));
        }
    }
    if !lines.is_empty() {
        writeln!(out, "\n{}", Paint { color: layout.color }.apply(BOLD, "check"))?;
    }
    for (label, text) in lines {
        let first = format!("  {label:LABEL$}");
        let rest = " ".repeat(first.len());
        let options = textwrap::Options::new(layout.width).initial_indent(&first).subsequent_indent(&rest);
        for line in textwrap::wrap(&units::visible(&text), options) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// One line that sums up, and what is stale.
pub(in crate::report) fn outcome(out: &mut dyn Write, outcome: &Outcome, layout: &Layout) -> io::Result<()> {
    let Some(check) = &outcome.check else { return Ok(()) };
    if check.captures > 0 {
        writeln!(out)?;
    }
    let (style, word) = match (check.failed(), outcome.errors.is_empty()) {
        (true, _) => (BAD, "failed"),
        (false, false) => (BAD, "incomplete"),
        (false, true) => (GOOD, "passed"),
    };
    writeln!(out, "check {}: {}", Paint { color: layout.color }.apply(style, word), outcome.summary())?;
    for entry in &check.stale {
        writeln!(out, "stale in the baseline: {}", units::visible(entry))?;
    }
    Ok(())
}
