//! From flows that are over to their reports.

use crate::detect::judge;
use crate::flow::{End, Ended, Flow};
use crate::report::FlowReport;

use super::following::Gone;

/// A flow that was judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) report: FlowReport,
    /// It had to make room for others, and may not be over.
    pub(super) early: bool,
}

/// The flows that were judged and that nobody fetched yet, in that order.
#[derive(Debug, Default)]
pub(super) struct Judging {
    ready: Vec<Judged>,
}

impl Judging {
    /// Judges a flow; its memory can serve another one.
    pub(super) fn take(&mut self, gone: Gone) -> Box<Flow> {
        let Gone { ended: Ended { index, flow, end }, selected } = gone;
        let report = FlowReport { selected, ..FlowReport::new(index, &flow, judge(&flow)) };
        self.ready.push(Judged { report, early: end == End::Evicted });
        flow
    }

    /// Exchanges what is ready for an empty list: none is allocated again and again.
    pub(super) fn fetch(&mut self, fetched: &mut Vec<Judged>) {
        std::mem::swap(&mut self.ready, fetched);
    }
}
