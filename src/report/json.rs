//! `--format json`: one document, schema version 1.
//!
//! Numbers are numbers, unknown is `null`, units are in the names. Without evidence a shift is
//! `{"min": 0, "max": 14}`; evidence that contradicts itself is `null`, with a `reason`. `json/schema.json` is the
//! JSON Schema of the document and of the lines of `jsonl`.

mod check;

use std::io::{self, Write};

use serde::Serialize;

use crate::decode::Offer;
use crate::detect::{Bounds, Contradiction, Direction, Finding};
use crate::flow::Side;

use super::capture::{CheckedSums, Skipped};
use super::plain_json;
use super::{
    CaptureReport, Expected, FlowReport, Format, Needs, Outcome, Printer, ShiftSource, Standing, WindowReport,
};

pub(super) use check::{Check, Expectation};

pub(super) static FORMAT: Format = Format {
    name: "json",
    summary: "one JSON document, schema version 1",
    needs: |_| Needs::All,
    printer: |_| Box::new(Document { captures: 0 }),
};

/// Raised when a field changes its meaning or goes; new fields do not raise it.
const SCHEMA_VERSION: u32 = 1;

/// The document is written as the captures come; only its frame is written by hand.
struct Document {
    captures: u64,
}

impl Document {
    fn head(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.captures == 0 {
            write!(out, "{{\n  \"schema_version\": {SCHEMA_VERSION},\n  \"captures\": [")?;
        }
        Ok(())
    }
}

impl Printer for Document {
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        self.head(out)?;
        let separator = if self.captures > 0 { "," } else { "" };
        self.captures += 1;
        let capture = plain_json::pretty_inside(&Capture::new(report), 2)?;
        // Flow by flow: there may be a million.
        let head = capture.strip_suffix("\n    }").unwrap_or(&capture);
        write!(out, "{separator}\n    {head},\n      \"flows\": [")?;
        for (flow, separator) in report.flows.iter().zip([""].into_iter().chain(std::iter::repeat(","))) {
            let flow = Flow { findings: Some(findings(flow).collect()), ..Flow::new(flow) };
            write!(out, "{separator}\n        {}", plain_json::pretty_inside(&flow, 4)?)?;
        }
        write!(out, "{}]\n    }}", if report.flows.is_empty() { "" } else { "\n      " })
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        self.head(out)?;
        write!(out, "{}]", if self.captures > 0 { "\n  " } else { "" })?;
        if let Some(check) = Check::new(outcome) {
            write!(out, ",\n  \"check\": {}", plain_json::pretty_inside(&check, 1)?)?;
        }
        writeln!(out, "\n}}")
    }
}

pub(super) fn findings(flow: &FlowReport) -> impl Iterator<Item = FindingJson> {
    flow.findings().map(|(finding, standing)| FindingJson {
        check: standing.map(Standing::name),
        ..FindingJson::new(finding)
    })
}

#[derive(Serialize)]
pub(super) struct Capture<'a> {
    source: &'a str,
    link_type: &'a str,
    frames: u64,
    segments: u64,
    skipped: Skipped,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksums: Option<CheckedSums>,
    incomplete: Option<&'a str>,
    dropped: Option<u64>,
    evicted_flows: u64,
    late_segments: u64,
    first_unix_us: Option<i64>,
    last_unix_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expectations: Option<Vec<Expectation<'a>>>,
}

