//! WS009: the kernel of this host uses another shift than the handshake that passed its interface.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::{KernelView, Side};

use super::handshake_frames;

pub(crate) static RULE: Rule = Rule {
    code: "WS009",
    name: "kernel-disagrees-with-wire",
    severity: Severity::Problem,
    summary: "this host's TCP uses another shift than the handshake on its interface declares",
    explanation: Explanation {
        meaning: "The capture was taken on one of the two ends, and its kernel was asked (sock_diag, TCP_INFO) which \
            shifts it uses. They are not those of the handshake that passed the interface: something on this \
            host, between its TCP and the interface, changed a SYN. That is a packet filter (`nft ... reset tcp \
            option window`, iptables TCPOPTSTRIP), SYNPROXY, an eBPF program, or a virtual switch.",
        evidence: "The kernel's own numbers against both SYNs, as captured on the same host. Nothing is inferred, \
            so it is proven by a single connection without any data. Only `wscale live` can ask, and only where \
            it runs on one of the ends.",
        harmless: "When both shifts of a window are 0 in effect: the rule does not fire then. A SYN that was sent \
            again without the option (WS105) makes the SYNs ambiguous, and nothing is said.",
        remedy: "Look on this host: `nft list ruleset`, `iptables-save`, `tc filter show`, `bpftool prog`. Packet \
            captures are taken outside the packet filter: outgoing packets behind it, incoming ones before it.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let handshake = &case.flow.handshake;
    let (Some(view), Some(_), false) =
        (handshake.kernel.view(), handshake.scaling_on_wire(), case.has_fallback() || case.is_altered())
    else {
        return Vec::new();
    };
    Side::BOTH.into_iter().filter_map(|side| find(case, view, side)).collect()
}

fn find(case: &Case<'_>, view: &KernelView, side: Side) -> Option<Finding> {
    let declared = case.shifts.of(side).declared?;
    let kernel = view.shift(side);
    if kernel == declared {
        return None;
    }
    let host = view.side.name();
    let (use_of, headline) = if side == view.side {
        (
            "scales its own window",
            format!("the {host}'s kernel scales its window by {kernel}, its SYN says {declared}"),
        )
    } else {
        (
            "scales its peer's window",
            format!(
                "the {host}'s kernel scales its peer's window by {kernel}, the handshake says {declared}"
            ),
        )
    };
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        box_side: Some(view.side),
        frames: handshake_frames(case.flow),
        place: Some(format!(
            "it is on this host, the {host}, between its TCP and the interface: a packet filter, SYNPROXY, eBPF or a virtual switch"
        )),
        cost: case.cost(side, declared.max(kernel)),
        next: "look at `nft list ruleset`, `iptables-save` and `tc filter show` on this host".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            headline,
            format!(
                "the kernel of the {host} {use_of} by {kernel} (TCP_INFO), the handshake as captured here declares {declared}"
            ),
        )
    })
}
