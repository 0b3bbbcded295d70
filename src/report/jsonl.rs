//! `--format jsonl`: one object per line, with its type and source.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{self, Capture, Check, Expectation, FindingJson, Flow};
use super::{CaptureReport, Format, Outcome, Printer};

pub(super) static FORMAT: Format = Format {
    name: "jsonl",
    summary: "one JSON object per line: flows, findings, captures",
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
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        let source = &report.source;
        for flow in &report.flows {
            line(out, &Line::Flow { source, flow: Flow::new(flow) })?;
            for finding in json::findings(flow) {
                line(out, &Line::Finding { source, flow: flow.index, finding })?;
            }
        }
        for expectation in report.expected.iter().flatten().map(Expectation::new) {
            line(out, &Line::Expectation { source, expectation })?;
        }
        line(out, &Line::Capture { capture: Capture::new(report) })
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        Check::new(outcome).map_or(Ok(()), |check| line(out, &Line::Check { check }))
    }
}

fn line(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    writeln!(out)
}
