//! `--format jsonl`: one object per line, with its type and source.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{Capture, FindingJson, Flow};
use super::{CaptureReport, Format, Layout};

pub(super) static FORMAT: Format =
    Format { name: "jsonl", summary: "one JSON object per line: flows, findings, captures", write };

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
    Capture {
        #[serde(flatten)]
        capture: Capture<'a>,
    },
}

fn write(out: &mut dyn Write, captures: &[CaptureReport], _: &Layout) -> io::Result<()> {
    for report in captures {
        let source = &report.source;
        for flow in &report.flows {
            line(out, &Line::Flow { source, flow: Flow::new(flow) })?;
            for finding in &flow.findings {
                line(out, &Line::Finding { source, flow: flow.index, finding: FindingJson::new(finding) })?;
            }
        }
        line(out, &Line::Capture { capture: Capture::new(report) })?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    writeln!(out)
}
