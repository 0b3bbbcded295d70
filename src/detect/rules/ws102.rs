//! WS102: the client did not offer.

use crate::decode::Offer;
use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::handshake_frames;

pub(crate) static RULE: Rule = Rule {
    code: "WS102",
    name: "client-did-not-offer",
    severity: Severity::Note,
    summary: "the SYN has no window scale option",
    explanation: Explanation {
        meaning: "The client's SYN, as it passes here, does not offer window scaling, so it is off in both \
            directions and no more than 64 KiB can be in flight.",
        evidence: "The SYN. That is what passed here: a box between the client and this capture point that removes \
            the option without leaving NOPs looks the same, and only a capture on the client's side tells.",
        harmless: "On short round trips, and for clients that never need more: many embedded stacks.",
        remedy: "On the client check net.ipv4.tcp_window_scaling (Windows: `netsh interface tcp show global`, \
            autotuning level). If the client offers it, something between it and this capture removes it.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let handshake = &case.flow.handshake;
    let Some(syn) = handshake.syn.client.as_ref() else { return Vec::new() };
    if handshake.offer(Side::Client) != Offer::Absent || syn.is_blanked() {
        return Vec::new();
    }
    vec![Finding {
        frames: handshake_frames(case.flow),
        cost: case.cost(Side::Client, 0),
        next: "nothing, where 64 KiB per round trip are enough; a capture on the client's side tells whether the client or a box left it out".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            "window scaling is off: the client did not offer it".to_owned(),
            "the SYN has no window scale option".to_owned(),
        )
    }]
}
