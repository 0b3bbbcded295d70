//! One side's window, and the other side's data against it.

use crate::decode::Segment;
use crate::units;

use super::advertised::At;
use super::granted::Asked;
use super::history::History;
use super::ledger::Ledger;
use super::overshoot::Beyond;
use super::sequence::Space;
use super::stops::{NewData, reaction_us, sooner};
use super::{Advertised, MAX_SHIFT, Overshoot, Overshoots, Stops, Transmissions};

/// The data that was sent against a window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Bytes of new data.
    pub bytes: u64,
    /// Segments with new data.
    pub segments: u64,
    /// Segments that only repeat data.
    pub retransmissions: u64,
    /// Rounds: round trips with new data.
    pub rounds: u32,
    /// Rounds in which new data came just as long after an ACK as a reaction takes.
    pub clocked_rounds: u32,
    /// The shortest time from such an ACK to the data.
    pub clocked_soonest_us: Option<i64>,
    /// The first frames with new data.
    pub first_frames: [Option<u64>; 3],
    /// Rounds in which data was sent again.
    pub lossy_rounds: u32,
    /// Rounds in which the data came so close to the declared edge that no full segment fitted any more.
    pub limited_rounds: u32,
    /// Capture time of the first new data.
    pub first_us: Option<i64>,
    /// Capture time of the latest new data.
    pub last_us: Option<i64>,
    /// Payload of the largest segment.
    pub largest_segment_bytes: u32,
    /// From the newest captured acknowledgment to the end of the data, at most.
    pub max_in_flight_bytes: Option<u64>,
    highest_end: Option<i64>,
    round_started_us: Option<i64>,
    last_clocked_round: u32,
    last_lossy_round: u32,
    last_limited_round: u32,
}

/// A capture that drops frames may miss this much in a row; more than that, and more than any window, is no hole.
const HOLE_BYTES: i64 = 1 << 28;

/// The window that one side advertises, and the other side's data against it.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// What was advertised.
    pub advertised: Advertised,
    /// What was sent against it.
    pub sent: Sent,
    /// New data beyond the edges.
    pub overshoots: Overshoots,
    /// New data that stops at an edge.
    pub stops: Stops,
    /// What became of data inside and beyond the unscaled edge.
    pub transmissions: Transmissions,
    /// Numbers that fit nothing: acknowledgments or data farther away than any window reaches.
    pub misfits: u32,
    /// The sequence space of the data.
    pub(crate) space: Space,
    pub(crate) ledger: Ledger,
    /// The shortest time from an ACK captured here to data captured here that echoes its timestamp.
    pub(crate) lag_us: Option<i64>,
    /// The shortest time from data captured here to the first ACK captured here that covers it.
    pub(crate) answer_us: Option<i64>,
    /// The end of the data that is timed for it, and when that was captured: one segment at a time.
    timed: Option<(i64, i64)>,
    history: History,
    /// The receiver has sent data since the sender did.
    answers: bool,
}

/// What the flow knows about the moment of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) lag_us: Option<i64>,
    pub(crate) rtt_us: Option<i64>,
    pub(crate) maximum_segment_size: Option<u16>,
    /// What the sender had acknowledged before, in the other space.
    pub(crate) sender_ack: Option<i64>,
    /// The sender cannot be acting on the SYN's window.
    pub(crate) behind_handshake: bool,
    /// The declared shift of the window.
    pub(crate) declared_shift: Option<u8>,
    /// Windows are relative to another acknowledgment than this one's (MPTCP).
    pub(crate) foreign_windows: bool,
}

impl Window {
    /// Forgets everything but the memory of its lists.
    pub(super) fn clear(&mut self) {
        let Self {
            advertised,
            sent,
            overshoots,
            stops,
            transmissions,
            misfits,
            space,
            ledger,
            lag_us,
            answer_us,
            timed,
            history,
            answers,
        } = self;
        *advertised = Advertised::default();
        *sent = Sent::default();
        *overshoots = Overshoots::default();
        *stops = Stops::default();
        transmissions.clear();
        *misfits = 0;
        *space = Space::default();
        ledger.clear();
        *lag_us = None;
        *answer_us = None;
        *timed = None;
        history.clear();
        *answers = false;
    }

    /// Acknowledgments of data that was never captured, or echoes of ACKs that were never captured: frames are
    /// missing from the capture.
    pub fn capture_lost_acks(&self) -> bool {
        self.ledger.unseen_echoes > 0
    }

    /// The same, or an echo whose ACK was not captured so far: what counts as lost has perhaps arrived.
    pub fn may_miss_acks(&self) -> bool {
        self.ledger.misses_acks()
    }

    /// Bytes sent and not acknowledged. Before any acknowledgment all that was sent is in flight, if the SYN
    /// says where it began.
    pub(crate) fn in_flight_bytes(&self) -> Option<u64> {
        let first = self.space.is_anchored().then_some(1);
        let acknowledged = self.advertised.highest_ack.or(first)?;
        let end = self.sent.highest_end.unwrap_or(acknowledged);
        Some(u64::try_from(end - acknowledged).unwrap_or(0))
    }

