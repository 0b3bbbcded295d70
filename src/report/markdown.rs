//! `--format markdown`: a summary for the page of a job (`GITHUB_STEP_SUMMARY`) or a comment.

use std::io::{self, Write};

use crate::detect::{Severity, Verdict};
use crate::units::{self, visible};

use super::{CaptureReport, FlowReport, Format, Needs, Outcome, Printer, Standing};

pub(super) static FORMAT: Format = Format {
    name: "markdown",
    summary: "a summary for the page of a CI job",
    needs: |_| Needs::Worst(0),
    printer: |_| Box::new(Markdown),
};

struct Markdown;

impl Printer for Markdown {
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        writeln!(out, "### {}\n", plain(&report.source))?;
        writeln!(out, "{}: {}", units::count(report.listed(), "flow"), verdicts(report))?;
        if let Some(cause) = &report.incomplete {
            writeln!(out, "\n**Incomplete:** {}. The rest is about the part that was read.", plain(cause))?;
        }
        let rows: Vec<String> = report.flows.iter().flat_map(rows).chain(unmet(report)).collect();
        if !rows.is_empty() {
            writeln!(out, "\n| | what | flow | seen |\n|---|---|---|---|")?;
            for row in rows {
                writeln!(out, "{row}")?;
            }
        }
        writeln!(out)
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        for error in &outcome.errors {
            writeln!(out, "- **error:** {}", plain(error))?;
        }
        let Some(check) = &outcome.check else { return Ok(()) };
        for entry in &check.stale {
            writeln!(out, "- **stale in the baseline:** {}", plain(entry))?;
        }
        if !outcome.errors.is_empty() || !check.stale.is_empty() {
            writeln!(out)?;
        }
        let word = if check.failed() { "failed" } else { "passed" };
        let word = if outcome.errors.is_empty() || check.failed() { word } else { "incomplete" };
        writeln!(out, "**wscale check {word}**: {}", outcome.summary())
    }
}

fn verdicts(report: &CaptureReport) -> String {
    let count = |verdict: Verdict| {
        let kept = report.flows.iter().filter(|flow| flow.verdict == verdict).count();
        kept as u64 + report.quiet.of_verdict(verdict)
    };
    let counts = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| (count(verdict), verdict))
        .filter(|(count, _)| *count > 0);
    let parts: Vec<String> = counts.map(|(count, verdict)| format!("{count} {}", verdict.name())).collect();
    if parts.is_empty() { "nothing to judge".to_owned() } else { parts.join(", ") }
}

/// Findings that are worth a row: all but the notes that the policy tolerates.
fn rows(flow: &FlowReport) -> Vec<String> {
    let worth = |standing: Option<Standing>, severity: Severity| {
        severity > Severity::Note || matches!(standing, Some(Standing::Fails | Standing::Accepted))
    };
    flow.findings()
        .filter(|(finding, standing)| worth(*standing, finding.rule.severity))
        .map(|(finding, standing)| {
            let rule = finding.rule;
            let mark = standing.map_or(rule.severity.name(), Standing::name);
            let mark = if mark == "fails" { "**fails**" } else { mark };
            format!(
                "| {mark} | {} {}, {} | {} | {} |",
                rule.code,
                rule.name,
                finding.confidence.name(),
                plain(&flow.name()),
                plain(&finding.message())
            )
        })
        .collect()
}

fn unmet(report: &CaptureReport) -> impl Iterator<Item = String> {
    report.expected.iter().flatten().flat_map(|expected| {
        expected.unmet.iter().map(|unmet| {
            let wording = plain(&expected.wording);
            format!("| **fails** | {wording} | flow {} | {} |", unmet.flow, plain(&unmet.message))
        })
    })
}

/// Text in which no character means anything to Markdown or HTML.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in visible(text).chars() {
        match char {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '@' => {
                plain.push('\\');
                plain.push(char);
            }
            _ => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_text() {
        assert_eq!(plain("a|b`<img>`\n[x](y)"), "a\\|b\\`&lt;img&gt;\\`\\\\u{a}\\[x\\](y)");
    }
}
