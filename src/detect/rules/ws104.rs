//! WS104: an answer to what was not asked.

use crate::decode::Offer;
use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::{handshake_frames, offer};

pub(crate) static RULE: Rule = Rule {
    code: "WS104",
    name: "unsolicited-option",
    severity: Severity::Warning,
    summary: "the SYN-ACK carries window scale although the SYN, as seen here, has none",
    explanation: Explanation {
        meaning: "RFC 7323 §2.2 lets a server send the option only in answer to one. Seen here, the SYN had none: \
            either a box between this capture and the server puts it into the SYN or into the SYN-ACK, or the \
            server's stack is at fault. A client that did not offer ignores it; scaling is off.",
        evidence: "The options of both SYNs, captured to their end, on the same connection.",
        harmless: "When the client ignores the option, as it must, and the server does not scale.",
        remedy: "Capture beside the server: if its SYN-ACK leaves without the option, a box adds it; if the SYN \
            arrives there with it, a box adds it on the way there.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let handshake = &case.flow.handshake;
    let (client, server) = (handshake.offer(Side::Client), handshake.offer(Side::Server));
    let answers = handshake.syn.server.is_some_and(|syn| syn.acknowledges);
    if client != Offer::Absent || !matches!(server, Offer::Shift(_)) || !answers {
        return Vec::new();
    }
    vec![Finding {
        window_of: Some(Side::Server),
        frames: handshake_frames(case.flow),
        next: "a capture beside the server shows the SYN as it arrives and the SYN-ACK as it leaves"
            .to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            "the SYN-ACK answers an offer that was not made".to_owned(),
            format!("the SYN has no window scale option, the SYN-ACK has {}", offer(server)),
        )
    }]
}
