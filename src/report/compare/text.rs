//! `compare --format text`: for each two neighbours the verdict, the tables, and a block per finding.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::compare::{Capture, Comparison, Finding, Leg, Pair};
use crate::detect::{Confidence, FrameNote};
use crate::flow::{Side, Sides};
use crate::report::Layout;
use crate::report::style::{BOLD, DIM, Paint, labelled};
use crate::report::text::outcome;
use crate::units;

use super::{ComparisonFormat, table};

pub(super) static FORMAT: ComparisonFormat =
    ComparisonFormat { name: "text", summary: "tables and plain words", write, finish: outcome };

/// Pairs that are described one by one; more are only counted.
const DESCRIBED: usize = 5;

fn write(out: &mut dyn Write, comparison: &Comparison, layout: &Layout) -> io::Result<()> {
    let layout = &Layout { width: layout.width.max(40), ..*layout };
    let paint = Paint { color: layout.color };
    for capture in &comparison.captures {
        capture_line(out, capture, paint)?;
    }
    if let Some(located) = comparison.located() {
        writeln!(out)?;
        paragraph(out, &located, Some(paint), layout)?;
    }
    for leg in &comparison.legs {
        writeln!(out)?;
        leg_block(out, leg, layout)?;
    }
    Ok(())
}

fn capture_line(out: &mut dyn Write, capture: &Capture, paint: Paint) -> io::Result<()> {
    let mut parts = vec![units::count(capture.frames, "frame"), units::count(capture.segments, "segment")];
    if capture.skipped_frames > 0 {
        parts.push(format!("{} without one", units::grouped(capture.skipped_frames)));
    }
    if let Some((first, last)) = capture.first_us.zip(capture.last_us) {
        parts.push(units::duration(last - first));
    }
    writeln!(out, "{}: {}", paint.apply(BOLD, &capture.source), parts.join(", "))?;
    if let Some(cause) = &capture.incomplete {
        writeln!(out, "  incomplete: {cause}; what follows is about the part that was read")?;
    }
    Ok(())
}

fn leg_block(out: &mut dyn Write, leg: &Leg, layout: &Layout) -> io::Result<()> {
    let paint = Paint { color: layout.color };
    paragraph(out, &leg.verdict, Some(paint), layout)?;
    if leg.swapped {
        let text = format!(
            "the captures were given from server to client: segments of the client pass {} first",
            leg.labels.client
        );
        labelled(out, "order", &text, layout)?;
    }
    labelled(out, "flows", &flows(leg), layout)?;
    if !leg.pairs.is_empty() {
        labelled(out, "clocks", &clocks(leg), layout)?;
        writeln!(out)?;
        table::passages(out, leg)?;
    }
    if !leg.rows.is_empty() {
        writeln!(out)?;
        table::changes(out, leg)?;
    }
    let shown: Vec<&Pair> = leg.pairs.iter().filter(|pair| is_translated(pair)).collect();
    if !shown.is_empty() {
        writeln!(out)?;
        for pair in shown.iter().take(layout.top.min(DESCRIBED)) {
            paragraph(out, &translated(pair), None, layout)?;
        }
        if let Some(more @ 1..) = shown.len().checked_sub(DESCRIBED) {
            writeln!(out, "{}", units::count(more as u64, "more translated pair"))?;
        }
    }
    for group in groups(leg) {
        writeln!(out)?;
        finding_block(out, leg, &group, layout)?;
    }
    Ok(())
}

fn flows(leg: &Leg) -> String {
    let mut parts = Vec::new();
    for method in [
        crate::compare::Method::SequenceNumbers,
        crate::compare::Method::Timestamps,
        crate::compare::Method::IpIdentification,
        crate::compare::Method::Addresses,
    ] {
        for confidence in [Confidence::Proven, Confidence::Likely, Confidence::Possible] {
            let is = |pair: &&Pair| pair.method == method && pair.confidence == confidence;
            let count = leg.pairs.iter().filter(is).count();
            if count > 0 {
                let count = units::count(count as u64, "pair");
                parts.push(format!("{count} by {} ({})", method.name(), confidence.name()));
            }
        }
    }
    for side in Side::BOTH {
        let alone = leg.unpaired.of(side).len();
        if alone > 0 {
            parts.push(format!("{} only in {}", units::count(alone as u64, "flow"), leg.labels.of(side)));
        }
    }
    parts.join(", ")
}

