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
use super::looking::{Looking, Sighting};
use super::{Analysis, Sink};

/// Frames for a batch: enough that waking the other thread costs little per frame, few enough for the cache.
const BATCH: usize = 2048;

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
    let mut batch = Vec::new();
    let ended = match fill(&mut batch, source, &mut analysis.looking) {
        Ok(true) if is_worth_a_thread(source) => on_two_cores(analysis, source, progress, &mut outlet, batch),
        filled => on_one_core(analysis, source, progress, &mut outlet, (batch, filled)),
    };
    if is_streamed {
        analysis.judging.end();
        outlet.hand_out(analysis.judging.fetch());
    }
    ended
}

/// Not a capture that fits one batch.
fn is_worth_a_thread(source: &dyn Source) -> bool {
    source.frames() >= BATCH as u64 && thread::available_parallelism().map_or(1, NonZero::get) > 1
}

/// Reads as many frames as fit the batch; `false` at the end.
fn fill(batch: &mut Vec<Sighting>, source: &mut dyn Source, looking: &mut Looking) -> Result<bool, Error> {
    source.read(BATCH, &mut |frame| looking.at(frame, |sighting| batch.push(sighting)))
}

fn on_one_core(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
    begun: (Vec<Sighting>, Result<bool, Error>),
) -> Result<(), Error> {
    let Analysis { judging, looking, .. } = analysis;
    let (mut batch, mut filled) = begun;
    loop {
        for sighting in &batch {
            judging.note(sighting);
        }
        batch.clear();
        outlet.hand_out(judging.fetch());
        progress(source.bytes_read());
        if !filled? || outlet.is_closed {
            return Ok(());
        }
        filled = fill(&mut batch, source, looking);
    }
}

fn on_two_cores(
    analysis: &mut Analysis,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_>,
    mut batch: Vec<Sighting>,
) -> Result<(), Error> {
    let Analysis { judging, looking, .. } = analysis;
    thread::scope(|scope| {
        let (full, batches) = mpsc::sync_channel(BATCHES);
        let (done, emptied) = mpsc::channel();
        scope.spawn(move || follow(judging, &batches, &done));
        let mut filled = Ok(true);
        while let Ok(true) = filled
            && !outlet.is_closed
        {
            let spare = emptied.try_recv().map(|done: Done| outlet.recycle(done));
            let spare = spare.unwrap_or_else(|_| Vec::with_capacity(BATCH));
            // The other thread lives as long as it is sent something.
            let _ = full.send(std::mem::replace(&mut batch, spare));
            progress(source.bytes_read());
            filled = fill(&mut batch, source, looking);
        }
        let _ = full.send(batch);
        drop(full);
        for done in emptied {
            outlet.recycle(done);
        }
        filled.map(drop)
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
