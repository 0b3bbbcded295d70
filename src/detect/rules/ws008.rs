//! WS008: the handshake of the 2.6.17 post.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::{handshake_frames, noted};

pub(crate) static RULE: Rule = Rule {
    code: "WS008",
    name: "handshake-options-thinned",
    severity: Severity::Warning,
    summary: "every option but window scale was lost from the SYN-ACK, and the window is tiny unless it is scaled",
    explanation: Explanation {
        meaning: "The SYN-ACK speaks window scaling (RFC 7323) but answers neither SACK nor timestamps, although \
            both were offered: something on the path edits options. The client's raw window is below one \
            segment, so if the box also touched the scale that the server sees, the server is limited to that \
            many bytes per round trip. This is the handshake of the report from 2006 that gave the fault its name.",
        evidence: "The options of the two SYNs, and a raw window below one segment, with no data yet that would \
            prove or disprove anything. Possible at most: some servers have both options off.",
        harmless: "When data beyond the raw window gets acknowledged; the finding is then not made.",
        remedy: "Capture a longer download: the first kilobytes settle it. Or capture beside the server and look \
            at the SYN as it arrives there.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    find(case).into_iter().collect()
}

fn find(case: &Case<'_>) -> Option<Finding> {
    let handshake = &case.flow.handshake;
    let (syn, syn_ack) = (handshake.syn.client.as_ref()?, handshake.syn.server.as_ref()?);
    let offered_both = syn.sack_permitted && syn.timestamps.is_some();
    let lost_both = !syn_ack.sack_permitted && syn_ack.timestamps.is_none();
    if handshake.scaling() != Some(true) || !offered_both || !lost_both {
        return None;
    }
    let declared = case.shifts.client.declared.filter(|shift| *shift > 0)?;
    let raw = case.flow.windows.client.advertised.max_raw?;
    let first = case.flow.windows.client.advertised.first?;
    let tiny = raw > 0 && raw < handshake.maximum_segment_size()?;
    let settled = case.shifts.client.overshoot > 0 || case.shifts.client.stopping.is_some();
    if !tiny || settled {
        return None;
    }
    let mut frames = handshake_frames(case.flow);
    frames.push(noted(first.frame, format!("window {}", first.raw)));
    let window = units::grouped(u64::from(raw) << declared);
    Some(Finding {
        window_of: Some(Side::Client),
        hurts: Some(Case::towards(Side::Client)),
        frames,
        place: None,
        cost: case.cost(Side::Client, declared),
        next: "capture a longer download here, or the SYN as it arrives beside the server".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Possible,
            "the SYN-ACK lost its other options; nothing proves or disproves the scale".to_owned(),
            format!(
                "the SYN offers SACK, timestamps and shift {declared}, the SYN-ACK answers window scale only; the \
                 window of {raw} means {window} bytes, and a server that ignores the scale is limited to {raw} bytes per round trip"
            ),
        )
    })
}