impl<'a> Capture<'a> {
    /// Without its flows.
    pub(super) fn new(report: &'a CaptureReport) -> Self {
        let expectations = |expected: &'a Vec<Expected>| expected.iter().map(Expectation::new).collect();
        Self {
            source: &report.source,
            link_type: &report.link_type,
            frames: report.frames,
            segments: report.segments,
            skipped: report.skipped,
            checksums: report.checksums,
            incomplete: report.incomplete.as_deref(),
            dropped: report.dropped,
            evicted_flows: report.evicted_flows,
            late_segments: report.late_segments,
            first_unix_us: report.first_us,
            last_unix_us: report.last_us,
            expectations: report.expected.as_ref().map(expectations),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Flow<'a> {
    index: u64,
    client: String,
    server: String,
    client_known: bool,
    handshake: &'static str,
    scaling: &'static str,
    verdict: &'static str,
    first_frame: u64,
    last_frame: u64,
    frames: u64,
    first_unix_us: i64,
    duration_us: i64,
    rtt_us: Option<i64>,
    outer: Option<OuterJson>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    weakened_by_drops: bool,
    windows: Windows<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingJson>>,
}

impl<'a> Flow<'a> {
    /// Without its findings.
    pub(super) fn new(flow: &'a FlowReport) -> Self {
        Self {
            index: flow.index,
            client: flow.endpoints.client.to_string(),
            server: flow.endpoints.server.to_string(),
            client_known: flow.client_known,
            handshake: flow.handshake.name(),
            scaling: match flow.scaling {
                Some(true) => "on",
                Some(false) => "off",
                None => "unknown",
            },
            verdict: flow.verdict.name(),
            first_frame: flow.first_frame,
            last_frame: flow.last_frame,
            frames: flow.frames,
            first_unix_us: flow.first_us,
            duration_us: flow.duration_us,
            rtt_us: flow.rtt_us,
            outer: flow.outer.as_deref().map(|outer| OuterJson {
                client: outer.client.words().collect(),
                server: outer.server.words().collect(),
            }),
            weakened_by_drops: flow.weakened,
            windows: Windows {
                client: Window::new(&flow.windows.client),
                server: Window::new(&flow.windows.server),
            },
            findings: None,
        }
    }
}

/// Tags and tunnels, the outermost first, by the side that sent the packets in them.
#[derive(Serialize)]
struct OuterJson {
    client: Vec<String>,
    server: Vec<String>,
}

#[derive(Serialize)]
struct Windows<'a> {
    client: Window<'a>,
    server: Window<'a>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the schema")]
struct Window<'a> {
    offer: &'static str,
    offered_shift: Option<u8>,
    declared_shift: Option<u8>,
    shift_source: Option<&'static str>,
    applied_shift: Option<Interval>,
    believed_shift: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    syn_window: Option<u16>,
    first_raw: Option<u16>,
    min_raw: Option<u16>,
    max_raw: Option<u16>,
    max_window_bytes: Option<u64>,
    zero_windows: u32,
    data_bytes: u64,
    max_in_flight_bytes: Option<u64>,
    edge_stops: u32,
    proven: bool,
}

#[derive(Serialize)]
struct Interval {
    min: u8,
    max: u8,
}

impl<'a> Window<'a> {
    fn new(window: &'a WindowReport) -> Self {
        Self {
            offer: match window.offer {
                Offer::Shift(_) => "shift",
                Offer::Absent => "absent",
                Offer::Unseen => "unseen",
                Offer::Inconsistent => "inconsistent",
            },
            offered_shift: match window.offer {
                Offer::Shift(shift) => Some(shift),
                _ => None,
            },
            declared_shift: window.declared_shift,
            shift_source: window.shift_source.map(ShiftSource::name),
            applied_shift: interval(window.applied_shift),
            believed_shift: interval(window.believed_shift),
            reason: window.applied_shift.err().or(window.believed_shift.err()).map(Contradiction::reason),
            syn_window: window.syn_window,
            first_raw: window.first_raw,
            min_raw: window.min_raw,
            max_raw: window.max_raw,
            max_window_bytes: window.max_window_bytes(),
            zero_windows: window.zero_windows,
            data_bytes: window.data_bytes,
            max_in_flight_bytes: window.max_in_flight_bytes,
            edge_stops: window.edge_stops,
            proven: window.proven,
        }
    }
}

fn interval(bounds: Bounds) -> Option<Interval> {
    bounds.ok().map(|bounds| Interval { min: bounds.min, max: bounds.max })
}

#[derive(Serialize)]
pub(super) struct FindingJson {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    confidence: &'static str,
    window_of: Option<&'static str>,
    hurts: Option<&'static str>,
    r#box: Option<&'static str>,
    frames: Vec<u64>,
    message: String,
    cost: Option<CostJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
}

#[derive(Serialize)]
struct CostJson {
    rate_bytes_per_s: Option<u64>,
    ceiling_bytes_per_s: Option<u64>,
}

impl FindingJson {
    pub(super) fn new(finding: &Finding) -> Self {
        Self {
            code: finding.rule.code,
            name: finding.rule.name,
            severity: finding.rule.severity.name(),
            confidence: finding.confidence.name(),
            window_of: finding.window_of.map(Side::name),
            hurts: finding.hurts.map(Direction::name),
            r#box: finding.box_side.map(|side| match side {
                Side::Client => "client-side",
                Side::Server => "server-side",
            }),
            frames: finding.frames.iter().map(|frame| frame.number).collect(),
            message: finding.message(),
            cost: finding.cost.map(|cost| CostJson {
                rate_bytes_per_s: cost.rate_bytes_per_s,
                ceiling_bytes_per_s: cost.ceiling_bytes_per_s,
            }),
            check: None,
        }
    }
}
