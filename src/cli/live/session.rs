//! One live capture from its first frame to its last.

use std::time::{Duration, Instant};

use crate::flow::Flow;
use crate::pipeline::LiveAnalysis;
use crate::source::{Arriving, Batch, Frame, SaveFile};

use crate::cli::terminal;

use super::clock;
use super::kernel::Witness;
use super::output::Output;
use super::screen::Screen;
use super::signals::Stop;

/// When to end by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) after: Option<Duration>,
    pub(super) frames: Option<u64>,
    pub(super) at_problem: bool,
}

/// A capture that is running.
pub(super) struct Session {
    pub(super) analysis: LiveAnalysis,
    pub(super) output: Output,
    pub(super) save: Option<SaveFile>,
    pub(super) screen: Option<Screen>,
    pub(super) witness: Option<Witness>,
    pub(super) ending: Ending,
    pub(super) stop: Stop,
}

/// Frames that are read at once.
const BATCH: usize = 4096;

/// The longest wait for a frame, so that signals and keys are noticed.
const WAIT: Duration = Duration::from_millis(100);

/// Between two looks at flows that changed.
const TICK: Duration = Duration::from_millis(200);

/// How old a frame that arrives may be, by this host's clock, for silence behind it to say that the flows are
/// silent: a saved capture may stall at any place.
const NEW_US: u64 = 60_000_000;

/// Frames may be on their way for so long: the kernel at the other end of a pipe collects them for a second.
const UNDERWAY: Duration = Duration::from_secs(1);

/// Flows that are judged at one tick: a bound on its time.
const JUDGED_PER_TICK: usize = 4096;

impl Session {
    /// Runs to the end; what ended it early is returned.
    pub(super) fn run(&mut self, source: &mut dyn Arriving) -> Option<anyhow::Error> {
        let began = clock::now();
        let (mut ticked, mut arrived) = (began, None);
        loop {
            match source.read(self.at_most(), WAIT, &mut |frame| self.note(frame)) {
                Ok(Batch::Ended) => break,
                Ok(Batch::Idle) => {}
                Ok(Batch::Frames(_)) => arrived = self.is_new().then(clock::now),
                Err(error) => {
                    self.tick(source, Duration::ZERO);
                    return Some(error.into());
                }
            }
            if let Some(Err(cause)) = self.save.as_mut().map(SaveFile::flush) {
                return Some(anyhow::Error::new(cause).context("cannot write the capture"));
            }
            if ticked.elapsed() >= TICK {
                ticked = clock::now();
                let silence = arrived.map_or(Duration::ZERO, |arrived| arrived.elapsed());
                self.tick(source, silence.saturating_sub(UNDERWAY));
            }
            self.output.flush();
            if self.is_over(began) {
                break;
            }
        }
        self.tick(source, Duration::ZERO);
        self.output.failure.take()
    }

    fn at_most(&self) -> usize {
        let left = self.ending.frames.map(|frames| frames.saturating_sub(self.analysis.counts().frames));
        left.map_or(BATCH, |left| usize::try_from(left).unwrap_or(BATCH).clamp(1, BATCH))
    }

    /// Whether the latest frame was captured just now.
    fn is_new(&self) -> bool {
        self.analysis.counts().last_us.is_some_and(|last_us| last_us.abs_diff(clock::wall_us()) < NEW_US)
    }

    fn note(&mut self, frame: &Frame<'_>) {
        let Self { analysis, output, save, .. } = self;
        if let Some(Err(cause)) = save.as_mut().map(|save| save.note(frame)) {
            output.failure = Some(anyhow::Error::new(cause).context("cannot write the capture"));
        }
        if analysis.counts().frames == 0 {
            output.first_us = frame.time_us;
        }
        let flow = analysis.note(frame, &mut |judged| output.take(judged));
        if let (Some(evidence), Some(flow)) = (&mut output.evidence, flow) {
            evidence.note(frame, flow);
        }
    }

    /// Judges what changed, lets go of what is over, and shows it.
    fn tick(&mut self, source: &mut dyn Arriving, silence: Duration) {
        let Self { analysis, output, screen, witness, .. } = self;
        if let Some(witness) = witness {
            witness.tick();
        }
        if let Some(lost) = source.lost() {
            let before = analysis.counts().dropped.unwrap_or(0);
            analysis.lost(lost.frames());
            // The screen shows the count itself.
            if before == 0 && lost.frames() > 0 && screen.is_none() {
                terminal::say("frames are being dropped: a larger --buffer or a narrower FILTER helps");
            }
        }
        if let Some(last_us) = analysis.counts().last_us {
            let silence_us = i64::try_from(silence.as_micros()).unwrap_or(0);
            analysis.expire(last_us.saturating_add(silence_us), &mut |judged| output.take(judged));
        }
        let ask = &mut |flow: &mut Flow| {
            if let Some(witness) = witness {
                witness.ask(flow);
            }
        };
        analysis.judge_changed(JUDGED_PER_TICK, ask, &mut |judged| output.take(judged));
        if let Some(metrics) = &output.metrics {
            metrics.tick(analysis);
        }
        if let Some(screen) = screen {
            screen.show(analysis, &output.headlines);
        }
    }

    fn is_over(&self, began: Instant) -> bool {
        let Ending { after, frames, at_problem } = self.ending;
        self.stop.is_asked()
            || self.output.failure.is_some()
            || self.screen.as_ref().is_some_and(Screen::is_left)
            || after.is_some_and(|after| began.elapsed() >= after)
            || frames.is_some_and(|frames| self.analysis.counts().frames >= frames)
            || at_problem && self.output.problems > 0
    }
}
