//! Transmissions against the unscaled edge: a box that knows the windows but not the scale drops what lies
//! beyond `ack + raw window`, and two captures show it dropping.

use std::collections::BTreeMap;

use crate::detect::Confidence;
use crate::flow::{Side, Sides};

use super::clock::Clock;
use super::losses::{Fate, LISTED, Part};
use super::trace::{RST, SYN};

/// Data transmissions of one direction, by where they end and what became of them.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Ended inside the unscaled edge, and passed.
    pub passed_inside: u64,
    /// Ended inside, and were lost.
    pub lost_inside: u64,
    /// Ended beyond the unscaled edge of every acknowledgment that the box can have known, and passed.
    pub passed_beyond: u64,
    /// Ended beyond, and were lost.
    pub lost_beyond: u64,
    /// Ended beyond, were never acknowledged, and nothing passed the other capture point any more.
    pub silent_beyond: u64,
    /// Among the silent ones there are retransmissions: the sender waited in vain.
    pub silent_repeats: bool,
    /// Segments of the receiver were captured later than that: the other capture had just been ended.
    pub capture_ended: bool,
    /// The first ones that were lost beyond, frames of the sender's side.
    pub lost_frames: Vec<u64>,
    /// The first ones that passed inside, frames of the sender's side.
    pub passed_frames: Vec<u64>,
}

/// Three of each and more: fewer losses are an accident.
const SEGMENTS_MIN: u64 = 3;

impl Edge {
    /// Measures against the edge that a box sees. The handshake's window is a promise that boxes remember or
    /// forget once a smaller one follows; whichever explains what was lost is taken.
    pub(crate) fn measure(
        from: Side,
        parts: Sides<Part<'_>>,
        fates: &BTreeMap<usize, Fate>,
        clock: &Clock,
    ) -> Self {
        let [remembers, forgets] =
            [true, false].map(|remembers| Self::against(from, parts, fates, clock, remembers));
        if forgets.verdict() > remembers.verdict() { forgets } else { remembers }
    }

    fn against(
        from: Side,
        parts: Sides<Part<'_>>,
        fates: &BTreeMap<usize, Fate>,
        clock: &Clock,
        remembers_handshake: bool,
    ) -> Self {
        let (near, far) = (parts.of(from), parts.of(from.peer()));
        let mut edge = Self::default();
        let announced = announced(from.peer(), parts, clock, remembers_handshake);
        let mut is_promise = true;
        let mut known = i64::MIN;
        let mut acknowledged = i64::MIN;
        let mut silent: Vec<(i64, i64)> = Vec::new();
        for (index, (record, place)) in near.records.iter().zip(near.places).enumerate() {
            if record.from != from {
                if !record.has(RST) {
                    let edge = place.unscaled_edge(record).unwrap_or(known);
                    let replaces = !remembers_handshake && is_promise && !record.has(SYN);
                    known = if replaces { edge } else { known.max(edge) };
                    is_promise = record.has(SYN);
                    acknowledged = acknowledged.max(place.ack.unwrap_or(acknowledged));
                    silent.retain(|(_, end)| *end > acknowledged);
                }
                edge.capture_ended |= clock
                    .departure_us(from.peer(), record.time_us)
                    .is_some_and(|(earliest, _)| earliest > far.span_us.1);
                continue;
            }
            if record.payload_bytes == 0 || record.has(SYN) {
                continue;
            }
            let Some(fate) = fates.get(&index) else { continue };
            // What the receiver has announced by the time this passes may have reached the box already.
            let latest = match fate {
                Fate::Passed(arrived) => *arrived,
                _ => clock.arrival_us(from, record.time_us).map_or(i64::MAX, |(_, latest)| latest),
            };
            let passed_by = announced.partition_point(|(time, _)| *time <= latest);
            let upper = passed_by.checked_sub(1).and_then(|last| announced.get(last)).map(|(_, edge)| *edge);
            // A window probe may exceed the edge by one byte (RFC 9293 §3.8.6.1).
            let beyond = place.end - 1 > known.max(upper.unwrap_or(known));
            let inside = place.end <= known;
            let (count, frames) = match (fate, beyond, inside) {
                (Fate::Passed(_), true, _) => (&mut edge.passed_beyond, None),
                (Fate::Passed(_), _, true) => (&mut edge.passed_inside, Some(&mut edge.passed_frames)),
                (Fate::Lost, true, _) => (&mut edge.lost_beyond, Some(&mut edge.lost_frames)),
                (Fate::Lost, _, true) => (&mut edge.lost_inside, None),
                (Fate::BehindEnd, true, _) => {
                    edge.silent_repeats |= silent.iter().any(|(start, _)| *start == place.start);
                    silent.push((place.start, place.end));
                    (&mut edge.silent_beyond, Some(&mut edge.lost_frames))
                }
                _ => continue,
            };
            *count += 1;
            if let Some(frames) = frames.filter(|frames| frames.len() < LISTED) {
                frames.push(record.frame);
            }
        }
        edge.silent_beyond = edge.silent_beyond.min(silent.len() as u64);
        edge
    }

    /// How sure it is that what lies beyond the unscaled edge is dropped; `None` if nothing says so.
    ///
    /// Proven: both captures show that nothing beyond passes and nearly everything inside does. Possible: what
    /// lies beyond was sent again and again and never acknowledged, but the capture behind the box holds nothing
    /// later that would show that it, or the peer, was still alive.
    pub fn verdict(&self) -> Option<Confidence> {
        if self.passed_beyond > 0 {
            return None;
        }
        if self.lost_beyond >= SEGMENTS_MIN {
            let few_inside = self.lost_inside * 10 <= self.lost_inside + self.passed_inside;
            let compared = self.passed_inside >= SEGMENTS_MIN;
            return few_inside.then_some(if compared { Confidence::Proven } else { Confidence::Likely });
        }
        let silent = self.lost_beyond + self.silent_beyond >= SEGMENTS_MIN && self.silent_repeats;
        (silent && self.lost_inside == 0 && !self.capture_ended).then_some(Confidence::Possible)
    }
}

/// The highest unscaled edge that `side` has announced, by time of its own side. What its own capture missed
/// may be in the other one.
fn announced(
    side: Side,
    parts: Sides<Part<'_>>,
    clock: &Clock,
    remembers_handshake: bool,
) -> Vec<(i64, i64)> {
    let mut edges: Vec<(i64, i64)> = Vec::new();
    for at in Side::BOTH {
        let part = parts.of(at);
        for (record, place) in part.records.iter().zip(part.places) {
            let forgotten = record.has(SYN) && !remembers_handshake;
            if record.from != side || record.has(RST) || forgotten {
                continue;
            }
            let sent_us = if at == side {
                Some(record.time_us)
            } else {
                clock.departure_us(side, record.time_us).map(|(earliest, _)| earliest)
            };
            edges.extend(sent_us.zip(place.unscaled_edge(record)));
        }
    }
    edges.sort_unstable();
    let mut highest = i64::MIN;
    for (_, edge) in &mut edges {
        highest = highest.max(*edge);
        *edge = highest;
    }
    edges
}