    /// A window that `segment` advertises. `sequence` is the segment's position in the advertiser's own space.
    pub(crate) fn advertise(&mut self, segment: &Segment, sequence: Option<i64>, rtt_us: Option<i64>) {
        // The window of a reset means nothing.
        if segment.flags.rst {
            return;
        }
        let tsval = segment.options.timestamps.map(|(value, _)| value);
        let ack = segment.flags.ack.then(|| self.space.position(segment.acknowledgment)).flatten();
        if segment.flags.syn {
            self.advertised.syn_window.get_or_insert(segment.raw_window);
            self.ledger.grant_in_syn(segment.time_us, ack.unwrap_or(1), segment.raw_window, tsval);
            return;
        }
        if segment.payload_bytes > 0 {
            self.stops.interrupt();
            self.answers = true;
        }
        if !segment.flags.ack {
            return;
        }
        let at = At { frame: segment.frame, time_us: segment.time_us };
        self.advertised.note(at, segment.raw_window, ack, self.space.is_anchored());
        let Some(ack) = ack else {
            self.misfits = self.misfits.saturating_add(1);
            return;
        };
        if let Some((_, since_us)) = self.timed.take_if(|(end, _)| *end <= ack) {
            let answer_us = (segment.time_us - since_us).max(0);
            self.answer_us = Some(self.answer_us.map_or(answer_us, |least| least.min(answer_us)));
        }
        self.overshoots.acknowledged(ack, self.advertised.max_raw.unwrap_or(u16::MAX));
        self.stops.granted(segment.time_us, ack, segment.raw_window);
        self.transmissions.granted(
            segment.time_us,
            ack,
            ack + i64::from(segment.raw_window),
            // Without a known round trip nothing is certain about what met which edge.
            rtt_us.unwrap_or(i64::MAX / 2),
        );
        // The first block is there wherever any is.
        let blocks = segment.options.sack.iter().map_while(|block| *block);
        for (left, right) in blocks {
            if let (Some(left), Some(right)) = (self.space.position(left), self.space.position(right)) {
                self.transmissions.selectively_acknowledged(segment.time_us, left, right);
            }
        }
        self.ledger.grant(segment.time_us, ack, segment.raw_window, tsval, sequence);
        // One more than the data: the FIN takes a number.
        if self.sent.highest_end.is_some_and(|end| ack > end + 1) {
            self.advertised.phantom_acks = self.advertised.phantom_acks.saturating_add(1);
        }
    }

    /// Data of the other side, `sequence` its position.
    pub(crate) fn send(&mut self, segment: &Segment, sequence: i64, moment: &Moment) {
        let length = i64::from(segment.payload_bytes);
        let end = sequence + length;
        let before = self.sent.highest_end.unwrap_or(sequence);
        self.sent.largest_segment_bytes = self.sent.largest_segment_bytes.max(segment.payload_bytes);
        if length > 1 && !segment.flags.syn {
            let edge = self.ledger.unscaled_edge().unwrap_or(i64::MAX);
            let rtt_us = moment.rtt_us.unwrap_or(0);
            self.transmissions.sent(segment.frame, segment.time_us, sequence, end, edge, rtt_us);
        }
        if end <= before {
            self.overshoots.retransmitted(sequence, end);
            // What is acknowledged now may be either copy (RFC 6298 §3, Karn's algorithm).
            self.timed = None;
            // A keep-alive repeats at most one byte (RFC 9293 §3.8.4).
            self.sent.note_retransmission(length);
            return;
        }
        // No window reaches that far under any shift: the numbers were rewritten, or a long stretch is missing.
        let farthest = (i64::from(self.advertised.max_raw.unwrap_or(u16::MAX)) << MAX_SHIFT).max(HOLE_BYTES);
        let acknowledged = self.advertised.highest_ack.unwrap_or(before);
        if sequence - before > farthest || end - acknowledged > farthest {
            self.misfits = self.misfits.saturating_add(1);
        }
        let start = sequence.max(before);
        self.sent.note(segment, start, end, moment.rtt_us);
        if let Some(ack) = self.advertised.highest_ack {
            let in_flight = u64::try_from(end - ack).unwrap_or(0);
            self.sent.max_in_flight_bytes = Some(self.sent.max_in_flight_bytes.unwrap_or(0).max(in_flight));
        }
        if !segment.flags.syn && !moment.foreign_windows {
            self.infer(segment, sequence, before, end, moment);
        }
        self.history.note(segment.time_us, before, moment.rtt_us.unwrap_or(0));
        if !segment.flags.syn {
            self.timed.get_or_insert((end, segment.time_us));
        }
    }

