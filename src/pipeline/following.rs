//! From segments to flows that are over, with all that is known about them.

use crate::flow::{Ended, FlowTable, Keys, Limits};

use super::judging::Judging;
use super::looking::Sighting;

/// The flows of a capture that are alive.
#[derive(Debug)]
pub(super) struct Following {
    table: FlowTable,
    /// By the index of the flow, the bits of the selectors; only as long as something was selected.
    selected: Vec<u64>,
    late_segments: u64,
    /// Those that the latest segment ended.
    gone: Vec<Gone>,
}

/// A flow that is over, and the selectors that a frame of it matched.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) ended: Ended,
    pub(super) selected: u64,
}

impl Following {
    pub(super) fn new(limits: Limits) -> Self {
        Self { table: FlowTable::new(limits), selected: Vec::new(), late_segments: 0, gone: Vec::new() }
    }

    /// Follows at most `flows` at once.
    pub(super) fn limit(&mut self, flows: usize) {
        self.table.limit(flows);
    }

    /// What makes the keys of its flows.
    pub(super) fn keys(&self) -> &Keys {
        self.table.keys()
    }

    /// Adds a segment to its flow. Flows that have to go are judged, and their memory serves others.
    pub(super) fn note(&mut self, sighting: &Sighting, judging: &mut Judging) {
        let Self { table, selected, late_segments, gone } = self;
        let Sighting { segment, key, .. } = sighting;
        let noted = table.note_keyed(segment, *key, &mut |ended| gone.push(Gone::new(ended, selected)));
        *late_segments += u64::from(noted.is_late());
        for gone in gone.drain(..) {
            table.recycle(judging.take(gone));
        }
        if sighting.selected != 0 {
            self.select(noted.index, sighting.selected);
        }
    }

    /// Hands over the flows that are left, in the order of their first frame.
    pub(super) fn end(&mut self, take: &mut dyn FnMut(Gone)) {
        let Self { table, selected, .. } = self;
        table.drain(&mut |ended| take(Gone::new(ended, selected)));
    }

    /// Segments of flows that were over.
    pub(super) fn late_segments(&self) -> u64 {
        self.late_segments
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

impl Gone {
    fn new(ended: Ended, selected: &[u64]) -> Self {
        let selected = usize::try_from(ended.index).ok().and_then(|index| selected.get(index)).copied();
        Self { ended, selected: selected.unwrap_or(0) }
    }
}
