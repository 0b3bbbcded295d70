//! WS004: believed > declared.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::{handshake_frames, noted};

pub(crate) static RULE: Rule = Rule {
    code: "WS004",
    name: "sender-overruns-window",
    severity: Severity::Problem,
    summary: "the sender scales a window that, as seen here, is not scaled that far",
    explanation: Explanation {
        meaning: "The sender has more data in flight than the window allows as it is declared here: it believes in \
            a larger shift. Something between this capture point and the sender turns the option on or raises \
            it, or removes it only from what passes here. The receiver may drop what it cannot hold.",
        evidence: "New data ends beyond ack + (raw window << declared) of what the sender knew, three times or more, \
            and even an ACK of everything that had been sent three quarters of a round trip before, with the \
            largest window ever advertised, would not have allowed it: likely. Without timestamps it stays \
            possible.",
        harmless: "When the receiver has the room all the same, the transfer is even fast; but the two ends \
            disagree, and the other direction usually suffers.",
        remedy: "Look for the box between this capture point and the sender, with a capture beside the sender. \
            Window scaling off on either host makes both agree: see `wscale workarounds`.",
    },
    check,
};

/// Fewer overruns may be a capture that missed something.
const OVERRUNS: u32 = 3;

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let declared = case.shifts.of(side).declared?;
    let window = case.flow.windows.of(side);
    let overruns = window.overshoots.sent_beyond_robust(declared);
    let best = window.overshoots.farthest_robust?;
    if overruns < OVERRUNS || case.is_altered() {
        return None;
    }
    let (advertiser, sender) = (side.name(), side.peer().name());
    let allowed = units::grouped(u64::from(window.advertised.max_raw?) << declared);
    let timestamps = Side::BOTH
        .iter()
        .all(|side| case.flow.handshake.syn.of(*side).is_some_and(|syn| syn.timestamps.is_some()));
    let certain = timestamps && !window.may_miss_acks() && window.advertised.phantom_acks == 0;
    let mut frames = handshake_frames(case.flow);
    frames.push(noted(best.frame, "beyond the window"));
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        box_side: Some(side.peer()),
        frames,
        place: Some(format!(
            "the box is between this capture and the {sender}: as the SYNs pass here the shift is {declared}, the {sender} acts as if it were {} or more",
            best.shift
        )),
        cost: case.cost(side, declared),
        next: format!("a capture beside the {sender} shows the SYNs as they are there"),
        ..Finding::new(
            &RULE,
            if certain { Confidence::Likely } else { Confidence::Possible },
            format!("the {sender} sends more than the {advertiser}'s window allows"),
            format!(
                "the {advertiser}'s window is {allowed} bytes at most as declared here, and new data went beyond it {overruns} times"
            ),
        )
    })
}