    /// Compares new data with the edges that its sender knew.
    fn infer(&mut self, segment: &Segment, sequence: i64, before: i64, end: i64, moment: &Moment) {
        let asked = Asked {
            time_us: segment.time_us,
            echo: segment.options.timestamps.map(|(_, echo)| echo),
            sender_ack: moment.sender_ack,
            lag_us: moment.lag_us,
            rtt_us: moment.rtt_us,
            behind_handshake: moment.behind_handshake,
        };
        let Some(known) = self.ledger.known_to(&asked) else {
            self.stops.interrupt();
            return;
        };
        if let Some(echoed_us) = known.echoed_us {
            let lag = (segment.time_us - echoed_us).max(0);
            self.lag_us = Some(self.lag_us.map_or(lag, |least| least.min(lag)));
        }
        // What the receiver's data asked for was not released by its ACK.
        let answers = std::mem::take(&mut self.answers);
        let mut released_by = None;
        if !answers
            && self.sent.last_clocked_round < self.sent.rounds
            && let Some(reaction_us) = reaction_us(moment.lag_us, moment.rtt_us)
            && let Some((after_us, granted)) = known
                .fresh()
                .map(|granted| (segment.time_us - granted.time_us, granted))
                // The others are older still.
                .take_while(|(after_us, _)| after_us <= reaction_us.end())
                .find(|(after_us, _)| reaction_us.contains(after_us))
        {
            self.sent.clocked_soonest_us = sooner(self.sent.clocked_soonest_us, Some(after_us));
            self.sent.last_clocked_round = self.sent.rounds;
            self.sent.clocked_rounds += 1;
            released_by = Some(granted);
        }
        // A window probe may exceed the edge by one byte (RFC 9293 §3.8.6.1).
        let needed = known.edges.partition_point(|edge| *edge < end - 1);
        let needed = u8::try_from(needed).unwrap_or(MAX_SHIFT).min(MAX_SHIFT);
        let is_news = moment.declared_shift.is_some_and(|declared| needed > declared)
            || !self.overshoots.have_shown(needed);
        if needed > 0 && end - before > 1 && is_news {
            let newest = known.newest().next().map(|candidate| candidate.granted);
            let (ack, raw) = newest.map_or((before, 0), |granted| (granted.ack, granted.raw));
            let in_flight_bytes = u64::try_from(end - ack).unwrap_or(0);
            let by_knowledge = Overshoot { shift: needed, frame: segment.frame, in_flight_bytes, raw };
            let acknowledged_at_most =
                self.history.acknowledged_at_most(segment.time_us, before, moment.rtt_us);
            let robust_shift =
                self.advertised.needed_at_most(acknowledged_at_most, end, moment.behind_handshake);
            let robust_shift = needed.min(robust_shift);
            // Without timestamps only what holds both ways counts: see `granted`.
            // Where no handshake was captured nothing is convicted or proven by it: it bounds the shift.
            let by_knowledge = if asked.echo.is_some() || moment.declared_shift.is_none() {
                by_knowledge
            } else {
                Overshoot { shift: robust_shift, ..by_knowledge }
            };
            if by_knowledge.shift > 0 {
                let named = asked.echo.is_some() || moment.declared_shift.is_none();
                self.overshoots.note(Beyond { end, by_knowledge, robust_shift, acknowledged_at_most, named });
            }
        }
        if let Some(size) = moment.maximum_segment_size {
            let full_segment = i64::from(size) - i64::from(segment.option_bytes);
            let edge = moment.declared_shift.and_then(|shift| known.edges.get(usize::from(shift)));
            self.sent.note_limit(edge.is_some_and(|edge| end + full_segment > *edge));
            if full_segment > 0 {
                self.stops.data(&NewData {
                    frame: segment.frame,
                    time_us: segment.time_us,
                    start: sequence.max(before),
                    end,
                    round: self.sent.rounds,
                    full_segment,
                    released_by,
                    lag_us: moment.lag_us,
                    rtt_us: moment.rtt_us,
                    known: &known,
                });
            }
        }
    }
}

impl Sent {
    /// Bytes per second from the first to the last new data; one segment has no rate.
    pub fn rate_bytes_per_s(&self) -> Option<u64> {
        let elapsed = self.last_us? - self.first_us?;
        units::rate_of(self.bytes, elapsed).filter(|_| self.segments > 1)
    }

    fn note_retransmission(&mut self, length: i64) {
        if length > 1 {
            self.retransmissions += 1;
            if self.last_lossy_round < self.rounds {
                self.last_lossy_round = self.rounds;
                self.lossy_rounds += 1;
            }
        }
    }

    fn note_limit(&mut self, limited: bool) {
        if limited && self.last_limited_round < self.rounds {
            self.last_limited_round = self.rounds;
            self.limited_rounds += 1;
        }
    }

    fn note(&mut self, segment: &Segment, start: i64, end: i64, rtt_us: Option<i64>) {
        let time_us = segment.time_us;
        if let Some(slot) = self.first_frames.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(segment.frame);
        }
        self.bytes += u64::try_from(end - start).unwrap_or(0);
        self.segments += 1;
        self.first_us.get_or_insert(time_us);
        self.last_us = Some(time_us);
        self.highest_end = Some(end);
        let elapsed = self.round_started_us.map(|started| time_us - started);
        if elapsed.is_none_or(|elapsed| elapsed >= rtt_us.unwrap_or(1_000) * 3 / 4) {
            self.rounds += 1;
            self.round_started_us = Some(time_us);
        }
    }
}
