//! Reading and decoding on one core, following flows and judging them on another.
//!
//! Both halves of the work cost about the same per frame, so two cores read a capture almost twice as fast as
//! one. Segments go over in batches, and the empty batches come back with the reports of flows that ended: no
//! allocation per frame, and everything is handed out on the caller's thread, in a stable order. A flow never
//! goes over: its memory is a hundred times that of a segment, and stays in the cache of the core that needs it.

use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

use crate::report::FlowReport;
use crate::source::{Error, Source};

use super::following::Following;
use super::looking::{Looking, Sighting};
use super::{Analysis, Judging, Sink};

/// Frames for a batch: enough that waking the other thread costs little per frame, few enough for the cache.
const BATCH: usize = 2048;

/// Batches on their way at once.
const BATCHES: usize = 2;

/// What goes over to the other thread and back.
#[derive(Default)]
struct Batch {
    /// As many as there are frames at most; what is behind the first `filled` is from before.
    sightings: Vec<Sighting>,
    filled: usize,
    /// On the way back: the reports of the flows that ended by it.
    ended: Vec<FlowReport>,
}

/// Where reports go until nobody wants them any more. Without a sink they are kept elsewhere.
struct Outlet<'a> {
    sink: Option<Sink<'a>>,
    is_closed: bool,
}

/// Reads `source` to its end. `sink` gets the reports of flows as they end; without it they are kept.
pub(super) fn read(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    sink: Option<Sink<'_>>,
) -> Result<(), Error> {
    if sink.is_some() {
        analysis.judging.hand_out();
    }
    let is_streamed = sink.is_some();
    let mut outlet = Outlet { sink, is_closed: false };
    let mut batch = Batch::default();
    let ended = match batch.fill(source, &mut analysis.looking) {
        Ok(true) if is_worth_a_thread(source) => on_two_cores(analysis, source, progress, &mut outlet, batch),
        filled => on_one_core(analysis, source, progress, &mut outlet, (batch, filled)),
    };
    if is_streamed {
        analysis.end();
        outlet.hand_out(&mut analysis.judging.fetch());
    }
    ended
}

/// Not a capture that fits one batch.
fn is_worth_a_thread(source: &dyn Source) -> bool {
    source.frames() >= BATCH as u64 && thread::available_parallelism().map_or(1, NonZero::get) > 1
}

fn on_one_core(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
    begun: (Batch, Result<bool, Error>),
) -> Result<(), Error> {
    let Analysis { looking, following, judging } = analysis;
    let (mut batch, mut filled) = begun;
    loop {
        batch.follow(following, judging);
        outlet.hand_out(&mut batch.ended);
        progress(source.bytes_read());
        if !filled? || outlet.is_closed {
            return Ok(());
        }
        filled = batch.fill(source, looking);
    }
}

fn on_two_cores(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
    mut batch: Batch,
) -> Result<(), Error> {
    let Analysis { looking, following, judging } = analysis;
    thread::scope(|scope| {
        let (full, batches) = mpsc::sync_channel(BATCHES);
        let (done, followed) = mpsc::channel();
        scope.spawn(move || {
            for mut batch in batches {
                Batch::follow(&mut batch, following, judging);
                if done.send(batch).is_err() {
                    return;
                }
            }
        });
        let mut filled = Ok(true);
        while let Ok(true) = filled
            && !outlet.is_closed
        {
            let mut next: Batch = followed.try_recv().unwrap_or_default();
            outlet.hand_out(&mut next.ended);
            // The other thread lives as long as it is sent something.
            let _ = full.send(std::mem::replace(&mut batch, next));
            progress(source.bytes_read());
            filled = batch.fill(source, looking);
        }
        let _ = full.send(batch);
        drop(full);
        for mut batch in followed {
            outlet.hand_out(&mut batch.ended);
        }
        filled.map(drop)
    })
}

impl Batch {
    /// Reads and decodes as many frames as fit; `false` at the end of the source.
    fn fill(&mut self, source: &mut dyn Source, looking: &mut Looking) -> Result<bool, Error> {
        let Self { sightings, filled, .. } = self;
        sightings.resize_with(BATCH, Sighting::default);
        *filled = 0;
        source.read(BATCH, &mut |frame| {
            if let Some(sighting) = sightings.get_mut(*filled) {
                *filled += usize::from(looking.at(frame, sighting));
            }
        })
    }

    fn follow(&mut self, following: &mut Following, judging: &mut Judging) {
        for sighting in self.sightings.iter().take(self.filled) {
            following.note(sighting, judging);
        }
        self.ended = judging.fetch();
    }
}

impl Outlet<'_> {
    fn hand_out(&mut self, reports: &mut Vec<FlowReport>) {
        let Some(sink) = &mut self.sink else { return };
        for report in reports.drain(..) {
            if self.is_closed || sink(report).is_break() {
                self.is_closed = true;
                return;
            }
        }
    }
}
