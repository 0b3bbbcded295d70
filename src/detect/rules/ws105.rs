//! WS105: the host's own fallback.

use crate::detect::{Case, Confidence, Explanation, Finding, Rule, Severity};
use crate::flow::Side;

use super::noted;

pub(crate) static RULE: Rule = Rule {
    code: "WS105",
    name: "syn-retried-without-option",
    severity: Severity::Warning,
    summary: "a SYN was sent again without the window scale option that an earlier one had",
    explanation: Explanation {
        meaning: "Some hosts drop options from a SYN that is not answered, in case a box discards SYNs with options \
            it does not know (Windows does so in its third SYN). Scaling is then off for this connection, and if \
            the answer belongs to an earlier SYN, the two ends disagree without any box.",
        evidence: "Two SYNs with the same sequence number, the later one without the option.",
        harmless: "When the connection is short or local. The loss of the first SYNs is the thing to look at.",
        remedy: "Find out why the first SYNs were not answered: loss, a full backlog, or a box that drops SYNs \
            with options.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let syn = case.flow.handshake.syn.of(side).as_ref()?;
    let retry = syn.retried_without?;
    let host = side.name();
    Some(Finding {
        window_of: Some(side),
        frames: vec![noted(syn.frame, "SYN with wscale"), noted(retry, "sent again without")],
        next: "look for what happened to the first SYNs".to_owned(),
        ..Finding::new(
            &RULE,
            Confidence::Proven,
            format!("the {host} gave up window scaling when its SYN was not answered"),
            format!(
                "the {host}'s SYN was captured {} times, the first with window scale, a later one without",
                syn.count
            ),
        )
    })
}
