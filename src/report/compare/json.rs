//! `compare --format json`: one document, schema version 1.
//!
//! `client_side` and `server_side` are captures, `client` and `server` are the ends of the connection (of what
//! a box does, the sender). Unknown is `null`. `segments_of` counts the segments that could show a change: those
//! of the same kind and sender, with the option where it is about one. `schema.json` is its JSON Schema.
//!
//! ```text
//! { "schema_version": 1,
//!   "captures": [ { "source": "a.pcap", "link_type": "EN10MB", "frames": 9, "segments": 9, "skipped_frames": 0,
//!                   "incomplete": null, "first_unix_us": 0, "last_unix_us": 0 } ],
//!   "located": "window scaling is lost between ...", or null for two captures
//!   "legs": [ {
//!     "client_side": "a.pcap", "server_side": "b.pcap", "swapped": false, "verdict": "between ...",
//!     "clock": { "offset_us": 0, "error_us": 0, "drift_ppm": null, "round_trip_us": 0 },
//!     "unpaired": { "client_side": [flow, ...], "server_side": [flow, ...] },
//!     "changes": [ C with "frequency": "systematic|sometimes|once", "flows": 1, "flows_of": 1, "segments_of": 1,
//!                  "ports": [ { "port": 80, "flows": 1, "flows_of": 1, "segments": 1, "segments_of": 1 } ] ],
//!     "pairs": [ {
//!       "client_side": S, "server_side": S, "paired_by": "sequence numbers", "confidence": "proven",
//!       "sequence_offsets": { "client": 0, "server": 0 },
//!       "hops": { "client": { "min": 0, "max": 0 }, "server": null },
//!       "changes": [ C with "first_frames": { "client_side": 1, "server_side": 1 } or null ],
//!       "passages": { "client": P, "server": P }, "beliefs": { "client": B, "server": B },
//!       "findings": [ F ] } ] } ] }
//! S = { "flow": 0, "client": "192.0.2.1:40000", "server": "192.0.2.2:80", "frames": 9, "verdict": "stripped",
//!       "codes": ["WS001"] }
//! C = { "what": "window scale", "option_kind": 3, "in": "SYN", "from": "client",
//!       "edit": "added|removed|blanked|changed|rewritten", "before": 10, "after": 0, "segments": 1, "message": "..." }
//! P = { "sent": 9, "passed": 9, "lost": 0, "missed": 0, "unclear": 0, "resegmented": 0, "outside": 0, "appeared": 0,
//!       "appeared_resets": 0, "lost_frames": [], "appeared_frames": [],
//!       "unscaled_edge": { "passed_inside": 9, "lost_inside": 0, "passed_beyond": 0, "lost_beyond": 0, "silent_beyond": 0 } }
//! B = { "applied_shift": 10, "believed_shift": 0, "applied_seen": { "min": 0, "max": 14 }, "believed_seen": null,
//!       "message": "..." }
//! F = { "code": "WS007", "name": "...", "severity": "problem", "confidence": "proven", "window_of": "client",
//!       "hurts": "server-to-client", "frames": { "client_side": [1], "server_side": [1] }, "message": "...",
//!       "consequences": ["..."] }
//! ```

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::compare::{
    Belief, Capture, Change, Comparison, Counts, Field, Finding, Hops, Leg, Pair, Passage, Row, Seen,
    SeenChange,
};
use crate::detect::Interval;
use crate::flow::Sides;
use crate::report::Layout;
use crate::report::plain_json;

use super::ComparisonFormat;

pub(super) static FORMAT: ComparisonFormat = ComparisonFormat {
    name: "json",
    summary: "one JSON document, schema version 1",
    write,
    finish: |_, _, _| Ok(()),
};

const SCHEMA_VERSION: u32 = 1;

fn write(out: &mut dyn Write, comparison: &Comparison, _: &Layout) -> io::Result<()> {
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "captures": comparison.captures.iter().map(capture).collect::<Vec<_>>(),
        "located": comparison.located(),
        "legs": comparison.legs.iter().map(leg).collect::<Vec<_>>(),
    });
    writeln!(out, "{}", plain_json::pretty(&document)?)
}

fn capture(capture: &Capture) -> Value {
    json!({
        "source": capture.source,
        "link_type": capture.link_type,
        "frames": capture.frames,
        "segments": capture.segments,
        "skipped_frames": capture.skipped_frames,
        "incomplete": capture.incomplete,
        "first_unix_us": capture.first_us,
        "last_unix_us": capture.last_us,
    })
}

/// One value per capture.
fn by_capture<T>(values: &Sides<T>, json: impl Fn(&T) -> Value) -> Value {
    json!({ "client_side": json(&values.client), "server_side": json(&values.server) })
}

