//! Segments that only one capture holds: what became of them.
//!
//! A capture also misses frames of its own. Data that the receiver acknowledged before any other copy of it
//! came by has arrived, so the capture missed it; the same for a timestamp that the receiver echoed. Of pure
//! ACKs without timestamps it cannot be told. What would have passed the other capture point before its capture
//! began, or behind its end, says nothing.

use std::collections::{BTreeMap, HashSet};

use foldhash::quality::RandomState;

use crate::flow::{Side, Sides};

use super::alignment::Alignment;
use super::clock::Clock;
use super::edge::Edge;
use super::place::Place;
use super::trace::{RST, Record};

/// One direction of a pair of flows, by what became of its segments.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    /// Captured at the sender's side.
    pub sent: u64,
    /// Of these, captured at the receiver's side too.
    pub passed: u64,
    /// Lost or dropped in between.
    pub lost: u64,
    /// They arrived, but the capture at the receiver's side lacks them.
    pub missed: u64,
    /// Lost, or missed by the capture: it cannot be told.
    pub unclear: u64,
    /// Their data passed in other pieces (offload, or a box that cuts anew).
    pub resegmented: u64,
    /// The other capture had not begun yet, or had ended.
    pub outside: u64,
    /// Captured at the receiver's side only: missed by the capture at the sender's side, or made in between.
    pub appeared: u64,
    /// Resets among them.
    pub appeared_resets: u64,
    /// The first lost ones, frames of the sender's side.
    pub lost_frames: Vec<u64>,
    /// The first that appeared, frames of the receiver's side.
    pub appeared_frames: Vec<u64>,
    /// Transmissions against the unscaled edge.
    pub edge: Edge,
}

/// Frames listed at most.
pub(crate) const LISTED: usize = 8;

/// What became of one transmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Captured at the other side, then.
    Passed(i64),
    Lost,
    /// Would have passed behind the end of the other capture.
    BehindEnd,
    Other,
}

/// One capture's part of a pair.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) places: &'a [Place],
    /// Capture times of the whole capture.
    pub(crate) span_us: (i64, i64),
}

/// Judges the segments of `from`.
pub(crate) fn passage(from: Side, parts: Sides<Part<'_>>, alignment: &Alignment, clock: &Clock) -> Passage {
    let (near, far) = (parts.of(from), parts.of(from.peer()));
    let mut fates: BTreeMap<usize, Fate> = alignment
        .matched
        .iter()
        .filter(|pair| near.records.get(*pair.of(from)).is_some_and(|record| record.from == from))
        .filter_map(|pair| {
            let arrived = far.records.get(*pair.of(from.peer()))?;
            Some((*pair.of(from), Fate::Passed(arrived.time_us)))
        })
        .collect();
    let mut passage = Passage { passed: fates.len() as u64, ..Passage::default() };
    let arrivals = Arrivals::new(from, parts, alignment.alone.of(from.peer()), clock);
    let near_alone = pieces(near, from, alignment.alone.of(from));
    for index in alignment.alone.of(from) {
        let Some((record, place)) = near.records.get(*index).zip(near.places.get(*index)) else { continue };
        if record.from != from {
            continue;
        }
        let arrival = clock.arrival_us(from, record.time_us);
        let fate = arrivals.fate(record, place, arrival, far.span_us, &mut passage);
        fates.insert(*index, fate);
    }
    passage.sent = fates.len() as u64;
    for index in alignment.alone.of(from.peer()) {
        let Some((record, place)) = far.records.get(*index).zip(far.places.get(*index)) else { continue };
        if record.from != from {
            continue;
        }
        let departure = clock.departure_us(from, record.time_us);
        let (first, last) = near.span_us;
        let outside = departure.is_none_or(|(low, high)| low < first || high > last);
        if outside {
            passage.outside += 1;
        } else if covered_at(&near_alone, place).is_some() {
            passage.resegmented += 1;
        } else {
            passage.appeared += 1;
            passage.appeared_resets += u64::from(record.has(RST));
            list(&mut passage.appeared_frames, record.frame);
        }
    }
    passage.edge = Edge::measure(from, parts, &fates, clock);
    passage
}

fn list(frames: &mut Vec<u64>, frame: u64) {
    if frames.len() < LISTED {
        frames.push(frame);
    }
}

/// Pieces of data by where they start: where they end, and when they were captured.
type Pieces = BTreeMap<i64, Vec<(i64, i64)>>;

fn pieces(part: &Part<'_>, from: Side, which: &[usize]) -> Pieces {
    let mut pieces = Pieces::new();
    for index in which {
        if let Some((record, place)) = part.records.get(*index).zip(part.places.get(*index))
            && record.from == from
            && place.end > place.start
        {
            pieces.entry(place.start).or_default().push((place.end, record.time_us));
        }
    }
    pieces
}

