//! The stages in order: source, decode, flow, detect, report.
//!
//! The only place, with the command line, that knows more than one step of it.

mod live;
mod series;
mod trace;

pub use live::{Judged, LiveAnalysis};
pub use series::Series;
pub use trace::trace;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::detect::judge;
use crate::flow::FlowTable;
use crate::report::{CaptureReport, CheckedSums, FlowReport};
use crate::source::{Error, Frame, Selector, Source};

/// A capture that is being judged. Feed it frames, then finish it.
#[derive(Debug)]
pub struct Analysis {
    decoder: Decoder,
    flows: FlowTable,
    selection: Selection,
    report: CaptureReport,
}

/// Which flows the selectors of a policy pick.
#[derive(Default)]
struct Selection {
    selectors: Vec<Selector>,
    /// By the index of the flow, a bit per selector.
    selected: Vec<u64>,
}

impl std::fmt::Debug for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Selection").field("selected", &self.selected).finish_non_exhaustive()
    }
}

impl Selection {
    fn note(&mut self, frame: &Frame<'_>, flow: usize) {
        if self.selectors.is_empty() {
            return;
        }
        if self.selected.len() <= flow {
            self.selected.resize(flow + 1, 0);
        }
        let Some(selected) = self.selected.get_mut(flow) else { return };
        for (bit, selector) in self.selectors.iter().enumerate() {
            if *selected & (1 << bit) == 0 && selector.matches(frame) {
                *selected |= 1 << bit;
            }
        }
    }

    fn of(&self, flow: u64) -> u64 {
        usize::try_from(flow).ok().and_then(|flow| self.selected.get(flow)).copied().unwrap_or(0)
    }
}

impl Analysis {
    /// Begins to judge what comes from `source`, reported under `name`.
    pub fn new(name: &str, source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        let (decoder, link_type) = Decoder::for_any(source.link_types())?;
        Ok(Self {
            decoder,
            flows: FlowTable::default(),
            selection: Selection::default(),
            report: CaptureReport {
                source: name.to_owned(),
                link_type: link_type.name.clone(),
                ..CaptureReport::default()
            },
        })
    }

    /// Marks the flows of which a frame matches an expression in tcpdump's syntax: a bit of
    /// [`FlowReport::selected`] for each, 64 at most.
    pub fn select(&mut self, source: &dyn Source, expressions: &[String]) -> Result<(), Error> {
        let compile = |expression: &String| Selector::compile(source.link_type(), expression);
        self.selection.selectors = expressions.iter().take(64).map(compile).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Checks and counts checksums too; no verdict depends on them.
    pub fn check_sums(&mut self) {
        self.report.checksums = Some(CheckedSums::default());
    }

    /// Takes one frame into account.
    pub fn note(&mut self, frame: &Frame<'_>) {
        let report = &mut self.report;
        report.first_us.get_or_insert(frame.time_us);
        report.last_us = Some(report.last_us.map_or(frame.time_us, |last| last.max(frame.time_us)));
        match self.decoder.decode(frame) {
            Ok(segment) => {
                report.segments += 1;
                let flow = self.flows.note(&segment);
                self.selection.note(frame, flow);
                if let Some(checksums) = &mut report.checksums {
                    checksums.count(self.decoder.checksums(frame));
                }
            }
            Err(skip) => report.skipped.count(skip),
        }
    }

    /// Reads `source` to its end. What ends it early is kept in the report. `progress` is called now and then
    /// with the bytes read.
    pub fn read(&mut self, source: &mut dyn Source, progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
        let ended = source.read_all(&mut |frame| self.note(frame), progress);
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
        let flows = flows.map(|(flow, index)| FlowReport {
            selected: self.selection.of(index),
            ..FlowReport::new(index, flow, judge(flow))
        });
        let flows = flows.collect();
        CaptureReport { flows, ..self.report }
    }
}
