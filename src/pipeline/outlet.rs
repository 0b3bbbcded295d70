//! Where the reports of flows go.

use std::ops::ControlFlow;

use crate::report::{Archive, CaptureReport, FlowReport};

use super::judging::Judged;

/// Takes the reports of flows as they end.
pub(super) type Sink<'a> = &'a mut dyn FnMut(FlowReport) -> ControlFlow<()>;

/// Reports that are kept for the end.
#[derive(Debug)]
pub(super) struct Kept {
    archive: Archive,
    /// Flows that are listed although they were judged early, at most.
    max_early: usize,
    evicted: u64,
}

/// The way out of the pipeline: to somebody who wants each report, until nobody wants them any more, or else to
/// what is kept.
pub(super) struct Outlet<'k, 's> {
    kept: &'k mut Kept,
    sink: Option<Sink<'s>>,
    is_closed: bool,
}

impl<'k, 's> Outlet<'k, 's> {
    pub(super) fn new(kept: &'k mut Kept, sink: Option<Sink<'s>>) -> Self {
        Self { kept, sink, is_closed: false }
    }

    /// Nobody wants reports any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Lets the reports out, and leaves the list empty.
    pub(super) fn hand_out(&mut self, judged: &mut Vec<Judged>) {
        for Judged { report, early } in judged.drain(..) {
            self.kept.evicted += u64::from(early);
            match &mut self.sink {
                Some(_) if self.is_closed => {}
                Some(sink) => self.is_closed = sink(report).is_break(),
                None => self.kept.keep(report, early),
            }
        }
    }
}

impl Kept {
    pub(super) fn new(max_early: usize) -> Self {
        Self { archive: Archive::of_all(), max_early, evicted: 0 }
    }

    /// Lists at most `flows` that were judged early.
    pub(super) fn limit(&mut self, flows: usize) {
        self.max_early = flows;
    }

    /// Keeps reports in `archive`.
    pub(super) fn keep_in(&mut self, archive: Archive) {
        self.archive = archive;
    }

    fn keep(&mut self, report: FlowReport, early: bool) {
        if early {
            self.archive.keep_notable(report, self.max_early);
        } else {
            self.archive.keep(report);
        }
    }

    /// Adds what became of the flows to `report`.
    pub(super) fn complete(self, report: CaptureReport) -> CaptureReport {
        self.archive.complete(CaptureReport { evicted_flows: self.evicted, ..report })
    }
}
