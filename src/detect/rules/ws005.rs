//! WS005: options pass, but what lies beyond the unscaled edge does not.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::{Side, Syn};
use crate::units;

use super::{handshake_frames, plain};

pub(crate) static RULE: Rule = Rule {
    code: "WS005",
    name: "loss-beyond-unscaled-edge",
    severity: Severity::Problem,
    summary: "everything that ends beyond the unscaled window is lost, nothing inside it is",
    explanation: Explanation {
        meaning: "The options pass unchanged, but a stateful box on the path tracks the connection with the raw \
            window, as if it were not scaled, and silently drops what lies beyond it. The sender sees loss and \
            slows down to what the box lets through; with a shift of 10 nothing larger than 63 bytes passes.",
        evidence: "Judged by transmissions: every one that ended beyond ack + raw window was lost, three or more, \
            with everything behind it; none that ended inside was, three or more; that happened three times, with \
            something that arrived in between; as large ones got through there, the receiver showed a sign of \
            life after the drops, timestamps and SACK would show that the capture misses ACKs or that data behind \
            a hole arrived, and nothing was sent again sooner than a timer allows without a captured SACK that \
            asked for it: likely. Without that sign of life a dead peer looks the same, one outage takes as much \
            at once, and where only small ones got through, a path that loses full-size segments: possible. Only \
            two captures, one on each side of the box, prove it.",
        harmless: "Ordinary loss hits inside the edge too and leaves data behind it that is acknowledged \
            selectively. A path that loses all full-size segments loses them inside the edge as well.",
        remedy: "Let the box track the scale, or not check windows: Linux `nf_conntrack_tcp_be_liberal=1`, Cisco IOS \
            `tcp window-scale-enforcement loose`, pf `flags S/SA keep state` on every pass rule. Until then, on \
            the receiver, a route window of 65535 for that peer makes scaled and unscaled the same: see \
            `wscale workarounds --peer ADDRESS`. `wscale compare` of captures from both sides proves it.",
    },
    check,
};

/// Fewer of either kind may be chance.
const EACH: u32 = 3;

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let declared = case.shifts.of(side).declared.filter(|shift| *shift > 0)?;
    let window = case.flow.windows.of(side);
    let fates = &window.transmissions;
    let told_apart = fates.beyond_lost >= EACH
        && fates.beyond_arrived == 0
        && fates.inside_arrived >= EACH
        && fates.inside_lost == 0;
    if !told_apart || case.flow.handshake.is_multipath() {
        return None;
    }
    let alive = fates.last_loss_us.zip(window.advertised.last_us).is_some_and(|(loss, life)| life > loss);
    // Timestamps and early retransmissions show that the capture misses ACKs, SACK shows what arrived behind a
    // hole; without them what counts as lost has perhaps arrived.
    let syn = case.flow.handshake.syn;
    let tells = |syn: Option<Syn>| syn.is_some_and(|syn| syn.timestamps.is_some() && syn.sack_permitted);
    let told = tells(syn.client) && tells(syn.server);
    // An outage of the path takes all that is on its way, at the end of the data without anything behind it.
    let repeated = fates.losses_beyond >= EACH;
    // A path that loses all full-size segments looks the same unless as large ones arrived inside.
    let size_is_no_excuse = fates.smallest_lost_bytes.is_some_and(|lost| fates.largest_inside_bytes >= lost);
    let (advertiser, sender) = (side.name(), side.peer().name());
    let mut frames = handshake_frames(case.flow);
    frames.extend(fates.lost_frames.iter().flatten().map(|frame| plain(*frame)));
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        box_side: Some(side),
        frames,
        place: Some(format!(
            "the box is between this capture and the {advertiser}: it drops what the {advertiser}'s window allows once it is scaled by {declared}"
        )),
        cost: case.cost(side, declared),
        next: format!(
            "{}. `wscale compare` with a capture beside the {advertiser} proves it",
            case.workaround(side)
        ),
        ..Finding::new(
            &RULE,
            if alive
                && size_is_no_excuse
                && repeated
                && told
                && fates.unexplained == 0
                && !window.may_miss_acks()
            {
                Confidence::Likely
            } else {
                Confidence::Possible
            },
            "data beyond the unscaled window is dropped".to_owned(),
            format!(
                "all {} that the {sender} sent beyond ack + window, unscaled, were lost; all {} inside it arrived",
                units::count(u64::from(fates.beyond_lost), "segment"),
                units::grouped(u64::from(fates.inside_arrived)),
            ),
        )
    })
}
