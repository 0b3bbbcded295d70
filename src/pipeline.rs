//! The stages in order: source, decode, flow, detect, report.
//!
//! The only place, with the command line, that knows more than one step of it.

mod live;
mod series;

pub use live::{Judged, LiveAnalysis};
pub use series::Series;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::detect::judge;
use crate::flow::FlowTable;
use crate::report::{CaptureReport, FlowReport};
use crate::source::{Error, Frame, Source};

/// A capture that is being judged. Feed it frames, then finish it.
#[derive(Debug)]
pub struct Analysis {
    decoder: Decoder,
    flows: FlowTable,
    report: CaptureReport,
}

impl Analysis {
    /// Begins to judge what comes from `source`, reported under `name`.
    pub fn new(name: &str, source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        let link_type = source.link_type();
        Ok(Self {
            decoder: Decoder::new(link_type)?,
            flows: FlowTable::default(),
            report: CaptureReport {
                source: name.to_owned(),
                link_type: link_type.name.clone(),
                ..CaptureReport::default()
            },
        })
    }

    /// Takes one frame into account.
    pub fn note(&mut self, frame: &Frame<'_>) {
        let report = &mut self.report;
        report.first_us.get_or_insert(frame.time_us);
        report.last_us = Some(report.last_us.map_or(frame.time_us, |last| last.max(frame.time_us)));
        match self.decoder.decode(frame) {
            Ok(segment) => {
                report.segments += 1;
                self.flows.note(&segment);
            }
            Err(skip) => report.skipped.count(skip),
        }
    }

    /// Reads `source` to its end. What ends it early is kept in the report. `progress` is called now and then
    /// with the bytes read.
    pub fn read(&mut self, source: &mut dyn Source, progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
        /// Frames between two calls of `progress`.
        const STEP: u64 = 4096;
        let ended = loop {
            match source.read_frame(&mut |frame| self.note(frame)) {
                Ok(true) if source.frames().is_multiple_of(STEP) => progress(source.bytes_read()),
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.report.frames = source.frames();
        if let Err(error) = &ended {
            self.report.incomplete = Some(error.cause().to_owned());
        }
        ended
    }

    /// Judges all flows.
    pub fn finish(mut self) -> CaptureReport {
        self.flows.link_twins();
        let flows = self.flows.flows().iter().zip(0..);
        let flows = flows.map(|(flow, index)| FlowReport::new(index, flow, judge(flow))).collect();
        CaptureReport { flows, ..self.report }
    }
}
