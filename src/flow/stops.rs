//! Data that stops exactly at the edge of a shift: the sender believes no more than that.
//!
//! A *piece* is a stretch of new data whose length is no multiple of the full segment: something made the
//! sender stop in the middle. It is a *stop* at shift k when it ends exactly at `ack + (raw << k)` of the
//! newest ACK that the sender knew, and contiguous data follows with no data from the receiver in between.
//! Sizes alone prove little (an application may write records of just that size), so a stop says more when
//! the next data was *released* by the next ACK, or when the ends *follow* windows that differ.

use std::ops::RangeInclusive;

use super::granted::Granted;
use super::ledger::{CANDIDATES, Candidate, Known};
use super::{MAX_SHIFT, SHIFTS};

/// Frames kept per shift as evidence.
const FRAMES: usize = 5;

/// Windows up to this one are filled with one segment (Linux `TCP_MSS_DEFAULT`).
const HALVED_MIN: i64 = 536;

/// Shifts at which one piece may end; more would be a coincidence of tiny windows.
const HITS: usize = 4;

/// What the stops take at most.
pub(super) const BYTES_MAX: usize = size_of::<[Stop; SHIFTS]>();

/// The stops at one shift.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stop {
    /// Rounds with a stop.
    pub rounds: u32,
    /// Rounds with a stop whose next data was released by the next ACK.
    pub released: u32,
    /// The shortest time from an ACK to the data that it released.
    pub soonest_us: Option<i64>,
    /// Rounds in which data came so close to the edge that no full segment fitted any more, stops included;
    /// counted from the first stop on.
    pub tight: u32,
    /// Rounds that began with data which an ACK released although the data before it had left room: something else
    /// than this edge held it back, Nagle's algorithm perhaps. Counted from the first stop on.
    pub short: u32,
    /// The raw window of the first.
    pub raw: u16,
    /// Stops at two or more different raw windows.
    pub follows: bool,
    /// The first few frames.
    pub frames: [Option<u64>; FRAMES],
    pub(crate) counted: Option<(u32, bool)>,
    pub(crate) last_tight_round: u32,
}

/// The stops of one direction, by shift.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    by_shift: Option<Box<[Stop; SHIFTS]>>,
    piece: Option<Piece>,
    /// The acknowledgment and the raw window of the ACK that released the newest round.
    knew: Option<(i64, u16)>,
    /// A bit for each shift at whose edge the newest data left room.
    left_room: u16,
}

/// A piece that ended at an edge, while it is open whether contiguous data follows.
#[derive(Clone, Copy, Debug)]
struct Piece {
    end: i64,
    frame: u64,
    round: u32,
    hits: [Option<Hit>; HITS],
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    shift: u8,
    raw: u16,
    edge: i64,
    /// When the ACK that moved the edge was captured.
    released_us: Option<i64>,
}

/// New data, as the stops see it.
pub(crate) struct NewData<'a> {
    pub(crate) frame: u64,
    pub(crate) time_us: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) round: u32,
    /// The smaller MSS less the option bytes.
    pub(crate) full_segment: i64,
    /// The ACK that released it, where it is the first of its round.
    pub(crate) released_by: Option<&'a Granted>,
    pub(crate) lag_us: Option<i64>,
    pub(crate) rtt_us: Option<i64>,
    pub(crate) known: &'a Known<'a>,
}

impl Stops {
    /// The stops at `shift`.
    pub fn at(&self, shift: u8) -> Stop {
        self.by_shift.as_ref().and_then(|stops| stops.get(usize::from(shift)).copied()).unwrap_or_default()
    }

    /// The receiver sent data, or a gap followed: the piece says nothing.
    pub(crate) fn interrupt(&mut self) {
        self.piece = None;
    }

    /// The receiver granted a window: it may be what releases the next data.
    pub(crate) fn granted(&mut self, time_us: i64, ack: i64, raw: u16) {
        let Some(piece) = &mut self.piece else { return };
        for hit in piece.hits.iter_mut().flatten() {
            if hit.released_us.is_none() && ack + (i64::from(raw) << hit.shift) > hit.edge {
                hit.released_us = Some(time_us);
            }
        }
    }

    /// New data of the sender.
    pub(crate) fn data(&mut self, data: &NewData<'_>) {
        if let Some(piece) = self.piece.take()
            && piece.end == data.start
        {
            self.settle(&piece, data);
        }
        self.note_short(data);
        self.note_tight(data);
        let length = data.end - data.start;
        if length == data.full_segment || length % data.full_segment == 0 {
            return;
        }
        let mut newest = [None; CANDIDATES];
        for (slot, candidate) in newest.iter_mut().zip(data.known.newest()) {
            *slot = Some(candidate);
        }
        let mut hits = [None; HITS];
        let mut free = hits.iter_mut();
        for (shift, known) in (0..=MAX_SHIFT).zip(data.known.edges) {
            if let Some(hit) = hit(shift, *known, data, &newest)
                && let Some(slot) = free.next()
            {
                *slot = Some(hit);
            }
        }
        if hits.iter().any(Option::is_some) {
            self.piece = Some(Piece { end: data.end, frame: data.frame, round: data.round, hits });
        }
    }

