//! The words of a picture: titles, verdicts, shifts.

use crate::decode::Offer;
use crate::detect::{Bounds, Direction, Severity};
use crate::flow::{MAX_SHIFT, Side};
use crate::report::{FlowReport, WindowReport};
use crate::units;

/// The message: what the worst finding says, or the verdict in words.
pub(super) fn headline(flow: &FlowReport, direction: Direction) -> String {
    let worst = flow.findings.first().filter(|finding| finding.rule.severity > Severity::Note);
    if let Some(finding) = worst {
        return format!("flow {}: {}", flow.index, finding.headline);
    }
    let window = flow.windows.of(direction.sender.peer());
    let words = if window.proven {
        format!("window scaling works from {} to {}", direction.sender.name(), direction.sender.peer().name())
    } else {
        flow.findings
            .first()
            .map_or_else(|| flow.verdict.name().to_owned(), |finding| finding.headline.clone())
    };
    format!("flow {}: {words}", flow.index)
}

/// Who sends what to whom.
pub(super) fn parties(flow: &FlowReport, direction: Direction) -> String {
    let sender = direction.sender;
    let receiver = sender.peer();
    format!(
        "data from the {} {} to the {} {}, against the {}'s window",
        sender.name(),
        flow.endpoints.of(sender),
        receiver.name(),
        flow.endpoints.of(receiver),
        receiver.name(),
    )
}

/// Verdict, findings, shifts, rate and round trip.
pub(super) fn numbers(flow: &FlowReport, direction: Direction) -> [String; 2] {
    let window = flow.windows.of(direction.sender.peer());
    let findings: Vec<String> = flow
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.rule.code, finding.confidence.name()))
        .collect();
    let verdict = match findings.as_slice() {
        [] => format!("verdict: {}", flow.verdict.name()),
        findings => format!("verdict: {} ({})", flow.verdict.name(), findings.join(", ")),
    };
    let rate = window.rate_bytes_per_s.map_or_else(|| "?".to_owned(), units::rate);
    let rtt = flow.rtt_us.map_or_else(|| "?".to_owned(), units::duration);
    [format!("{verdict}, rate {rate}, round trip {rtt}"), shifts(window, direction.sender.peer())]
}

/// The three shifts of `advertiser`'s window in one line.
fn shifts(window: &WindowReport, advertiser: Side) -> String {
    format!(
        "shift of the {}'s window: declared {}, applied by the {} {}, acted on by the {} {}",
        advertiser.name(),
        declared(window),
        advertiser.name(),
        bounds(window.applied_shift),
        advertiser.peer().name(),
        bounds(window.believed_shift),
    )
}

/// A declared shift in words.
pub(super) fn declared(window: &WindowReport) -> String {
    window.declared_shift.map_or_else(|| "unknown".to_owned(), |shift| shift.to_string())
}

/// An interval in words.
pub(super) fn bounds(bounds: Bounds) -> String {
    let Ok(interval) = bounds else { return "unknown (the evidence contradicts itself)".to_owned() };
    match (interval.min, interval.max) {
        (0, MAX_SHIFT) => "unknown".to_owned(),
        (min, max) if min == max => min.to_string(),
        (min, MAX_SHIFT) => format!("{min} or more"),
        (0, max) => format!("{max} or less"),
        (min, max) => format!("{min} to {max}"),
    }
}

/// A fact about a window: its name, and its value in words.
pub(super) type Fact = (&'static str, fn(&WindowReport) -> String);

/// What is said about each window, wherever both are shown in full.
pub(super) static WINDOW_FACTS: [Fact; 12] = [
    ("offered shift", |window| match window.offer {
        Offer::Shift(shift) => shift.to_string(),
        Offer::Absent => "none".to_owned(),
        Offer::Unseen => "not seen".to_owned(),
        Offer::Inconsistent => "inconsistent".to_owned(),
    }),
    ("declared shift", declared),
    ("applied shift", |window| bounds(window.applied_shift)),
    ("believed shift", |window| bounds(window.believed_shift)),
    ("window of the SYN", |window| raw(window.syn_window)),
    ("first raw window", |window| raw(window.first_raw)),
    ("raw windows", |window| match (window.min_raw, window.max_raw) {
        (Some(min), Some(max)) if min == max => raw(Some(min)),
        (min, max) => format!("{} to {}", raw(min), raw(max)),
    }),
    ("largest window", |window| window.max_window_bytes().map_or_else(unknown, units::bytes)),
    ("windows of zero", |window| units::grouped(window.zero_windows.into())),
    ("data against it", |window| units::bytes(window.data_bytes)),
    ("in flight at most", |window| window.max_in_flight_bytes.map_or_else(unknown, units::bytes)),
    ("rate", |window| window.rate_bytes_per_s.map_or_else(unknown, units::rate)),
];

fn raw(window: Option<u16>) -> String {
    window.map_or_else(unknown, |window| units::grouped(u64::from(window)))
}

fn unknown() -> String {
    "?".to_owned()
}
