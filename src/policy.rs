//! What a team accepts: which findings fail a check, and what every flow is expected to be.
//!
//! A policy reads reports and writes its judgement into them, so that every format can print it. It comes from
//! the command line and from a file ([`config`]).

mod baseline;
pub mod config;
mod expectation;
mod threshold;

pub use baseline::{Baseline, Entry};
pub use expectation::{Demand, Expectation};
pub use threshold::{FailOn, confidence};

use std::collections::BTreeMap;

use crate::detect::{Confidence, Rule};
use crate::report::{CaptureReport, CheckSummary, Fault, Standing};

/// A policy, and what it has seen so far.
#[derive(Debug)]
pub struct Policy {
    fail_on: FailOn,
    min_confidence: Confidence,
    expectations: Vec<Expectation>,
    selectors: Vec<String>,
    judged: Vec<u64>,
    baseline: Option<Baseline>,
    /// All findings are accepted, because a new baseline is written.
    accept_all: bool,
    /// Findings that fail or are accepted: what a new baseline accepts.
    known: BTreeMap<String, Fault>,
    summary: CheckSummary,
}

impl Policy {
    /// A policy that has seen nothing.
    pub fn new(
        fail_on: FailOn,
        min_confidence: Confidence,
        expectations: Vec<Expectation>,
        baseline: Option<Baseline>,
    ) -> Self {
        let mut selectors: Vec<String> = expectations.iter().filter_map(|e| e.flows.clone()).collect();
        selectors.sort_unstable();
        selectors.dedup();
        let judged = vec![0; expectations.len()];
        Self {
            fail_on,
            min_confidence,
            expectations,
            selectors,
            judged,
            baseline,
            accept_all: false,
            known: BTreeMap::new(),
            summary: CheckSummary::default(),
        }
    }

    /// Accepts all findings from here on: their faults go into a new baseline.
    pub fn accept_all(&mut self) {
        self.accept_all = true;
        self.baseline = None;
    }

    /// The filters that pick flows for expectations, in the order of the bits of
    /// [`FlowReport::selected`](crate::report::FlowReport::selected).
    pub fn selectors(&self) -> &[String] {
        &self.selectors
    }

    /// Whether a finding of `rule` as sure as this fails.
    pub fn fails(&self, rule: &Rule, confidence: Confidence) -> bool {
        confidence >= self.min_confidence && self.fail_on.includes(rule)
    }

    /// Writes into `report` what the policy makes of it.
    pub fn judge(&mut self, report: &mut CaptureReport) {
        self.summary.captures += 1;
        self.summary.flows += report.flows.len() as u64;
        for flow in &mut report.flows {
            let standings = flow.findings.iter().map(|finding| {
                if finding.confidence < self.min_confidence || !self.fail_on.includes(finding.rule) {
                    return Standing::Tolerated;
                }
                let fault = Fault::of(flow, finding);
                let baseline = self.baseline.as_mut();
                let accepted = self.accept_all || baseline.is_some_and(|baseline| baseline.accepts(&fault));
                self.known.entry(fault.to_string()).or_insert(fault);
                if accepted { Standing::Accepted } else { Standing::Fails }
            });
            flow.standings = standings.collect();
            let count = |standing| flow.standings.iter().filter(|other| **other == standing).count() as u64;
            self.summary.failing_findings += count(Standing::Fails);
            self.summary.accepted_findings += count(Standing::Accepted);
        }
        let mut results = Vec::with_capacity(self.expectations.len());
        for (expectation, judged) in self.expectations.iter().zip(&mut self.judged) {
            let bit = expectation.flows.as_ref().and_then(|flows| self.selectors.binary_search(flows).ok());
            let expected = expectation.hold(&report.flows, bit);
            *judged += expected.judged;
            self.summary.failing_expectations += u64::from(!expected.unmet.is_empty());
            results.push(expected);
        }
        report.expected = Some(results);
    }

    /// The expectations that no flow of any capture could be held against, in words.
    pub fn vacuous(&self) -> impl Iterator<Item = String> {
        let judged = self.expectations.iter().zip(&self.judged);
        judged.filter(|(_, judged)| **judged == 0).map(|(expectation, _)| expectation.wording())
    }

    /// What a baseline must accept for all that was seen to pass.
    pub fn known(&self) -> impl Iterator<Item = &Fault> {
        self.known.values()
    }

    /// The result. Entries of the baseline are only stale when `complete` input was judged.
    pub fn summary(mut self, complete: bool) -> CheckSummary {
        let stale = self.baseline.iter().filter(|_| complete).flat_map(Baseline::stale);
        self.summary.stale = stale.map(ToString::to_string).collect();
        self.summary
    }
}

/// The candidate that `word` was probably meant to be.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_ascii_lowercase());
    let near = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2.max(word.len() / 3)).then_some(candidate)
}
