//! `--format jsonl`: one object per line, with its type and source.

use std::io::{self, Write};

use serde::Serialize;

use crate::detect::Finding;

use super::json::{self, Capture, Check, Expectation, FindingJson, Flow};
use super::plain_json;
use super::{CaptureReport, FlowReport, Format, Needs, Outcome, Printer};

pub(super) static FORMAT: Format = Format {
    name: "jsonl",
    summary: "one JSON object per line: flows, findings, captures",
    needs: |_| Needs::Each,
    printer: |_| Box::new(Lines),
};

struct Lines;

#[derive(Serialize)]
#[expect(clippy::large_enum_variant, reason = "one line at a time is built and written")]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Flow {
        source: &'a str,
        #[serde(flatten)]
        flow: Flow<'a>,
    },
    Finding {
        source: &'a str,
        flow: u64,
        #[serde(flatten)]
        finding: FindingJson,
    },
    Expectation {
        source: &'a str,
        #[serde(flatten)]
        expectation: Expectation<'a>,
    },
    Capture {
        #[serde(flatten)]
        capture: Capture<'a>,
    },
    Check {
        #[serde(flatten)]
        check: Check<'a>,
    },
}

impl Printer for Lines {
    fn flow(&mut self, out: &mut dyn Write, source: &str, flow: &FlowReport) -> io::Result<()> {
        write_flow(out, source, flow)?;
        json::findings(flow)
            .try_for_each(|finding| line(out, &Line::Finding { source, flow: flow.index, finding }))
    }

    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        let source = &report.source;
        report.flows.iter().try_for_each(|flow| self.flow(out, source, flow))?;
        for expectation in report.expected.iter().flatten().map(Expectation::new) {
            line(out, &Line::Expectation { source, expectation })?;
        }
        write_capture(out, report)
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        Check::new(outcome).map_or(Ok(()), |check| line(out, &Line::Check { check }))
    }
}

/// The line of one flow, without its findings.
pub fn write_flow(out: &mut dyn Write, source: &str, flow: &FlowReport) -> io::Result<()> {
    line(out, &Line::Flow { source, flow: Flow::new(flow) })
}

/// The line of one finding.
pub fn write_finding(
    out: &mut dyn Write,
    source: &str,
    flow: &FlowReport,
    finding: &Finding,
) -> io::Result<()> {
    line(out, &Line::Finding { source, flow: flow.index, finding: FindingJson::new(finding) })
}

/// The line of one capture, without its flows.
pub fn write_capture(out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
    line(out, &Line::Capture { capture: Capture::new(report) })
}

fn line(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    writeln!(out, "{}", plain_json::line(line)?)
}
