//! WS203: the right edge moved left.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::{noted, scaled};

pub(crate) static RULE: Rule = Rule {
    code: "WS203",
    name: "window-taken-back",
    severity: Severity::Warning,
    summary: "the receiver took back window that it had offered",
    explanation: Explanation {
        meaning: "The right edge of the window, ack + window, moved left by more than rounding explains. A receiver \
            SHOULD NOT do that (RFC 9293 §3.8.6; RFC 7323 §2.4 allows for rounding): data that was sent in \
            good faith may be beyond the edge when it arrives.",
        evidence: "An ACK that acknowledges more than the one before, with a window that ends further left by at least \
            twice the rounding, under the declared shift; and no rule about scaling explains it.",
        harmless: "Once, under memory pressure, it costs a retransmission.",
        remedy: "On Linux look at memory pressure and at net.ipv4.tcp_shrink_window; otherwise at the vendor of the \
            receiving stack, or of a proxy in between.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let shifts = case.shifts.of(side);
    let declared = shifts.declared?;
    let windows = &case.flow.windows.of(side).advertised;
    let times = *windows.retractions.get(usize::from(declared))?;
    let frame = (*windows.retracted_frames.get(usize::from(declared))?)?;
    // Under a smaller shift that the SYN's window allows, nothing would have moved left: then the shift is in
    // doubt, not the receiver.
    let smallest = windows.floor.shift.min(declared);
    if windows.retractions.get(usize::from(smallest)).is_none_or(|times| *times == 0) {
        return None;
    }
    let disputed = shifts.scales_less.is_suspected() || case.collapse(side).is_some() || case.is_altered();
    if times == 0 || disputed || case.flow.handshake.is_multipath() {
        return None;
    }
    let host = side.name();
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        frames: vec![noted(frame, "the edge moves left")],
        next: format!("look at memory on the {host}, or at a proxy in front of it"),
        ..Finding::new(
            &RULE,
            Confidence::Likely,
            format!("the {host} took back window that it had offered"),
            format!(
                "the right edge moved left {} by more than rounding; the largest window is {} bytes",
                units::count(u64::from(times), "time"),
                scaled(windows.max_raw?, declared),
            ),
        )
    })
}
