//! Flows without a finding, where only the worst of them are shown: the others are counted, so that a report for
//! people takes no more memory for a million healthy flows than for a few.

use std::collections::{BTreeMap, HashMap};

use crate::decode::Endpoint;
use crate::detect::Verdict;

use super::{Badness, FlowReport};

/// The worst flows of each verdict, and how many others there are.
#[derive(Debug)]
pub(super) struct Quiet {
    /// Of each verdict.
    at_most: usize,
    kept: BTreeMap<Verdict, BTreeMap<Badness, FlowReport>>,
    counted: Tally,
}

/// Flows that are counted and not kept.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    by_verdict: BTreeMap<Verdict, u64>,
    by_server: HashMap<Endpoint, u64>,
}

impl Quiet {
    pub(super) fn new(at_most: usize) -> Self {
        Self { at_most, kept: BTreeMap::new(), counted: Tally::default() }
    }

    pub(super) fn keep(&mut self, flow: FlowReport) {
        let Self { at_most, kept, counted } = self;
        let kept = kept.entry(flow.verdict).or_default();
        let badness = flow.badness();
        if kept.len() < *at_most {
            kept.insert(badness, flow);
        } else if let Some(best) = kept.first_entry()
            && badness > *best.key()
        {
            counted.count(&best.remove());
            kept.insert(badness, flow);
        } else {
            counted.count(&flow);
        }
    }

    /// All that it was given.
    pub(super) fn flows(&self) -> u64 {
        self.kept.values().map(|kept| kept.len() as u64).sum::<u64>() + self.counted.flows()
    }

    /// The flows that were kept, in no order, and how many were not.
    pub(super) fn into_parts(self) -> (Vec<FlowReport>, Tally) {
        (self.kept.into_values().flat_map(BTreeMap::into_values).collect(), self.counted)
    }
}

impl Tally {
    fn count(&mut self, flow: &FlowReport) {
        *self.by_verdict.entry(flow.verdict).or_default() += 1;
        *self.by_server.entry(flow.endpoints.server).or_default() += 1;
    }

    /// All of them.
    pub fn flows(&self) -> u64 {
        self.by_verdict.values().sum()
    }

    /// Those of one verdict.
    pub fn of_verdict(&self, verdict: Verdict) -> u64 {
        self.by_verdict.get(&verdict).copied().unwrap_or(0)
    }

    /// Those to one server.
    pub fn to_server(&self, server: Endpoint) -> u64 {
        self.by_server.get(&server).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;
    use crate::decode::Segment;
    use crate::detect::judge;
    use crate::flow::Flow;

    /// A flow of one frame to `port`, and of so many bytes.
    fn flow(index: u64, port: u16, bytes: u64) -> FlowReport {
        let destination = Endpoint { port, ..Endpoint::default() };
        let flow = Flow::new(&Segment { destination, ..Segment::default() });
        let mut report = FlowReport::new(index, &flow, judge(&flow));
        report.windows.client.data_bytes = bytes;
        report
    }

    #[test]
    fn the_worst_are_kept_and_the_others_counted() {
        let mut quiet = Quiet::new(2);
        for (index, (port, bytes)) in (0..).zip([(80, 5), (443, 9), (443, 5), (80, 9), (443, 1), (443, 9)]) {
            quiet.keep(flow(index, port, bytes));
        }
        quiet.keep(FlowReport { verdict: Verdict::Healthy, ..flow(6, 80, 0) });
        assert_eq!(quiet.flows(), 7);
        let (mut kept, others) = quiet.into_parts();
        kept.sort_by_key(|flow| Reverse(flow.badness()));
        assert_eq!(kept.iter().map(|flow| flow.index).collect::<Vec<u64>>(), [1, 3, 6]);
        assert_eq!((others.of_verdict(Verdict::Unknown), others.of_verdict(Verdict::Healthy)), (4, 0));
        let to = |port| others.to_server(Endpoint { port, ..Endpoint::default() });
        assert_eq!((to(80), to(443), to(22), others.flows()), (1, 3, 0, 4));
    }
}