/// One value per end of the connection.
fn by_end<T>(values: &Sides<T>, json: impl Fn(&T) -> Value) -> Value {
    json!({ "client": json(&values.client), "server": json(&values.server) })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "client_side": leg.sources.client,
        "server_side": leg.sources.server,
        "swapped": leg.swapped,
        "verdict": leg.verdict,
        "clock": {
            "offset_us": leg.clock.offset_us,
            "error_us": leg.clock.error_us,
            "drift_ppm": leg.clock.drift_ppm,
            "round_trip_us": leg.clock.round_trip_us,
        },
        "unpaired": by_capture(&leg.unpaired, |flows| json!(flows)),
        "changes": leg.rows.iter().map(row).collect::<Vec<_>>(),
        "pairs": leg.pairs.iter().map(pair).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let mut value = change(&row.change);
    value.insert("frequency".to_owned(), json!(row.frequency.name()));
    value.extend(counts(row.total));
    let ports = row.ports.iter().map(|(port, total)| {
        let mut value = counts(*total);
        value.insert("port".to_owned(), json!(port));
        value
    });
    value.insert("ports".to_owned(), json!(ports.collect::<Vec<_>>()));
    value.into()
}

fn counts(counts: Counts) -> Map<String, Value> {
    let pairs = [
        ("flows", counts.flows),
        ("flows_of", counts.flows_of),
        ("segments", counts.segments),
        ("segments_of", counts.segments_of),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn change(change: &Change) -> Map<String, Value> {
    let kind = if let Field::Option(kind) = change.field { Some(kind) } else { None };
    let (before, after) = change.edit.numbers();
    let pairs = [
        ("what", json!(change.field.name())),
        ("option_kind", json!(kind)),
        ("in", json!(change.class.name())),
        ("from", json!(change.from.name())),
        ("edit", json!(change.edit.name())),
        ("before", json!(before)),
        ("after", json!(after)),
        ("message", json!(change.clause())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn pair(pair: &Pair) -> Value {
    json!({
        "client_side": seen(&pair.seen.client),
        "server_side": seen(&pair.seen.server),
        "paired_by": pair.method.name(),
        "confidence": pair.confidence.name(),
        "sequence_offsets": by_end(&pair.offsets, |offset| json!(offset)),
        "hops": by_end(&pair.hops, |hops: &Hops| json!(hops.map(|(min, max)| json!({ "min": min, "max": max })))),
        "changes": pair.changes.iter().map(seen_change).collect::<Vec<_>>(),
        "passages": by_end(&pair.passages, passage),
        "beliefs": by_end(&pair.beliefs, belief),
        "findings": pair.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn seen(seen: &Seen) -> Value {
    json!({
        "flow": seen.index,
        "client": seen.endpoints.client.to_string(),
        "server": seen.endpoints.server.to_string(),
        "frames": seen.frames,
        "verdict": seen.verdict.name(),
        "codes": seen.codes,
    })
}

fn seen_change(seen: &SeenChange) -> Value {
    let mut value = change(&seen.change);
    value.insert("segments".to_owned(), json!(seen.segments));
    let frames = seen.frames.map(|frames| by_capture(&frames, |frame| json!(frame)));
    value.insert("first_frames".to_owned(), json!(frames));
    value.into()
}

fn passage(passage: &Passage) -> Value {
    let edge = &passage.edge;
    json!({
        "sent": passage.sent,
        "passed": passage.passed,
        "lost": passage.lost,
        "missed": passage.missed,
        "unclear": passage.unclear,
        "resegmented": passage.resegmented,
        "outside": passage.outside,
        "appeared": passage.appeared,
        "appeared_resets": passage.appeared_resets,
        "lost_frames": passage.lost_frames,
        "appeared_frames": passage.appeared_frames,
        "unscaled_edge": {
            "passed_inside": edge.passed_inside,
            "lost_inside": edge.lost_inside,
            "passed_beyond": edge.passed_beyond,
            "lost_beyond": edge.lost_beyond,
            "silent_beyond": edge.silent_beyond,
        },
    })
}

fn belief(belief: &Belief) -> Value {
    let interval = |seen: Option<Interval>| seen.map(|seen| json!({ "min": seen.min, "max": seen.max }));
    json!({
        "applied_shift": belief.applied,
        "believed_shift": belief.believed,
        "applied_seen": interval(belief.applied_seen),
        "believed_seen": interval(belief.believed_seen),
        "message": belief.message(),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "window_of": finding.window_of.name(),
        "hurts": finding.hurts.name(),
        "frames": by_capture(&finding.frames, |frames| {
            json!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>())
        }),
        "message": format!("{}: {}", finding.headline, finding.seen),
        "consequences": finding.consequences,
    })
}
