//! What a policy adds to the document.

use serde::Serialize;

use crate::report::{CheckSummary, Expected, Outcome, Unmet};

/// One expectation of a policy.
#[derive(Serialize)]
pub(in crate::report) struct Expectation<'a> {
    name: &'static str,
    wording: &'a str,
    flows: Option<&'a str>,
    judged: u64,
    unmet: Vec<UnmetJson<'a>>,
}

#[derive(Serialize)]
struct UnmetJson<'a> {
    flow: u64,
    message: &'a str,
}

impl<'a> Expectation<'a> {
    pub(in crate::report) fn new(expected: &'a Expected) -> Self {
        let unmet = |unmet: &'a Unmet| UnmetJson { flow: unmet.flow, message: &unmet.message };
        Self {
            name: expected.requirement.name,
            wording: &expected.wording,
            flows: expected.flows.as_deref(),
            judged: expected.judged,
            unmet: expected.unmet.iter().map(unmet).collect(),
        }
    }
}

/// The result of a check.
#[derive(Serialize)]
pub(in crate::report) struct Check<'a> {
    failed: bool,
    #[serde(flatten)]
    summary: &'a CheckSummary,
    errors: &'a [String],
}

impl<'a> Check<'a> {
    pub(in crate::report) fn new(outcome: &'a Outcome) -> Option<Self> {
        let summary = outcome.check.as_ref()?;
        Some(Self { failed: summary.failed(), summary, errors: &outcome.errors })
    }
}
