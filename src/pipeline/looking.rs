//! From frames to segments: what is no segment is counted.

use crate::decode::{Decoder, Segment};
use crate::flow::{Key, Keys};
use crate::report::CaptureReport;
use crate::source::{Filter, Frame};

/// A segment, its key, and which selectors its frame matches, a bit each.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    pub(super) segment: Segment,
    pub(super) key: Key,
    pub(super) selected: u64,
}

/// The frames of a capture.
pub(super) struct Looking {
    decoder: Decoder,
    keys: Keys,
    selectors: Vec<Filter>,
    report: CaptureReport,
}

impl std::fmt::Debug for Looking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looking").field("report", &self.report).finish_non_exhaustive()
    }
}

impl Looking {
    pub(super) fn new(decoder: Decoder, keys: Keys, report: CaptureReport) -> Self {
        Self { decoder, keys, selectors: Vec::new(), report }
    }

    pub(super) fn select(&mut self, selectors: Vec<Filter>) {
        self.selectors = selectors;
    }

    /// What was counted.
    pub(super) fn report_mut(&mut self) -> &mut CaptureReport {
        &mut self.report
    }

    pub(super) fn into_report(self) -> CaptureReport {
        self.report
    }

    /// Counts a frame, and decodes it to `sighting`; `false` if it holds no segment.
    pub(super) fn at(&mut self, frame: &Frame<'_>, sighting: &mut Sighting) -> bool {
        let report = &mut self.report;
        report.first_us.get_or_insert(frame.time_us);
        report.last_us = Some(report.last_us.map_or(frame.time_us, |last| last.max(frame.time_us)));
        match self.decoder.decode_to(frame, &mut sighting.segment) {
            Ok(()) => {
                report.segments += 1;
                sighting.key = self.keys.of(&sighting.segment);
                if let Some(checksums) = &mut report.checksums {
                    checksums.count(self.decoder.checksums(frame));
                }
                let matches = self.selectors.iter_mut().map(|selector| selector.matches(frame));
                sighting.selected =
                    (0..).zip(matches).fold(0, |bits, (bit, set)| bits | u64::from(set) << bit);
                true
            }
            Err(skip) => {
                report.skipped.count(skip);
                false
            }
        }
    }
}
