//! Reading and decoding on one core, following flows and judging them on another.
//!
//! Both halves of the work cost about the same per frame, so two cores read a capture almost twice as fast as
//! one. Segments go over in batches, and the empty batches come back with the reports of flows that ended: no
//! allocation per frame, and everything is handed out, or kept, on the caller's thread, in a stable order. A flow
//! never goes over: its memory is a hundred times that of a segment, and stays in the cache of the core that needs
//! it.

use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

use crate::source::{Error, Source};

use super::Stages;
use super::following::Following;
use super::judging::{Judged, Judging};
use super::looking::{Looking, Sighting};
use super::outlet::Outlet;

/// Frames for a batch: enough that waking the other thread costs little per frame, few enough for the cache.
const BATCH: usize = 2048;

/// Batches on their way at once.
const BATCHES: usize = 2;

/// What goes over to the other thread and back.
#[derive(Default)]
struct Batch {
    /// What is behind the first `filled` is from before.
    sightings: Vec<Sighting>,
    filled: usize,
    /// On the way back: the flows that ended by it.
    judged: Vec<Judged>,
}

/// Reads `source` to its end, or until nobody wants reports any more.
pub(super) fn read(
    stages: &mut Stages,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_, '_>,
) -> Result<(), Error> {
    let mut batch = Batch::default();
    match batch.fill(source, &mut stages.looking) {
        Ok(true) if is_worth_a_thread(source) => on_two_cores(stages, source, progress, outlet, batch),
        filled => on_one_core(stages, source, progress, outlet, (batch, filled)),
    }
}

/// Not a capture that fits one batch.
fn is_worth_a_thread(source: &dyn Source) -> bool {
    source.frames() >= BATCH as u64 && thread::available_parallelism().map_or(1, NonZero::get) > 1
}

fn on_one_core(
    stages: &mut Stages,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_, '_>,
    begun: (Batch, Result<bool, Error>),
) -> Result<(), Error> {
    let Stages { looking, following, judging } = stages;
    let (mut batch, mut filled) = begun;
    loop {
        batch.follow(following, judging);
        outlet.hand_out(&mut batch.judged);
        progress(source.bytes_read());
        if !filled? || outlet.is_closed() {
            return Ok(());
        }
        filled = batch.fill(source, looking);
    }
}

fn on_two_cores(
    stages: &mut Stages,
    source: &mut dyn Source,
    progress: &mut dyn FnMut(u64),
    outlet: &mut Outlet<'_, '_>,
    mut batch: Batch,
) -> Result<(), Error> {
    let Stages { looking, following, judging } = stages;
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
            && !outlet.is_closed()
        {
            let mut next: Batch = followed.try_recv().unwrap_or_default();
            outlet.hand_out(&mut next.judged);
            // The other thread lives as long as it is sent something.
            let _ = full.send(std::mem::replace(&mut batch, next));
            progress(source.bytes_read());
            filled = batch.fill(source, looking);
        }
        let _ = full.send(batch);
        drop(full);
        for mut batch in followed {
            outlet.hand_out(&mut batch.judged);
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
            // A source that hands over more than it was asked for must not make frames vanish.
            if *filled == sightings.len() {
                sightings.push(Sighting::default());
            }
            if let Some(sighting) = sightings.get_mut(*filled) {
                *filled += usize::from(looking.at(frame, sighting));
            }
        })
    }

    fn follow(&mut self, following: &mut Following, judging: &mut Judging) {
        for sighting in self.sightings.iter().take(self.filled) {
            following.note(sighting, judging);
        }
        judging.fetch(&mut self.judged);
    }
}