/// When `pieces` had covered all of `place`; `None` if they never do, or if there is nothing to cover.
fn covered_at(pieces: &Pieces, place: &Place) -> Option<i64> {
    /// No segment is longer: offload stops at 64 KiB, "BIG TCP" at 512 KiB.
    const LONGEST: i64 = 512 << 10;
    if place.end <= place.start {
        return None;
    }
    let mut overlapping: Vec<(i64, i64, i64)> = pieces
        .range(place.start - LONGEST..place.end)
        .flat_map(|(start, ends)| ends.iter().map(|(end, time)| (*time, *start, *end)))
        .filter(|(_, _, end)| *end > place.start)
        .collect();
    overlapping.sort_unstable();
    let mut known: Vec<(i64, i64)> = Vec::new();
    for (time, start, end) in overlapping {
        known.push((start, end));
        known.sort_unstable();
        let reached =
            known.iter().fold(place.start, |at, (start, end)| if *start <= at { at.max(*end) } else { at });
        if reached >= place.end {
            return Some(time);
        }
    }
    None
}

/// What the receiver's side shows about arrivals.
struct Arrivals {
    /// All data that came by, and what of it has no counterpart.
    seen: Pieces,
    alone: Pieces,
    /// When each new highest acknowledgment was sent.
    acknowledged: Vec<(i64, i64)>,
    /// TSvals that came by, and TSecrs that went back.
    values: HashSet<u32, RandomState>,
    echoes: HashSet<u32, RandomState>,
}

impl Arrivals {
    fn new(from: Side, parts: Sides<Part<'_>>, alone: &[usize], clock: &Clock) -> Self {
        let (near, far) = (parts.of(from), parts.of(from.peer()));
        let all: Vec<usize> = (0..far.records.len()).collect();
        let mut acknowledged = Vec::new();
        let (mut values, mut echoes) = (HashSet::default(), HashSet::default());
        for (record, place) in far.records.iter().zip(far.places) {
            if record.from == from {
                values.extend(record.timestamps.map(|(value, _)| value));
            } else {
                echoes.extend(record.timestamps.map(|(_, echo)| echo));
                acknowledged.extend(place.ack.map(|ack| (record.time_us, ack)));
            }
        }
        // Acknowledgments that only the sender's side captured count from when they were sent at the latest.
        for (record, place) in near.records.iter().zip(near.places).filter(|(record, _)| record.from != from)
        {
            echoes.extend(record.timestamps.map(|(_, echo)| echo));
            let sent = clock.departure_us(from.peer(), record.time_us).map(|(_, latest)| latest);
            acknowledged.extend(sent.zip(place.ack));
        }
        acknowledged.sort_unstable();
        let mut highest = i64::MIN;
        acknowledged.retain(|(_, ack)| {
            let is_progress = *ack > highest;
            highest = highest.max(*ack);
            is_progress
        });
        Self { seen: pieces(far, from, &all), alone: pieces(far, from, alone), acknowledged, values, echoes }
    }

    fn acknowledged_at(&self, end: i64) -> Option<i64> {
        let index = self.acknowledged.partition_point(|(_, ack)| *ack < end);
        self.acknowledged.get(index).map(|(time, _)| *time)
    }

    fn fate(
        &self,
        record: &Record,
        place: &Place,
        arrival: Option<(i64, i64)>,
        span_us: (i64, i64),
        passage: &mut Passage,
    ) -> Fate {
        let (first, last) = span_us;
        let Some((earliest, latest)) = arrival else {
            passage.outside += 1;
            return Fate::Other;
        };
        if latest > last {
            passage.outside += 1;
            return Fate::BehindEnd;
        }
        if earliest < first {
            passage.outside += 1;
            return Fate::Other;
        }
        if covered_at(&self.alone, place).is_some() {
            passage.resegmented += 1;
            return Fate::Other;
        }
        let echoed = record
            .timestamps
            .is_some_and(|(value, _)| !self.values.contains(&value) && self.echoes.contains(&value));
        let acknowledged = self.acknowledged_at(place.end).filter(|_| place.end > place.start);
        let came_by = covered_at(&self.seen, place);
        if echoed || acknowledged.is_some_and(|at| came_by.is_none_or(|by| at < by)) {
            passage.missed += 1;
            return Fate::Other;
        }
        if place.end == place.start {
            passage.unclear += 1;
            return Fate::Other;
        }
        passage.lost += 1;
        list(&mut passage.lost_frames, record.frame);
        Fate::Lost
    }
}
