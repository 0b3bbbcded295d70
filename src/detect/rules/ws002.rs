//! WS002: applied > declared.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::{handshake_frames, noted, offer, scaled, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS002",
    name: "window-collapses-after-handshake",
    severity: Severity::Problem,
    summary: "the advertiser scales its window by more than its SYN says here",
    explanation: Explanation {
        meaning: "The SYN's window is never scaled, and a receiver does not take back what it has offered. When \
            the first windows behind the handshake are a power of two smaller than the SYN's, the advertiser \
            scales them, although its SYN as it passes here carries a smaller shift or none: something between \
            the advertiser and this capture point lowered or removed the option. The peer believes what passes \
            here, takes 63 for 63 bytes, and sends that much per round trip.",
        evidence: "raw << k reaches the SYN's window, less the bytes acknowledged since, only for a k that is \
            larger than the declared shift by 2 or more. It is likely when the raw window is the SYN's divided \
            by a power of two within 5 %, and proven when it is exactly that at the first ACK, by 16 or more, \
            and stays so. Without such a quotient a factor of 16 and persistence are needed.",
        harmless: "Receivers that open with less than their SYN said (14480, then 5840; 8192, then 600) are \
            not reported: theirs is no power of two. A host that drops the option from a retransmitted SYN \
            (WS105) makes the two ends disagree without any box.",
        remedy: "Repair or remove the box between the advertiser and this capture point. Until then, on the host \
            that advertises the window, a route window of 65535 for that peer makes it offer shift 0: see \
            `wscale workarounds --peer ADDRESS`. A capture beside that host shows the SYN as it leaves.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    // With both sides of the box in the capture, WS007 has the story.
    Side::BOTH.into_iter().filter(|_| !case.is_altered()).filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let collapse = case.collapse(side)?;
    let flow = case.flow;
    let window = flow.windows.of(side);
    let floor = window.advertised.floor;
    let syn = flow.handshake.syn.of(side).as_ref()?;
    let (advertiser, peer) = (side.name(), side.peer().name());
    let fallback = case.has_fallback();
    let relation = if collapse.exact {
        format!("divided by 2^{}", collapse.shift)
    } else {
        format!("divided by more than 2^{}", collapse.shift - 1)
    };
    let held = match floor.acknowledged_bytes {
        0 => String::new(),
        held => format!(" less the {} received since", units::grouped(held)),
    };
    let seen = format!(
        "{} says window {} and {} as seen here, but the window that follows is {}: {}{held} {relation}, so the {advertiser} scales by {} ({} bytes)",
        syn_of(side),
        units::grouped(u64::from(syn.window)),
        offer(syn.offer),
        floor.raw,
        units::grouped(u64::from(syn.window)),
        collapse.shift,
        scaled(floor.raw, collapse.shift),
    );
    let place = if fallback {
        "no box is needed for it: a SYN was sent again without the option (WS105), and the two ends act on different SYNs".to_owned()
    } else {
        format!(
            "the box is between the {advertiser} and this capture: the option was lowered or removed before it got here"
        )
    };
    let mut frames = handshake_frames(flow);
    frames.push(noted(floor.frame, format!("window {}", floor.raw)));
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        box_side: (!fallback).then_some(side),
        frames,
        place: Some(place),
        cost: case.cost(side, collapse.shift),
        next: format!(
            "{}. A capture beside the {advertiser} shows its SYN as it leaves; the {peer} is not at fault",
            case.workaround(side)
        ),
        ..Finding::new(
            &RULE,
            if fallback { Confidence::Possible } else { collapse.confidence },
            format!("the {advertiser}'s window scale was lost on the way here"),
            seen,
        )
    })
}