fn clocks(leg: &Leg) -> String {
    let clock = &leg.clock;
    let (Some(offset), Some(error)) = (clock.offset_us, clock.error_us) else {
        return "only one direction was captured twice: the clocks cannot be told from the way".to_owned();
    };
    let way = if offset < 0 { "behind" } else { "ahead of" };
    let mut text = format!(
        "that of {} is {} (+- {}) {way} that of {}",
        leg.labels.server,
        seconds(offset.abs()),
        units::duration(error),
        leg.labels.client
    );
    let drift =
        clock.drift_ppm.map_or(", no drift shows".to_owned(), |ppm| format!(", and drifts by {ppm:.0} ppm"));
    text.push_str(&drift);
    if let Some(round_trip) = clock.round_trip_us.filter(|us| *us >= 0) {
        let _ = write!(text, "; there and back in {}", units::duration(round_trip));
    }
    text
}

/// Clocks that are seconds apart are compared to the millisecond.
fn seconds(us: i64) -> String {
    let ms = (us + 500) / 1000;
    if ms < 1000 { units::duration(us) } else { format!("{}.{:03} s", ms / 1000, ms % 1000) }
}

fn is_translated(pair: &Pair) -> bool {
    pair.seen.client.endpoints != pair.seen.server.endpoints
}

/// `10.0.0.1:4000 -> 10.9.9.9:80 is behind the box 192.0.2.1:5000 -> 10.0.0.2:8080`.
fn translated(pair: &Pair) -> String {
    let Sides { client, server } = &pair.seen;
    let ends = |ends: &Sides<_>| format!("{} -> {}", ends.client, ends.server);
    format!(
        "flow {}, {}, is flow {} on the other side: {}",
        client.index,
        ends(&client.endpoints),
        server.index,
        ends(&server.endpoints)
    )
}

/// The same finding on several flows.
struct Group<'a> {
    pair: &'a Pair,
    finding: &'a Finding,
    flows: u64,
}

fn groups(leg: &Leg) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for pair in &leg.pairs {
        for finding in &pair.findings {
            let same = |group: &&mut Group<'_>| {
                group.finding.code == finding.code
                    && group.finding.headline == finding.headline
                    && group.finding.confidence == finding.confidence
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.flows += 1,
                None => groups.push(Group { pair, finding, flows: 1 }),
            }
        }
    }
    groups
}

fn finding_block(out: &mut dyn Write, leg: &Leg, group: &Group<'_>, layout: &Layout) -> io::Result<()> {
    let Group { pair, finding, flows } = group;
    let paint = Paint { color: layout.color };
    let headline = format!("flow {}: {}", pair.seen.client.index, finding.headline);
    let identity = format!("{} {}, {}", finding.code, finding.name, finding.confidence.name());
    paragraph(out, &headline, Some(paint), layout)?;
    writeln!(out, "  {}", paint.apply(DIM, &identity))?;
    if *flows > 1 {
        let text = format!("{} of {}", units::grouped(*flows), units::count(leg.pairs.len() as u64, "pair"));
        labelled(out, "flows", &text, layout)?;
    }
    labelled(out, "seen", &finding.seen, layout)?;
    for side in Side::BOTH {
        let frames = finding.frames.of(side);
        if !frames.is_empty() {
            labelled(out, "frames", &format!("{}: {}", leg.labels.of(side), listed(frames)), layout)?;
        }
    }
    for consequence in &finding.consequences {
        labelled(out, "so", consequence, layout)?;
    }
    labelled(out, "alone", &alone(leg, pair), layout)?;
    if let Some(cost) = &finding.cost {
        labelled(out, "costs", cost, layout)?;
    }
    labelled(out, "next", &finding.next, layout)
}

/// What each capture says without the other.
fn alone(leg: &Leg, pair: &Pair) -> String {
    let said = Side::BOTH.map(|side| {
        let seen = pair.seen.of(side);
        let codes =
            if seen.codes.is_empty() { String::new() } else { format!(" ({})", seen.codes.join(", ")) };
        format!("{} says {}{codes}", leg.labels.of(side), seen.verdict.name())
    });
    said.join(", ")
}

fn listed(frames: &[FrameNote]) -> String {
    let note = |frame: &FrameNote| match &frame.label {
        Some(label) => format!("{} ({label})", frame.number),
        None => frame.number.to_string(),
    };
    // One label for all of a kind.
    if let [first, _, ..] = frames
        && frames.iter().all(|frame| frame.label == first.label)
    {
        let numbers: Vec<String> = frames.iter().map(|frame| frame.number.to_string()).collect();
        let label = first.label.as_deref().unwrap_or_default();
        return format!("{} ({label})", numbers.join(", "));
    }
    frames.iter().map(note).collect::<Vec<_>>().join(", ")
}

fn paragraph(out: &mut dyn Write, text: &str, bold: Option<Paint>, layout: &Layout) -> io::Result<()> {
    for line in textwrap::wrap(text, textwrap::Options::new(layout.width).subsequent_indent("  ")) {
        match bold {
            Some(paint) => writeln!(out, "{}", paint.apply(BOLD, &line))?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}
