//! WS007: both sides of the box are in this capture.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::{Altered, Side};

use super::{noted, offer, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS007",
    name: "copies-of-one-syn-differ",
    severity: Severity::Problem,
    summary: "the same SYN was captured twice, with different window scale options",
    explanation: Explanation {
        meaning: "Two copies of one SYN, or of one SYN-ACK, are in this capture and do not offer the same: the capture \
            was made on both sides of the box (`-i any` on a router, a mirror of two ports), or on the box \
            itself. What changes the option is between the two.",
        evidence: "The same sequence number within 20 ms, the same timestamps, another option; across an \
            address translation both initial sequence numbers are the same under other addresses or ports. That \
            is sight, not inference: proven.",
        harmless: "When the box also translates every window (a proxy that ends the connection does).",
        remedy: "Look at what handles the packet between the two copies: firewall rules (TCPOPTSTRIP, `reset tcp \
            option`, scrub), an inspection module, a proxy. The frames name the interfaces in Wireshark.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let Altered { before, after } = case.alteration(side)?;
    let is_here = case.flow.handshake.syn.of(side).is_some_and(|syn| syn.altered.is_some());
    let translated = match case.flow.twin.filter(|_| !is_here) {
        Some(twin) => format!(", as flow {} beyond an address translation", twin.index),
        None => String::new(),
    };
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        frames: vec![noted(before.0, offer(before.1)), noted(after.0, offer(after.1))],
        place: Some("the box is between the two copies: this capture holds both of its sides".to_owned()),
        next: "look at what handles the packet between the two frames".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            format!("{} is changed on its way through this capture", syn_of(side)),
            format!(
                "{} is in this capture twice: frame {} has {}, frame {} has {}{translated}",
                syn_of(side),
                before.0,
                offer(before.1),
                after.0,
                offer(after.1),
            ),
        )
    })
}
