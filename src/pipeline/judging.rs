//! From segments to judged flows: each is judged when it leaves the table.

use crate::detect::judge;
use crate::flow::{End, Ended, FlowTable, Limits};
use crate::report::{Archive, CaptureReport, FlowReport};

use super::looking::Sighting;

/// The flows of a capture, and the reports of those that are over.
#[derive(Debug)]
pub(super) struct Judging {
    table: FlowTable,
    over: Over,
    late_segments: u64,
}

/// What became of the flows that are over.
#[derive(Debug)]
struct Over {
    /// Flows that are listed early, at most.
    max_early: usize,
    archive: Archive,
    /// Reports that nobody fetched yet, where they are not kept.
    ready: Option<Vec<FlowReport>>,
    /// By the index of the flow, the bits of the selectors; only as long as something was selected.
    selected: Vec<u64>,
    evicted: u64,
}

impl Judging {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            table: FlowTable::new(limits),
            over: Over {
                max_early: limits.max_flows,
                archive: Archive::of_all(),
                ready: None,
                selected: Vec::new(),
                evicted: 0,
            },
            late_segments: 0,
        }
    }

    /// From now on reports are not kept, but wait for [`Judging::fetch`].
    pub(super) fn hand_out(&mut self) {
        self.over.ready.get_or_insert_default();
    }

    /// The reports of the flows that ended since the last call, in that order.
    pub(super) fn fetch(&mut self) -> Vec<FlowReport> {
        self.over.ready.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn note(&mut self, sighting: &Sighting) {
        let Self { table, over, late_segments } = self;
        let noted = table.note(&sighting.segment, &mut |ended| over.take(&ended));
        *late_segments += u64::from(noted.is_late());
        if sighting.selected != 0 {
            over.select(noted.index, sighting.selected);
        }
    }

    /// Judges the flows that are left, in the order of their first frame.
    pub(super) fn end(&mut self) {
        let Self { table, over, .. } = self;
        table.drain(&mut |ended| over.take(&ended));
    }

    /// Adds what became of the flows to `report`.
    pub(super) fn complete(self, report: CaptureReport) -> CaptureReport {
        let (flows, unlisted_flows) = self.over.archive.into_parts();
        CaptureReport {
            flows,
            unlisted_flows,
            evicted_flows: self.over.evicted,
            late_segments: self.late_segments,
            ..report
        }
    }
}

impl Over {
    fn take(&mut self, ended: &Ended<'_>) {
        let Ended { index, flow, end } = *ended;
        let selected = usize::try_from(index).ok().and_then(|index| self.selected.get(index)).copied();
        let report =
            FlowReport { selected: selected.unwrap_or(0), ..FlowReport::new(index, flow, judge(flow)) };
        self.evicted += u64::from(end == End::Evicted);
        match &mut self.ready {
            Some(ready) => ready.push(report),
            None if end == End::Evicted => self.archive.keep_notable(report, self.max_early),
            None => self.archive.keep(report),
        }
    }

    fn select(&mut self, index: u64, bits: u64) {
        let Ok(index) = usize::try_from(index) else { return };
        if self.selected.len() <= index {
            self.selected.resize(index + 1, 0);
        }
        if let Some(selected) = self.selected.get_mut(index) {
            *selected |= bits;
        }
    }
}
