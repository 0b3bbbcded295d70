//! WS101: the server declined.

use crate::decode::Offer;
use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::handshake_frames;

pub(crate) static RULE: Rule = Rule {
    code: "WS101",
    name: "server-declined-scaling",
    severity: Severity::Note,
    summary: "the SYN offers window scaling, the SYN-ACK does not answer it, and the windows agree with that",
    explanation: Explanation {
        meaning: "Window scaling is off in both directions (RFC 7323 §2.2: both SYNs must carry the option): no \
            more than 64 KiB can be in flight. As seen here the server declined.",
        evidence: "Both SYNs. That is what passed here: a box beyond this capture point that takes the option out \
            of the SYN looks the same, and only a capture on the server's side tells them apart.",
        harmless: "On short round trips: 64 KiB per round trip are 520 Mbit/s at 1 ms, but 5 Mbit/s at 100 ms.",
        remedy: "On the server check net.ipv4.tcp_window_scaling and, behind SYN cookies, that timestamps are on \
            (without them cookies drop the option). If the server offers it, capture there: something in \
            between removes it.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let handshake = &case.flow.handshake;
    let declined = matches!(handshake.offer(Side::Client), Offer::Shift(_))
        && handshake.offer(Side::Server) == Offer::Absent;
    // Where a window contradicts it, another rule has the story.
    let agrees = Side::BOTH.iter().all(|side| case.collapse(*side).is_none());
    let blanked = handshake.syn.server.is_some_and(|syn| syn.is_blanked());
    if !declined || !agrees || blanked {
        return Vec::new();
    }
    vec![Finding {
        window_of: None,
        frames: handshake_frames(case.flow),
        cost: case.cost(Side::Client, 0),
        next: "nothing, where 64 KiB per round trip are enough; a capture on the server's side tells whether the server or a box declined".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            "window scaling is off: the server did not answer the offer".to_owned(),
            "the SYN offers window scaling, the SYN-ACK has no such option, and both sides act accordingly".to_owned(),
        )
    }]
}
