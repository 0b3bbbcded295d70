//! The stages in order: source, decode, flow, detect, report.
//!
//! The only place, with the command line, that knows more than one step of it.

mod following;
mod judging;
mod live;
mod looking;
mod outlet;
mod overlapped;
mod series;
mod trace;

pub use live::{Judged, LiveAnalysis};
pub use series::Series;
pub use trace::trace;

use std::ops::ControlFlow;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::flow::Limits;
use crate::report::{Archive, CaptureReport, CheckedSums, FlowReport};
use crate::source::{Error, Filter, Frame, Source};

use following::Following;
use judging::Judging;
use looking::{Looking, Sighting};
use outlet::{Kept, Outlet, Sink};

/// A capture that is being judged. Feed it frames, then finish it; or let it read a source.
#[derive(Debug)]
pub struct Analysis {
    stages: Stages,
    kept: Kept,
}

/// From frames to judged flows.
#[derive(Debug)]
struct Stages {
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
        let looking = Looking::new(decoder, following.keys().clone(), report);
        Ok(Self {
            stages: Stages { looking, following, judging: Judging::default() },
            kept: Kept::new(Limits::SAVED.max_flows),
        })
    }

    /// Follows at most `flows` at once. The one that was silent for longest is judged early to make room; it is
    /// listed in the report if there is anything to say about it, and counted otherwise.
    #[must_use]
    pub fn with_max_flows(mut self, flows: usize) -> Self {
        self.stages.following.limit(flows);
        self.kept.limit(flows);
        self
    }

    /// Keeps the reports of flows in `archive`; otherwise all of them are kept.
    #[must_use]
    pub fn with_archive(mut self, archive: Archive) -> Self {
        self.kept.keep_in(archive);
        self
    }

    /// Marks the flows of which a frame matches an expression in tcpdump's syntax: a bit of
    /// [`FlowReport::selected`] for each, 64 at most.
    pub fn select(&mut self, source: &dyn Source, expressions: &[String]) -> Result<(), Error> {
        let compile = |expression: &String| Filter::new(expression, source.link_types());
        let selectors = expressions.iter().take(64).map(compile).collect::<Result<_, _>>()?;
        self.stages.looking.select(selectors);
        Ok(())
    }

    /// Checks and counts checksums too; no verdict depends on them.
    pub fn check_sums(&mut self) {
        self.stages.looking.report_mut().checksums = Some(CheckedSums::default());
    }

    /// Takes one frame into account.
    pub fn note(&mut self, frame: &Frame<'_>) {
        let Stages { looking, following, judging } = &mut self.stages;
        let mut sighting = Sighting::default();
        if looking.at(frame, &mut sighting) {
            following.note(&sighting, judging);
            let mut judged = Vec::new();
            judging.fetch(&mut judged);
            Outlet::new(&mut self.kept, None).hand_out(&mut judged);
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
        let Self { stages, kept } = self;
        let is_streamed = sink.is_some();
        let mut outlet = Outlet::new(kept, sink);
        let ended = overlapped::read(stages, source, progress, &mut outlet);
        if is_streamed {
            stages.end(&mut outlet);
        }
        let report = stages.looking.report_mut();
        report.frames = source.frames();
        if let Err(error) = &ended {
            report.incomplete = Some(error.cause().to_owned());
        }
        ended
    }

    /// Judges the flows that are left.
    pub fn finish(self) -> CaptureReport {
        let Self { mut stages, mut kept } = self;
        stages.end(&mut Outlet::new(&mut kept, None));
        let late_segments = stages.following.late_segments();
        kept.complete(CaptureReport { late_segments, ..stages.looking.into_report() })
    }
}

impl Stages {
    /// Judges the flows that are left, in the order of their first frame.
    fn end(&mut self, outlet: &mut Outlet<'_, '_>) {
        let Self { following, judging, .. } = self;
        let mut judged = Vec::new();
        following.end(&mut |gone| {
            drop(judging.take(gone));
            judging.fetch(&mut judged);
            outlet.hand_out(&mut judged);
        });
    }
}
