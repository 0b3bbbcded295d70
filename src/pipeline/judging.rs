//! From flows that are over to their reports.

use crate::detect::judge;
use crate::flow::{End, Ended, Flow};
use crate::report::{Archive, CaptureReport, FlowReport};

use super::following::Gone;

/// What became of the flows that are over.
#[derive(Debug)]
pub(super) struct Judging {
    /// Flows that are listed early, at most.
    max_early: usize,
    archive: Archive,
    /// Reports that nobody fetched yet, where they are not kept.
    ready: Option<Vec<FlowReport>>,
    evicted: u64,
}

impl Judging {
    pub(super) fn new(max_early: usize) -> Self {
        Self { max_early, archive: Archive::of_all(), ready: None, evicted: 0 }
    }

    /// From now on reports are not kept, but wait for [`Judging::fetch`].
    pub(super) fn hand_out(&mut self) {
        self.ready.get_or_insert_default();
    }

    /// The reports of the flows that were judged since the last call, in that order.
    pub(super) fn fetch(&mut self) -> Vec<FlowReport> {
        self.ready.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Judges a flow; its memory can serve another one.
    pub(super) fn take(&mut self, gone: Gone) -> Box<Flow> {
        let Gone { ended: Ended { index, flow, end }, selected } = gone;
        let report = FlowReport { selected, ..FlowReport::new(index, &flow, judge(&flow)) };
        self.evicted += u64::from(end == End::Evicted);
        match &mut self.ready {
            Some(ready) => ready.push(report),
            None if end == End::Evicted => self.archive.keep_notable(report, self.max_early),
            None => self.archive.keep(report),
        }
        flow
    }

    /// Adds what became of the flows to `report`.
    pub(super) fn complete(self, report: CaptureReport) -> CaptureReport {
        let (flows, unlisted_flows) = self.archive.into_parts();
        CaptureReport { flows, unlisted_flows, evicted_flows: self.evicted, ..report }
    }
}