    /// A window below a full segment is always filled: nothing but its edge ends the data. What an ACK releases behind
    /// data that left room was held back by something else.
    fn note_short(&mut self, data: &NewData<'_>) {
        let Some(stops) = &mut self.by_shift else { return };
        if let Some(granted) = data.released_by {
            for (shift, stop) in stops.iter_mut().enumerate() {
                stop.short += u32::from(self.left_room >> shift & 1);
            }
            self.knew = Some((granted.ack, granted.raw));
        }
        let Some((ack, raw)) = self.knew else { return };
        let small = (0..SHIFTS).take_while(|shift| i64::from(raw) << shift < data.full_segment);
        // Of an odd window a byte may be left.
        self.left_room = small
            .filter(|shift| ack + (i64::from(raw) << shift) > data.end + 1)
            .fold(0, |bits, shift| bits | 1 << shift);
    }

    fn note_tight(&mut self, data: &NewData<'_>) {
        let Some(stops) = &mut self.by_shift else { return };
        for (stop, edge) in stops.iter_mut().zip(data.known.edges) {
            let room = edge - data.end;
            if (0..data.full_segment).contains(&room) && stop.last_tight_round < data.round {
                stop.last_tight_round = data.round;
                stop.tight += 1;
            }
        }
    }

    fn settle(&mut self, piece: &Piece, next: &NewData<'_>) {
        let stops = self.by_shift.get_or_insert_default();
        for hit in piece.hits.iter().flatten() {
            if let Some(stop) = stops.get_mut(usize::from(hit.shift)) {
                stop.count(piece, hit, next);
            }
        }
    }
}

impl Stop {
    fn count(&mut self, piece: &Piece, hit: &Hit, next: &NewData<'_>) {
        let released_after_us = released_after_us(hit, next);
        let released = released_after_us.is_some();
        self.soonest_us = sooner(self.soonest_us, released_after_us);
        if self.rounds == 0 {
            self.raw = hit.raw;
        }
        self.follows |= self.raw != hit.raw;
        // A round counts once, however many pieces it holds.
        let before = self.counted.filter(|(round, _)| *round == piece.round);
        let released_before = before.is_some_and(|(_, released)| released);
        self.rounds += u32::from(before.is_none());
        self.released += u32::from(released && !released_before);
        self.counted = Some((piece.round, released || released_before));
        if let Some(slot) = self.frames.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(piece.frame);
        }
    }
}

/// The ACK at whose edge the data ends exactly, if there is one.
fn hit(shift: u8, known: i64, data: &NewData<'_>, newest: &[Option<Candidate<'_>>]) -> Option<Hit> {
    for candidate in newest.iter().flatten() {
        let granted = candidate.granted;
        let window = i64::from(granted.raw) << shift;
        // Linux fills a window that is taken for small with two halves (`tcp_bound_to_half_wnd()`): of an odd
        // one a byte is left.
        let left = i64::from(window % 2 == 1 && window > HALVED_MIN && data.end - data.start == window / 2);
        // A multiple of the full segment is an end like any other.
        if granted.edge(shift) == data.end + left
            && known <= data.end + left
            && window > 0
            && window % data.full_segment != 0
        {
            let moved = |next: &&Granted| next.edge(shift) > data.end + left;
            let released_us = candidate.superseded.filter(moved).map(|next| next.time_us);
            return Some(Hit { shift, raw: granted.raw, edge: data.end + left, released_us });
        }
    }
    None
}

/// How long after the ACK that moved the edge the next data came, if that ACK is what released it: just as long
/// as a reaction takes on this side of the capture point. An application's pace or a persist timer does not.
fn released_after_us(hit: &Hit, next: &NewData<'_>) -> Option<i64> {
    let after_us = next.time_us - hit.released_us?;
    reaction_us(next.lag_us, next.rtt_us)?.contains(&after_us).then_some(after_us)
}

/// The smaller one, where there is one.
pub(crate) fn sooner(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    before.into_iter().chain(after).min()
}

/// The delays of a reaction on this side of the capture point; `None` while they are not known.
///
/// It may come early, because the handshake on which the expectation rests may have been slow: data that was
/// not released by the ACK at all would go beyond the edge, and is refused there. It may not come late by
/// more than a sixteenth of the round trip: records that an application writes at almost the pace of the
/// round trip must not pass.
pub(crate) fn reaction_us(lag_us: Option<i64>, rtt_us: Option<i64>) -> Option<RangeInclusive<i64>> {
    let (lag, rtt) = lag_us.zip(rtt_us)?;
    let tolerance = (rtt / 16).clamp(300, 5_000);
    Some(lag / 2 - tolerance..=lag + tolerance)
}
