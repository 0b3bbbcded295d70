//! WS003: applied < declared.

use crate::detect::{Case, Confidence, Explanation, Finding, InBytes, Rule, ScalesLess, Severity};
use crate::flow::Side;
use crate::units;

use super::{handshake_frames, noted, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS003",
    name: "receiver-scales-less",
    severity: Severity::Problem,
    summary: "the advertiser scales its window by less than its SYN says here, or not at all",
    explanation: Explanation {
        meaning: "Both SYNs carry the option as they pass here, but the advertiser sends windows in plain bytes: it \
            never learnt that scaling is on, so the option of its peer was lost between this capture point and \
            the advertiser. The advertiser then misreads its peer's windows too: its own sending direction \
            crawls, and the peer may send far more than the advertiser can take.",
        evidence: "The first window behind the handshake is the SYN's own number, less what it holds, although \
            scaled it would be more than 2 MiB: possible. It also counts bytes, because it shrinks by exactly \
            what arrives, or grows to 65535 and no further, or because the advertiser's own data stops at its \
            peer's unscaled edge: likely. The window shrinks again and again by just what arrives under a \
            smaller shift, and under the declared one its right edge would move left: likely. Both together: \
            proven.",
        harmless: "Solaris writes the shifted number into its SYN-ACK (32806, shift 5), which stays below the \
            2 MiB with its usual buffers; with larger ones it is at most possible. Windows opens with 8212 << 8 next to a SYN window of 8192, which is above it. A SYN window \
            of 65535 is saturated and says nothing.",
        remedy: "Repair or remove the box between this capture point and the advertiser: it takes the option out \
            of the SYN that comes from the other side. Until then, on the peer, a route window of 65535 towards \
            the advertiser, or window scaling off on either host, makes both agree again: see \
            `wscale workarounds`. A capture beside the advertiser shows the SYN as it arrives there.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    // With both sides of the box in the capture, WS007 has the story.
    Side::BOTH.into_iter().filter(|_| !case.is_altered()).filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let shifts = case.shifts.of(side);
    let declared = shifts.declared?;
    let scales_less = shifts.scales_less;
    let applied = if scales_less.repeats_syn_window { 0 } else { scales_less.pinned_at? };
    // An advertiser that reads its peer's windows scaled knows that scaling is on.
    let reads_scaled = case.flow.windows.of(side.peer()).overshoots.sent_beyond_robust(0);
    let reads_scaled = case.shifts.of(side.peer()).overshoot > 0 || reads_scaled > 0;
    if applied == 0 && reads_scaled {
        return None;
    }
    let windows = &case.flow.windows.of(side).advertised;
    let first = windows.first?;
    let (advertiser, peer) = (side.name(), side.peer().name());
    let mut seen = Vec::new();
    if scales_less.repeats_syn_window {
        seen.push(format!(
            "{} offers shift {declared} and window {}, and the first window behind the handshake is {} again: scaled it would be {} bytes",
            syn_of(side),
            units::grouped(u64::from(windows.syn_window?)),
            units::grouped(u64::from(first.raw)),
            units::grouped(u64::from(first.raw) << declared),
        ));
    }
    seen.extend(scales_less.in_bytes.map(|sign| in_bytes(sign, side)));
    if let Some(pinned) = scales_less.pinned_at {
        seen.push(format!(
            "the window shrinks by just what arrives if it is scaled by {pinned} ({} times); by {declared} it would be taken back again and again",
            windows.pinned.get(usize::from(pinned))?
        ));
    }
    let fallback = case.has_fallback();
    let confidence = if fallback { Confidence::Possible } else { confidence(scales_less) };
    let mut frames = handshake_frames(case.flow);
    frames.push(noted(first.frame, format!("window {}", first.raw)));
    let (headline, place) = if applied == 0 {
        (
            format!("the {advertiser} does not scale, and misreads the {peer}'s window"),
            format!(
                "the box is between this capture and the {advertiser}: {} passes here with the option, the {advertiser} never learnt that scaling is on",
                syn_of(side.peer())
            ),
        )
    } else {
        (
            format!("the {advertiser} scales its window by {applied}, not by the {declared} seen here"),
            format!(
                "the box is between the {advertiser} and this capture: it raised the option of {} on the way here, or a proxy announces another shift than its backend uses",
                syn_of(side)
            ),
        )
    };
    let peer_shift = case.shifts.of(side.peer()).declared.unwrap_or(0);
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side.peer())),
        box_side: (!fallback).then_some(side),
        frames,
        place: Some(place),
        cost: case.cost(side.peer(), peer_shift),
        next: format!(
            "{}. A capture beside the {advertiser} shows {} as it arrives",
            case.workaround(side.peer()),
            syn_of(side.peer())
        ),
        ..Finding::new(&RULE, confidence, headline, seen.join("; "))
    })
}

fn confidence(signs: ScalesLess) -> Confidence {
    match (signs.repeats_syn_window, signs.pinned_at) {
        (true, Some(_)) => Confidence::Proven,
        (true, None) if signs.in_bytes.is_none() => Confidence::Possible,
        _ => Confidence::Likely,
    }
}

fn in_bytes(sign: InBytes, side: Side) -> String {
    let (advertiser, peer) = (side.name(), side.peer().name());
    match sign {
        InBytes::Shrinks => "it shrinks by exactly the bytes that arrive".to_owned(),
        InBytes::Saturates => "it grows to 65,535, the most that a window in bytes can be".to_owned(),
        InBytes::Stops(rounds) => {
            let rounds = units::count(u64::from(rounds), "round");
            format!("the {advertiser}'s data stops at the {peer}'s raw window, unscaled ({rounds})")
        }
    }
}
