//! `--format github`: annotations, as workflow commands of GitHub Actions.
//!
//! `::error file=F,title=T::MESSAGE`, with `%`, CR and LF escaped everywhere and `:` and `,` in properties too
//! (Workflow commands for GitHub Actions; actions/toolkit, `command.ts`).

use std::io::{self, Write};

use crate::detect::Severity;
use crate::units::visible;

use super::{CaptureReport, Format, Needs, Outcome, Printer, Standing};

pub(super) static FORMAT: Format = Format {
    name: "github",
    summary: "annotations for GitHub Actions",
    needs: |_| Needs::Worst(0),
    printer: |_| Box::new(Annotations),
};

struct Annotations;

impl Printer for Annotations {
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        for flow in &report.flows {
            for (finding, standing) in flow.findings() {
                let level = match (standing, finding.rule.severity) {
                    (Some(Standing::Fails), _) | (None, Severity::Problem) => "error",
                    (Some(Standing::Accepted), _) | (_, Severity::Note) => "notice",
                    (Some(Standing::Tolerated) | None, _) => "warning",
                };
                let suffix =
                    if standing == Some(Standing::Accepted) { ", accepted by the baseline" } else { "" };
                let (rule, confidence) = (finding.rule, finding.confidence.name());
                let title = format!("{} {}, {confidence}{suffix}", rule.code, rule.name);
                let message = format!("{}: {}\nnext: {}", flow.name(), finding.message(), finding.next);
                annotate(out, level, Some(&report.source), &title, &message)?;
            }
        }
        for expected in report.expected.iter().flatten() {
            for unmet in &expected.unmet {
                let message = format!("flow {}: {}: {}", unmet.flow, expected.wording, unmet.message);
                annotate(out, "error", Some(&report.source), expected.requirement.name, &message)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        for error in &outcome.errors {
            annotate(out, "error", None, "wscale", error)?;
        }
        for entry in outcome.check.iter().flat_map(|check| &check.stale) {
            annotate(out, "warning", None, "stale entry in the baseline", entry)?;
        }
        Ok(())
    }
}

fn annotate(
    out: &mut dyn Write,
    level: &str,
    file: Option<&str>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    write!(out, "::{level} ")?;
    if let Some(file) = file {
        write!(out, "file={},", property(file))?;
    }
    writeln!(out, "title={}::{}", property(title), data(message))
}

/// What stands behind `::`.
fn data(text: &str) -> String {
    // Line breaks are shown; everything else that acts is made visible first.
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `file=` or `title=`.
fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_property_or_the_line() {
        let mut out = Vec::new();
        annotate(&mut out, "error", Some("a,line=1::x\n::set-output name=y::z%0A"), "t: 1", "50 %\r\nb")
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "::error file=a%2Cline=1%3A%3Ax\\u{a}%3A%3Aset-output name=y%3A%3Az%250A,title=t%3A 1::50 %25\\u{d}%0Ab\n"
        );
    }
}
