//! WS202: the receiver closed the window.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::noted;

pub(crate) static RULE: Rule = Rule {
    code: "WS202",
    name: "zero-window",
    severity: Severity::Note,
    summary: "the receiver closed its window",
    explanation: Explanation {
        meaning: "A window of 0 tells the sender to stop (RFC 9293 §3.8.6.1): the receive buffer is full because the \
            application does not read. Zero is zero under every shift, so it says nothing about scaling.",
        evidence: "Segments with window 0 while the other side has data to send; resets excepted.",
        harmless: "When the application pauses on purpose, and at the end of a connection.",
        remedy: "Look at the receiving application: what it did when the window closed.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let window = case.flow.windows.of(side);
    let windows = &window.advertised;
    let (_, frame) = windows.first_closed?;
    // Without data there was nothing to stop: hosts close the window when they close the connection.
    if window.sent.bytes == 0 {
        return None;
    }
    let host = side.name();
    let how_long = match (windows.is_closed(), windows.closed_us) {
        (true, 0) => "it was not seen to open again".to_owned(),
        (true, us) => format!("it was closed for {}, and once more at the end", units::duration(us)),
        (false, us) => format!("it was closed for {} in all", units::duration(us)),
    };
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        frames: vec![noted(frame, "window 0")],
        next: format!("look at what the {host}'s application did then"),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            format!("the {host} closed its window"),
            format!("{} with window 0; {how_long}", units::count(windows.zero_windows, "segment")),
        )
    })
}
