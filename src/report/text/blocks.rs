//! The blocks under the table: what was found, and what is healthy.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::detect::{Cost, Direction, Finding, Severity, Verdict};
use crate::flow::Side;
use crate::report::Captured;
use crate::report::style::{BOLD, DIM, LABEL, Paint, labelled};
use crate::report::{FlowReport, Layout, Tally, WindowReport};
use crate::units;

/// Flows without a finding that are described one by one; more are only counted.
pub(super) const DESCRIBED: usize = 3;

/// The same finding on flows to the same server.
struct Group<'a> {
    flow: &'a FlowReport,
    finding: &'a Finding,
    flows: u64,
}

/// `flows` are those of one capture, the worst first; the `others` are only counted.
pub(super) fn write(
    out: &mut dyn Write,
    flows: &[&FlowReport],
    others: &Tally,
    layout: &Layout,
) -> io::Result<()> {
    for group in groups(flows) {
        writeln!(out)?;
        finding(out, &group, flows, others, layout)?;
    }
    quiet(out, flows, others, layout)
}

/// Findings in the order of the flows, which is worst first; the flow shown in full is the worst of its group.
fn groups<'a>(flows: &[&'a FlowReport]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for flow in flows {
        for finding in &flow.findings {
            let same = |group: &&mut Group<'_>| {
                group.finding.rule.code == finding.rule.code
                    && group.finding.confidence == finding.confidence
                    && group.finding.window_of == finding.window_of
                    && group.finding.box_side == finding.box_side
                    && group.flow.endpoints.server == flow.endpoints.server
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.flows += 1,
                None => groups.push(Group { flow, finding, flows: 1 }),
            }
        }
    }
    groups.sort_by_key(|group| {
        std::cmp::Reverse((group.finding.rule.severity, group.finding.confidence, group.flows))
    });
    groups
}

fn finding(
    out: &mut dyn Write,
    group: &Group<'_>,
    flows: &[&FlowReport],
    others: &Tally,
    layout: &Layout,
) -> io::Result<()> {
    let Group { flow, finding, .. } = group;
    let paint = Paint { color: layout.color };
    let headline = format!("flow {}: {}", flow.index, finding.headline);
    let identity = format!("{} {}, {}", finding.rule.code, finding.rule.name, finding.confidence.name());
    if headline.len() + identity.len() + 3 <= layout.width {
        let gap = " ".repeat(layout.width.min(110).saturating_sub(headline.len() + identity.len()).max(3));
        writeln!(out, "{}{gap}{}", paint.apply(BOLD, &headline), paint.apply(DIM, &identity))?;
    } else {
        for line in textwrap::wrap(&headline, layout.width) {
            writeln!(out, "{}", paint.apply(BOLD, &line))?;
        }
        writeln!(out, "  {}", paint.apply(DIM, &identity))?;
    }
    if group.flows > 1 {
        let server = flow.endpoints.server;
        let kept = flows.iter().filter(|other| other.endpoints.server == server).count();
        let all = kept as u64 + others.to_server(server);
        let text = format!("{} of {} flows to {server}", units::grouped(group.flows), units::grouped(all));
        labelled(out, "flows", &text, layout)?;
    }
    labelled(out, "seen", &finding.seen, layout)?;
    if let Some(place) = &finding.place {
        labelled(out, "where", place, layout)?;
    }
    labelled(out, "frames", &frames(finding), layout)?;
    if let Some(cost) = finding.cost.as_ref().and_then(|cost| costs(cost, finding.hurts)) {
        labelled(out, "costs", &cost, layout)?;
    }
    if finding.rule.severity > Severity::Note {
        // A filter is pasted: it must stay in one line.
        writeln!(out, "  {:LABEL$}{}", "filter", filter(flow, finding))?;
    }
    labelled(out, "next", &finding.next, layout)
}

/// Flows without a finding: a few in words, the rest as numbers.
fn quiet(out: &mut dyn Write, flows: &[&FlowReport], others: &Tally, layout: &Layout) -> io::Result<()> {
    for verdict in [Verdict::Healthy, Verdict::Unproven, Verdict::Unknown] {
        let first = flows.partition_point(|flow| flow.verdict > verdict);
        let behind = flows.partition_point(|flow| flow.verdict >= verdict);
        let of_verdict = flows.get(first..behind).unwrap_or_default();
        if of_verdict.is_empty() {
            continue;
        }
        writeln!(out)?;
        for flow in of_verdict.iter().take(DESCRIBED) {
            let text = match verdict {
                Verdict::Healthy => healthy(flow),
                Verdict::Unproven => unproven(flow),
                _ => unknown(flow),
            };
            paragraph(out, &format!("flow {}: {text}", flow.index), layout)?;
        }
        let all = of_verdict.len() as u64 + others.of_verdict(verdict);
        if let Some(more @ 1..) = all.checked_sub(DESCRIBED as u64) {
            paragraph(out, &format!("{} {}", units::count(more, "more flow"), verdict.name()), layout)?;
        }
    }
    Ok(())
}

fn healthy(flow: &FlowReport) -> String {
    let mut sentences: Vec<String> = Side::BOTH.into_iter().map(|side| proof(flow, side)).collect();
    sentences.extend(limits(flow));
    sentences.join("; ")
}

/// Fewer rounds say nothing about what limits a transfer.
const ROUNDS_MIN: u32 = 8;

