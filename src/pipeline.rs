//! The stages in order: source, decode, flow, detect, report.
//!
//! The only place, with the command line, that knows more than one step of it.

mod following;
mod judging;
mod live;
mod looking;
mod overlapped;
mod series;
mod trace;

pub use live::{Judged, LiveAnalysis};
pub use series::Series;
pub use trace::trace;

use std::ops::ControlFlow;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::flow::Limits;
use crate::report::{CaptureReport, CheckedSums, FlowReport};
use crate::source::{Error, Frame, Selector, Source};

use following::Following;
use judging::Judging;
use looking::{Looking, Sighting};

/// Takes the reports of flows as they end.
type Sink<'a> = &'a mut dyn FnMut(FlowReport) -> ControlFlow<()>;

/// A capture that is being judged. Feed it frames, then finish it; or let it read a source.
#[derive(Debug)]
pub struct Analysis {
    looking: Looking,
    following: Following,
    judging: Judging,
}

impl Analysis {
    /// Begins to judge what comes from `source`, reported under `name`.
    pub fn new(name: &str, source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        let (decoder, link_type) = Decoder::for_any(source.link_types())?;
        let report = CaptureReport {
            source: name.to_owned(),
            link_type: link_type.name.clone(),
            ..CaptureReport::default()
        };
        let following = Following::new(Limits::SAVED);
        Ok(Self {
            looking: Looking::new(decoder, following.keys().clone(), report),
            following,
            judging: Judging::new(Limits::SAVED.max_flows),
        })
    }

    /// Follows at most `flows` at once. The one that was silent for longest is judged early to make room; it is
    /// listed in the report if there is anything to say about it, and counted otherwise.
    #[must_use]
    pub fn with_max_flows(mut self, flows: usize) -> Self {
        self.following.limit(flows);
        self.judging = Judging::new(flows);
        self
    }

    /// Marks the flows of which a frame matches an expression in tcpdump's syntax: a bit of
    /// [`FlowReport::selected`] for each, 64 at most.
    pub fn select(&mut self, source: &dyn Source, expressions: &[String]) -> Result<(), Error> {
        let compile = |expression: &String| Selector::compile(source.link_type(), expression);
        let selectors = expressions.iter().take(64).map(compile).collect::<Result<_, _>>()?;
        self.looking.select(selectors);
        Ok(())
    }

    /// Checks and counts checksums too; no verdict depends on them.
    pub fn check_sums(&mut self) {
        self.looking.report_mut().checksums = Some(CheckedSums::default());
    }

    /// Takes one frame into account.
    pub fn note(&mut self, frame: &Frame<'_>) {
        let mut sighting = Sighting::default();
        if self.looking.at(frame, &mut sighting) {
            self.following.note(&sighting, &mut self.judging);
        }
    }

    /// Reads `source` to its end, decoding and following flows on two cores where there are two. What ends it
    /// early is kept in the report. `progress` is called now and then with the bytes read.
    pub fn read(&mut self, source: &mut dyn Source, progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
        self.read_with(source, progress, None)
    }

    /// The same, but the report of each flow goes to `sink` as soon as the flow is over, in that order, and is
    /// not kept: memory follows the flows that are alive, not the capture. `sink` may end it.
    pub fn stream(
        &mut self,
        source: &mut dyn Source,
        progress: &mut dyn FnMut(u64),
        sink: &mut dyn FnMut(FlowReport) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.read_with(source, progress, Some(sink))
    }

    fn read_with(
        &mut self,
        source: &mut dyn Source,
        progress: &mut dyn FnMut(u64),
        sink: Option<Sink<'_>>,
    ) -> Result<(), Error> {
        let ended = overlapped::read(self, source, progress, sink);
        let report = self.looking.report_mut();
        report.frames = source.frames();
        if let Err(error) = &ended {
            report.incomplete = Some(error.cause().to_owned());
        }
        ended
    }

    /// Judges the flows that are left.
    pub fn finish(mut self) -> CaptureReport {
        self.end();
        let late_segments = self.following.late_segments();
        self.judging.complete(CaptureReport { late_segments, ..self.looking.into_report() })
    }

    fn end(&mut self) {
        self.following.end(&mut self.judging);
    }
}
