//! Reading and decoding on one core, following flows and judging them on another.
//!
//! Both halves of the work cost about the same per frame, so two cores read a capture almost twice as fast as
//! one. Segments go over in batches, and the empty batches come back with the reports of flows that ended: no
//! allocation per frame, and everything is handed out on the caller's thread, in a stable order.

use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

use crate::report::FlowReport;
use crate::source::{Error, Source};

use super::judging::Judging;
use super::looking::Sighting;
use super::{Analysis, Sink};

/// Segments in a batch: some 60 KiB, which the cache of a core holds.
const BATCH: usize = 256;

/// Batches on their way at once.
const BATCHES: usize = 4;

/// A batch on its way back, and what ended by it.
struct Done {
    batch: Vec<Sighting>,
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
    let ended = if thread::available_parallelism().map_or(1, NonZero::get) > 1 {
        on_two_cores(analysis, source, progress, &mut outlet)
    } else {
        on_one_core(analysis, source, progress, &mut outlet)
    };
    if is_streamed {
        analysis.judging.end();
        outlet.hand_out(analysis.judging.fetch());
    }
    ended
}

fn on_one_core(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    while source.read_frame(&mut |frame| analysis.note(frame))? && !outlet.is_closed {
        if source.frames().is_multiple_of(BATCH as u64) {
            outlet.hand_out(analysis.judging.fetch());
            progress(source.bytes_read());
        }
    }
    Ok(())
}

fn on_two_cores(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    let Analysis { judging, looking, .. } = analysis;
    thread::scope(|scope| {
        let (full, batches) = mpsc::sync_channel(BATCHES);
        let (done, emptied) = mpsc::channel();
        scope.spawn(move || follow(judging, &batches, &done));
        let mut batch = Vec::with_capacity(BATCH);
        let ended = loop {
            match source.read_frame(&mut |frame| batch.extend(looking.at(frame))) {
                Ok(true) if batch.len() < BATCH => continue,
                Ok(true) if !outlet.is_closed => {}
                Ok(_) => break Ok(()),
                Err(error) => break Err(error),
            }
            let spare = emptied.try_recv().map(|done: Done| outlet.recycle(done));
            let spare = spare.unwrap_or_else(|_| Vec::with_capacity(BATCH));
            // The other thread lives as long as it is sent something.
            let _ = full.send(std::mem::replace(&mut batch, spare));
            progress(source.bytes_read());
        };
        let _ = full.send(batch);
        drop(full);
        for done in emptied {
            outlet.recycle(done);
        }
        ended
    })
}

/// What the other thread does until nothing more comes.
fn follow(judging: &mut Judging, batches: &mpsc::Receiver<Vec<Sighting>>, done: &mpsc::Sender<Done>) {
    for mut batch in batches {
        for sighting in &batch {
            judging.note(sighting);
        }
        batch.clear();
        if done.send(Done { batch, ended: judging.fetch() }).is_err() {
            return;
        }
    }
}

impl Outlet<'_> {
    fn recycle(&mut self, done: Done) -> Vec<Sighting> {
        self.hand_out(done.ended);
        done.batch
    }

    fn hand_out(&mut self, ended: Vec<FlowReport>) {
        let Some(sink) = &mut self.sink else { return };
        for report in ended {
            if self.is_closed || sink(report).is_break() {
                self.is_closed = true;
                return;
            }
        }
    }
}
