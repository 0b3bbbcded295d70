//! Records one direction of one flow while the capture is read again.

use std::collections::BTreeSet;

use crate::decode::{Endpoint, Segment};
use crate::flow::{Flow, Side};

use super::series::{Grant, Located, Point, Series, Stroke};
use super::thinning::Thinned;

/// Samples that are kept of each kind: a picture is about a thousand pixels wide. Of strokes all are drawn; of
/// windows a column keeps about eight, and each line is thinned once more when it is drawn.
const STROKES: usize = 1_500;
const POINTS: usize = 8_000;
const MARKS: usize = 200;

/// Records one direction.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// The flow's position in the order of first frames.
    pub index: u64,
    sender: Endpoint,
    frames: BTreeSet<u64>,
    data: Thinned<Stroke>,
    again: Thinned<Stroke>,
    grants: Thinned<Grant>,
    in_flight: Thinned<Point>,
    closed: Thinned<Point>,
    located: Vec<Located>,
    /// Microseconds since the first frame. It never goes back, so that one late frame does not draw a line
    /// across the picture.
    now_us: i64,
    highest_end: Option<i64>,
    highest_ack: Option<i64>,
    duplicates: u64,
    samples: usize,
}

impl Tracer {
    /// Records the data that `sender` sends in flow `index`, and where `frames` lie.
    pub fn new(index: u64, sender: Endpoint, frames: impl IntoIterator<Item = u64>) -> Self {
        Self {
            index,
            sender,
            frames: frames.into_iter().collect(),
            data: Thinned::new(STROKES),
            again: Thinned::new(STROKES),
            grants: Thinned::new(POINTS),
            in_flight: Thinned::new(POINTS),
            closed: Thinned::new(MARKS),
            located: Vec::new(),
            now_us: 0,
            highest_end: None,
            highest_ack: None,
            duplicates: 0,
            samples: 0,
        }
    }

    /// Takes a segment of `flow` into account, after the flow itself has.
    pub(crate) fn note(&mut self, segment: &Segment, flow: &Flow) {
        // `-i any` captures every packet twice: the copy is no retransmission.
        let copied = flow.duplicates > self.duplicates;
        self.duplicates = flow.duplicates;
        if copied || segment.flags.rst {
            return;
        }
        self.now_us = self.now_us.max(segment.time_us - flow.first_us);
        let sender = if flow.endpoints.client == self.sender { Side::Client } else { Side::Server };
        let observed = flow.observe(segment);
        let position = if observed.from == sender {
            self.send(segment, observed.sequence)
        } else {
            self.grant(segment, observed.acknowledgment)
        };
        if let (Some(position), true) = (position, self.frames.contains(&segment.frame)) {
            self.located.push(Located { frame: segment.frame, time_us: self.now_us, position });
        }
    }

    /// What was recorded.
    pub fn finish(self) -> Series {
        let series = Series {
            data: self.data.finish(),
            again: self.again.finish(),
            grants: self.grants.finish(),
            in_flight: self.in_flight.finish(),
            closed: self.closed.finish(),
            located: self.located,
            thinned: false,
        };
        let kept = series.data.len() + series.again.len() + series.grants.len();
        Series { thinned: kept < self.samples, ..series }
    }

    fn send(&mut self, segment: &Segment, position: Option<i64>) -> Option<i64> {
        let start = position? + i64::from(segment.flags.syn);
        let end = start + i64::from(segment.payload_bytes);
        if end == start {
            return Some(start);
        }
        let time_us = self.now_us;
        let highest = self.highest_end.unwrap_or(start);
        if start < highest {
            self.samples += 1;
            self.again.push(Stroke { time_us, start, end: end.min(highest) });
        }
        if end > highest {
            self.samples += 1;
            self.data.push(Stroke { time_us, start: start.max(highest), end });
            self.highest_end = Some(end);
            self.note_flight();
        }
        Some(end)
    }

    fn grant(&mut self, segment: &Segment, position: Option<i64>) -> Option<i64> {
        let syn = segment.flags.syn;
        // A SYN grants the room behind itself: its sender has nothing to acknowledge yet.
        let ack = if segment.flags.ack { position? } else { 1 };
        if !segment.flags.ack && !syn {
            return None;
        }
        self.samples += 1;
        self.grants.push(Grant { time_us: self.now_us, ack, raw: segment.raw_window, unscaled: syn });
        if segment.raw_window == 0 {
            self.closed.push(Point { time_us: self.now_us, value: ack });
        }
        if self.highest_ack.is_none_or(|highest| ack > highest) {
            self.highest_ack = Some(ack);
            self.note_flight();
        }
        Some(ack)
    }

    fn note_flight(&mut self) {
        if let (Some(end), Some(ack)) = (self.highest_end, self.highest_ack) {
            self.in_flight.push(Point { time_us: self.now_us, value: (end - ack).max(0) });
        }
    }
}
