//! The reports of flows that ended, for the report at the end: the worst and the busiest are kept, the others
//! are counted by verdict, so that a long capture needs no more memory than a short one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::detect::Verdict;
use crate::report::FlowReport;

/// Reports that are kept; twice as many for a while.
const KEPT: usize = 2_000;

/// What is remembered of the flows that ended.
#[derive(Debug, Default)]
pub(super) struct Archive {
    flows: Vec<FlowReport>,
    unlisted: BTreeMap<Verdict, u64>,
}

impl Archive {
    pub(super) fn keep(&mut self, flow: FlowReport) {
        self.flows.push(flow);
        if self.flows.len() >= KEPT * 2 {
            self.trim();
        }
    }

    /// The flows that were kept, in the order of their first frame, and how many were not.
    pub(super) fn into_parts(mut self) -> (Vec<FlowReport>, BTreeMap<Verdict, u64>) {
        if self.flows.len() > KEPT {
            self.trim();
        }
        self.flows.sort_unstable_by_key(|flow| flow.index);
        (self.flows, self.unlisted)
    }

    fn trim(&mut self) {
        self.flows
            .sort_unstable_by_key(|flow| Reverse((flow.verdict, flow.data_bytes(), Reverse(flow.index))));
        for flow in self.flows.drain(KEPT..) {
            *self.unlisted.entry(flow.verdict).or_default() += 1;
        }
    }
}