/// What limited the busier direction, never more than the capture shows.
fn limits(flow: &FlowReport) -> Option<String> {
    let window = flow.windows.of(flow.focus());
    let limits = window.limits;
    if limits.rounds < ROUNDS_MIN || window.declared_shift.is_none() {
        return None;
    }
    let share = |rounds: u32| u64::from(rounds) * 100 / u64::from(limits.rounds);
    Some(format!(
        "of {} round trips with data the receiver's true window limited {} %, loss hit {} %, neither (sender or application) at most {} %",
        limits.rounds,
        share(limits.window),
        share(limits.loss),
        share(limits.rounds.saturating_sub(limits.window.max(limits.loss))),
    ))
}

/// Whether the window of `side` is proven, in words: `scaling works from server to client: ...`.
fn proof(flow: &FlowReport, side: Side) -> String {
    let window = flow.windows.of(side);
    let direction = format!("from {} to {}", side.peer().name(), side.name());
    match (window.proven, window.overshoot) {
        (true, Some(over)) => format!(
            "scaling works {direction} (shift {} or more of {}): {} in flight against a raw window of {} (frame {}), acknowledged",
            over.shift,
            window.declared_shift.map_or_else(|| "?".to_owned(), |shift| shift.to_string()),
            units::bytes(over.in_flight_bytes),
            units::grouped(u64::from(over.raw)),
            over.frame,
        ),
        _ if window.data_bytes == 0 => format!("nothing was sent {direction}"),
        _ => format!("{direction} it is unproven"),
    }
}

fn unproven(flow: &FlowReport) -> String {
    if flow.weakened {
        return "data went beyond the unscaled window, but this capture dropped frames while the flow was alive, and acknowledgments that are missing look the same: it is not proven that scaling works".to_owned();
    }
    if flow.scaling.is_none() {
        return bounded(flow);
    }
    let shift =
        |window: &WindowReport| window.declared_shift.map_or_else(|| "?".to_owned(), |s| s.to_string());
    let (client, server) = (&flow.windows.client, &flow.windows.server);
    let mut text = format!(
        "scaling is negotiated ({}/{}); nothing was sent that would prove or disprove it",
        shift(client),
        shift(server)
    );
    let side = flow.focus();
    let window = flow.windows.of(side);
    if let (Some(raw), Some(1..)) = (window.max_raw, window.declared_shift) {
        let (sender, raw) = (side.peer().name(), units::grouped(u64::from(raw)));
        let _ =
            write!(text, ". If it were stripped, the {sender} would be held to {raw} bytes per round trip");
    }
    text
}

fn unknown(flow: &FlowReport) -> String {
    match flow.handshake {
        Captured::Missing => "the handshake was not captured, so the shifts are not known".to_owned(),
        Captured::Partial => {
            "only a part of the handshake was captured, so the shifts are not known".to_owned()
        }
        Captured::Complete => {
            "the numbers of this flow do not fit together, nothing follows from them".to_owned()
        }
    }
}

/// What follows without a handshake: bounds.
fn bounded(flow: &FlowReport) -> String {
    let bounds: Vec<String> = Side::BOTH.into_iter().filter_map(|side| bound(flow, side)).collect();
    format!("{}; {}", unknown(flow), bounds.join("; "))
}

fn bound(flow: &FlowReport, side: Side) -> Option<String> {
    let over = flow.windows.of(side).overshoot?;
    Some(format!(
        "the {}'s window has shift {} or more: {} in flight against a raw window of {} (frame {})",
        side.name(),
        over.shift,
        units::bytes(over.in_flight_bytes),
        units::grouped(u64::from(over.raw)),
        over.frame,
    ))
}

fn frames(finding: &Finding) -> String {
    let frames: Vec<String> = finding
        .frames
        .iter()
        .map(|frame| match &frame.label {
            Some(label) => format!("{} ({label})", frame.number),
            None => frame.number.to_string(),
        })
        .collect();
    frames.join(", ")
}

fn filter(flow: &FlowReport, finding: &Finding) -> String {
    let numbers: Vec<String> = finding.frames.iter().map(|frame| frame.number.to_string()).collect();
    format!("tcp.stream eq {} && frame.number in {{{}}}", flow.index, numbers.join(","))
}

/// What is reached, and what would fit. A direction that reaches what its window allows pays nothing.
fn costs(cost: &Cost, hurts: Option<Direction>) -> Option<String> {
    let (rate, ceiling) = (cost.rate_bytes_per_s, cost.ceiling_bytes_per_s);
    if rate.zip(ceiling).is_some_and(|(rate, ceiling)| rate >= ceiling) {
        return None;
    }
    let direction = hurts.map_or_else(String::new, |direction| {
        format!(" from {} to {}", direction.sender.name(), direction.sender.peer().name())
    });
    let rate = rate.map(|rate| format!("{}{direction}", units::rate(rate)));
    let ceiling = ceiling.zip(cost.rtt_us).map(|(ceiling, rtt)| {
        format!(
            "up to {} would fit ({} per {})",
            units::rate(ceiling),
            units::bytes(cost.window_bytes),
            units::duration(rtt)
        )
    });
    match (rate, ceiling) {
        (Some(rate), Some(ceiling)) => Some(format!("{rate}; {ceiling}")),
        (None, Some(ceiling)) => Some(format!("too little data to say; {ceiling}")),
        (rate, None) => rate,
    }
}

fn paragraph(out: &mut dyn Write, text: &str, layout: &Layout) -> io::Result<()> {
    for line in textwrap::wrap(text, textwrap::Options::new(layout.width).subsequent_indent("  ")) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
