//! WS006: NOPs where the option was.

use crate::decode::Offer;
use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::{noted, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS006",
    name: "option-overwritten-by-nops",
    severity: Severity::Problem,
    summary: "a SYN without window scale carries a run of NOPs where the option was blanked",
    explanation: Explanation {
        meaning: "A box that blanks an option overwrites it with NOPs, so that the header keeps its length. A SYN \
            or SYN-ACK without window scale that holds four or more NOPs in a row was sent with the option \
            (three bytes, and the NOP that aligns it). The box stands between the sender of that SYN and this \
            capture point.",
        evidence: "A run of four or more NOPs in a SYN without the option: likely. Hosts pad with one or two; in \
            2,749 public SYNs without the option none has three.",
        harmless: "Where window scaling is not needed: windows are then limited to 64 KiB per round trip in both \
            directions. A NOP run beside a window scale option says nothing about scaling (erased timestamps).",
        remedy: "Find the box on the sender's side of this capture (a firewall that normalizes TCP options, a SYN \
            proxy) and let it pass window scale: Cisco ASA `tcp-options window-scale allow`, iptables \
            TCPOPTSTRIP without wscale, SYNPROXY with --wscale. A capture beside the sender shows the option.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let handshake = &case.flow.handshake;
    let syn = handshake.syn.of(side).as_ref()?;
    // A server may answer with the option only what a client offered (RFC 7323 §2.2).
    let expected = side == Side::Client || handshake.offer(Side::Client) != Offer::Absent;
    if !syn.is_blanked() || !expected {
        return None;
    }
    let host = side.name();
    Some(Finding {
        window_of: Some(side),
        box_side: Some(side),
        frames: vec![noted(syn.frame, format!("{} NOPs in a row, no wscale", syn.nop_run))],
        place: Some(format!("the box is between the {host} and this capture")),
        cost: case.cost(side, 0),
        next: format!(
            "let the box pass window scale; a capture beside the {host} shows the option as it was sent"
        ),
        ..Finding::new(
            &RULE,
            Confidence::Likely,
            format!("the window scale option of {} was blanked", syn_of(side)),
            format!("{} has no window scale, but {} NOPs in a row where it was", syn_of(side), syn.nop_run),
        )
    })
}
