//! The reports of flows that are over, for the report at the end. What is not kept is counted by verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::detect::{Severity, Verdict};

use super::FlowReport;

/// Reports that are kept.
#[derive(Debug)]
pub struct Archive {
    flows: Vec<FlowReport>,
    unlisted: BTreeMap<Verdict, u64>,
    at_most: usize,
}

impl Archive {
    /// An archive for a capture without an end: `at_most` reports are kept, the worst and the busiest, and twice
    /// as many for a while.
    pub fn of_the_worst(at_most: usize) -> Self {
        Self { flows: Vec::new(), unlisted: BTreeMap::new(), at_most }
    }

    /// An archive that keeps all reports.
    pub fn of_all() -> Self {
        Self::of_the_worst(usize::MAX)
    }

    /// Keeps a report.
    pub fn keep(&mut self, flow: FlowReport) {
        self.flows.push(flow);
        if self.flows.len() / 2 >= self.at_most {
            self.trim();
        }
    }

    /// Keeps the report of a flow that had to go before it was over, if there is anything to say about it and
    /// it is not one of very many.
    pub fn keep_notable(&mut self, flow: FlowReport, at_most: usize) {
        let is_notable = flow.findings.iter().any(|finding| finding.rule.severity > Severity::Note);
        if is_notable && self.flows.len() < at_most {
            self.keep(flow);
        } else {
            self.count(&flow);
        }
    }

    /// The flows that were kept, in the order of their first frame, and how many were not.
    pub fn into_parts(mut self) -> (Vec<FlowReport>, BTreeMap<Verdict, u64>) {
        if self.flows.len() > self.at_most {
            self.trim();
        }
        self.flows.sort_unstable_by_key(|flow| flow.index);
        (self.flows, self.unlisted)
    }

    fn trim(&mut self) {
        self.flows
            .sort_unstable_by_key(|flow| Reverse((flow.verdict, flow.data_bytes(), Reverse(flow.index))));
        for flow in self.flows.split_off(self.at_most) {
            self.count(&flow);
        }
    }

    fn count(&mut self, flow: &FlowReport) {
        *self.unlisted.entry(flow.verdict).or_default() += 1;
    }
}
