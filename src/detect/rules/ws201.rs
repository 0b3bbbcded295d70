//! WS201: the true window is the limit.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::{handshake_frames, scaled};

pub(crate) static RULE: Rule = Rule {
    code: "WS201",
    name: "receive-window-limited",
    severity: Severity::Note,
    summary: "the receiver's window, rightly scaled, is what limits the transfer",
    explanation: Explanation {
        meaning: "The sender fills the window as it is meant, and waits for the next ACK: the receiver's buffer, or the \
            application that empties it, sets the pace. No more than one window fits into a round trip.",
        evidence: "In half of the rounds or more the data ended so close to ack + window, scaled as declared, that no \
            full segment fitted any more.",
        harmless: "When the rate is enough, or when the application is meant to read slowly.",
        remedy: "Give the receiver more buffer (do not set SO_RCVBUF, raise tcp_rmem[2]), or look at why its application \
            reads slowly. The window needed is rate times round trip.",
    },
    check,
};

/// Fewer rounds say nothing about a transfer.
const ROUNDS: u32 = 8;

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let shifts = case.shifts.of(side);
    let declared = shifts.declared?;
    let window = case.flow.windows.of(side);
    let sent = &window.sent;
    let disputed = shifts.stopping.is_some() || case.collapse(side).is_some() || case.is_altered();
    if disputed || sent.limited_rounds < ROUNDS || sent.limited_rounds * 2 < sent.rounds {
        return None;
    }
    let (advertiser, sender) = (side.name(), side.peer().name());
    let raw = window.advertised.max_raw?;
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        frames: handshake_frames(case.flow),
        cost: case.cost(side, declared),
        next: format!("look at the receive buffer and the reading application of the {advertiser}"),
        ..Finding::new(
            &RULE,
            Confidence::Likely,
            format!("the {advertiser}'s true window limits the transfer"),
            format!(
                "the {sender}'s data reaches the edge of the window in {} of {} rounds; the window is {} bytes at most",
                sent.limited_rounds,
                sent.rounds,
                scaled(raw, declared),
            ),
        )
    })
}
