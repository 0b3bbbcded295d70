//! WS103: a shift that RFC 7323 does not allow.

use crate::decode::Offer;
use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::{MAX_SHIFT, Side};

use super::{noted, offer, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS103",
    name: "shift-above-14",
    severity: Severity::Warning,
    summary: "a SYN offers a shift above 14",
    explanation: Explanation {
        meaning: "RFC 7323 §2.3 limits the shift to 14, so that a window stays below 2^30 and sequence numbers \
            can be told apart. A peer that follows it uses 14 instead; one that does not, and the sender itself, \
            may use the number as it stands.",
        evidence: "The option as it passed here: that is what the SYN says, proven.",
        harmless: "When both ends use 14. Windows are read here as if they did.",
        remedy: "Find out which stack or box writes the option; a capture beside the sender of the SYN shows \
            whether it left the host like that.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let syn = case.flow.handshake.syn.of(side).as_ref()?;
    let Offer::Shift(shift) = syn.offer else { return None };
    (shift > MAX_SHIFT).then(|| Finding {
        window_of: Some(side),
        frames: vec![noted(syn.frame, offer(syn.offer))],
        next: format!("a capture beside the {} shows whether its host wrote it", side.name()),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            format!("{} offers a shift that is not allowed", syn_of(side)),
            format!("{} offers shift {shift}; RFC 7323 allows 14 at most", syn_of(side)),
        )
    })
}
