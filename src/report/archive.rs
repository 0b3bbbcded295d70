//! The reports of flows that are over, for the report at the end. What is not kept is counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::detect::{Severity, Verdict};

use super::quiet::Quiet;
use super::{CaptureReport, FlowReport};

/// Reports that are kept.
#[derive(Debug)]
pub struct Archive {
    flows: Vec<FlowReport>,
    /// Those without a finding, where not all of them are wanted.
    quiet: Option<Quiet>,
    unlisted: BTreeMap<Verdict, u64>,
    at_most: usize,
}

impl Archive {
    /// An archive for a capture without an end: `at_most` reports are kept, the worst and the busiest, and twice
    /// as many for a while.
    pub fn of_the_worst(at_most: usize) -> Self {
        Self { at_most, ..Self::of_all() }
    }

    /// An archive that keeps all reports.
    pub fn of_all() -> Self {
        Self { flows: Vec::new(), quiet: None, unlisted: BTreeMap::new(), at_most: usize::MAX }
    }

    /// An archive that keeps the reports with findings, and of those without the worst `quiet` of each verdict.
    pub fn of_findings(quiet: usize) -> Self {
        Self { quiet: Some(Quiet::new(quiet)), ..Self::of_all() }
    }

    /// Keeps a report.
    pub fn keep(&mut self, flow: FlowReport) {
        if let Some(quiet) = &mut self.quiet
            && flow.findings.is_empty()
        {
            quiet.keep(flow);
            return;
        }
        self.flows.push(flow);
        if self.flows.len() / 2 >= self.at_most {
            self.trim();
        }
    }

    /// Keeps the report of a flow that had to go before it was over, if there is anything to say about it and
    /// it is not one of very many.
    pub fn keep_notable(&mut self, flow: FlowReport, at_most: usize) {
        let is_notable = flow.findings.iter().any(|finding| finding.rule.severity > Severity::Note);
        let listed = || self.flows.len() as u64 + self.quiet.as_ref().map_or(0, Quiet::flows);
        if is_notable && listed() < at_most as u64 {
            self.keep(flow);
        } else {
            self.count(&flow);
        }
    }

    /// Adds the flows that were kept to `report`, in the order of their first frame, and how many were not.
    pub fn complete(mut self, report: CaptureReport) -> CaptureReport {
        if self.flows.len() > self.at_most {
            self.trim();
        }
        let Self { mut flows, quiet, unlisted, .. } = self;
        let (kept, quiet) = quiet.map(Quiet::into_parts).unwrap_or_default();
        flows.extend(kept);
        flows.sort_unstable_by_key(|flow| flow.index);
        CaptureReport { flows, quiet, unlisted_flows: unlisted, ..report }
    }

    fn trim(&mut self) {
        self.flows.sort_unstable_by_key(|flow| Reverse(flow.badness()));
        for flow in self.flows.split_off(self.at_most) {
            self.count(&flow);
        }
    }

    fn count(&mut self, flow: &FlowReport) {
        *self.unlisted.entry(flow.verdict).or_default() += 1;
    }
}
