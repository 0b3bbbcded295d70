//! What became of each transmission, by where it ended: inside the unscaled edge, or beyond it.
//!
//! A stateful box that forgot the scale drops what ends beyond `ack + raw window` as it tracks it. The box sees
//! an ACK before the sender does, so its edge may be ahead of the sender's: a transmission counts as beyond
//! only if no ACK that was captured within one round trip after it would have let it through. Counted are
//! transmissions, not bytes: the same bytes get through later, once the edge has moved.

use std::collections::VecDeque;

/// Transmissions whose fate is open. When there are more, the oldest are forgotten.
const OPEN_MAX: usize = 128;

/// What the list takes at most.
pub(super) const BYTES_MAX: usize = OPEN_MAX * size_of::<Transmission>();

/// The fates of the transmissions of one direction.
#[derive(Clone, Debug, Default)]
pub struct Transmissions {
    /// Ended inside the unscaled edge, and arrived.
    pub inside_arrived: u32,
    /// Ended inside the unscaled edge, and was sent again.
    pub inside_lost: u32,
    /// Ended beyond it, and arrived.
    pub beyond_arrived: u32,
    /// Ended beyond it, and was sent again or never acknowledged.
    pub beyond_lost: u32,
    /// How often it happened that such were lost, with something that arrived in between: an outage of the path
    /// counts once, however much it takes.
    pub losses_beyond: u32,
    /// The largest that ended inside and arrived.
    pub largest_inside_bytes: i64,
    /// The smallest that ended beyond and was lost.
    pub smallest_lost_bytes: Option<i64>,
    /// Frames of the first few that were lost beyond the edge.
    pub lost_frames: [Option<u64>; 4],
    /// When the latest of them went out.
    pub last_loss_us: Option<i64>,
    /// Those that were sent again before any timer of the sender can have expired, although no selective
    /// acknowledgment was captured that told it to: the capture misses ACKs.
    pub unexplained: u32,
    /// When the latest that arrived went out.
    last_arrival_us: Option<i64>,
    /// When the latest selective acknowledgment was captured.
    selective_us: Option<i64>,
    open: VecDeque<Transmission>,
}

#[derive(Clone, Copy, Debug)]
struct Transmission {
    frame: u64,
    time_us: i64,
    start: i64,
    end: i64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inside,
    Beyond,
    /// An ACK came within the round trip: the box may have known better than the sender.
    Unsure,
}

impl Transmissions {
    /// Forgets everything but the memory of its list.
    pub(super) fn clear(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        *self = Self { open, ..Self::default() };
    }

    /// A segment of data went out, new or again; `edge` is the unscaled edge of the newest ACK known.
    pub(crate) fn sent(&mut self, frame: u64, time_us: i64, start: i64, end: i64, edge: i64, rtt_us: i64) {
        // Once something got through beyond the edge, no box drops what lies there.
        if self.beyond_arrived > 0 {
            self.open.clear();
            return;
        }
        // The same segment again within half a round trip is a copy of it: no sender knows of a loss by then.
        let is_copy = |before: &Transmission| {
            before.start == start && before.end == end && (time_us - before.time_us).abs() < rtt_us / 2
        };
        if self.open.iter().any(is_copy) {
            return;
        }
        let mut lost = Vec::new();
        self.open.retain(|before| {
            let again = before.start < end && start < before.end;
            if again {
                lost.push(*before);
            }
            !again
        });
        for transmission in &lost {
            self.lose(transmission);
            // A retransmission timeout is longer than a round trip (RFC 6298 §2), a tail loss probe waits for two
            // (RFC 8985 §7.2): what comes sooner was asked for.
            let is_early = time_us - transmission.time_us < rtt_us * 3 / 2;
            let is_asked_for = self.selective_us.is_some_and(|asked_us| asked_us >= transmission.time_us);
            if transmission.place == Place::Beyond && is_early && !is_asked_for {
                self.unexplained += 1;
            }
        }
        if self.open.len() == OPEN_MAX {
            self.open.pop_front();
        }
        let place = if end <= edge { Place::Inside } else { Place::Beyond };
        self.open.push_back(Transmission { frame, time_us, start, end, place });
    }

    /// The receiver granted a window: everything before `ack` arrived, and what was sent less than a round
    /// trip ago may have met a box that knew this already.
    pub(crate) fn granted(&mut self, time_us: i64, ack: i64, edge: i64, rtt_us: i64) {
        while let Some(first) = self.open.front().copied().filter(|first| first.end <= ack) {
            self.open.pop_front();
            self.arrive(&first);
        }
        for transmission in &mut self.open {
            if transmission.place == Place::Beyond
                && transmission.end <= edge
                && time_us < transmission.time_us + rtt_us
            {
                transmission.place = Place::Unsure;
            }
        }
    }

    /// The receiver holds these bytes.
    pub(crate) fn selectively_acknowledged(&mut self, time_us: i64, start: i64, end: i64) {
        self.selective_us = Some(time_us);
        let mut arrived = Vec::new();
        self.open.retain(|transmission| {
            let covered = start <= transmission.start && transmission.end <= end;
            if covered {
                arrived.push(*transmission);
            }
            !covered
        });
        for transmission in &arrived {
            self.arrive(transmission);
        }
    }

    fn arrive(&mut self, transmission: &Transmission) {
        self.last_arrival_us = self.last_arrival_us.max(Some(transmission.time_us));
        match transmission.place {
            Place::Inside => {
                self.inside_arrived += 1;
                self.largest_inside_bytes =
                    self.largest_inside_bytes.max(transmission.end - transmission.start);
            }
            Place::Beyond => self.beyond_arrived += 1,
            Place::Unsure => {}
        }
    }

    fn lose(&mut self, transmission: &Transmission) {
        match transmission.place {
            Place::Inside => self.inside_lost += 1,
            Place::Unsure => {}
            Place::Beyond => {
                self.beyond_lost += 1;
                let is_same = |loss: i64| {
                    self.last_arrival_us
                        .is_none_or(|arrival| arrival <= loss || transmission.time_us < arrival)
                };
                self.losses_beyond += u32::from(!self.last_loss_us.is_some_and(is_same));
                let size = transmission.end - transmission.start;
                self.smallest_lost_bytes =
                    Some(self.smallest_lost_bytes.map_or(size, |least| least.min(size)));
                self.last_loss_us = self.last_loss_us.max(Some(transmission.time_us));
                if let Some(slot) = self.lost_frames.iter_mut().find(|slot| slot.is_none()) {
                    *slot = Some(transmission.frame);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: i64 = 40_000;

    #[test]
    fn what_is_sent_again_was_lost_and_the_last_copy_arrived() {
        let mut fates = Transmissions::default();
        fates.sent(1, 0, 1, 1449, 4016, RTT);
        fates.sent(2, 0, 1449, 2897, 4016, RTT);
        fates.sent(3, 0, 2897, 4345, 4016, RTT);
        fates.granted(RTT, 2897, 7000, RTT);
        fates.sent(4, 200_000, 2897, 4345, 7000, RTT);
        fates.granted(200_000 + RTT, 4345, 9000, RTT);
        assert_eq!((fates.inside_arrived, fates.beyond_lost, fates.beyond_arrived), (3, 1, 0));
        assert_eq!(fates.lost_frames[0], Some(3));
    }

    #[test]
    fn what_is_lost_at_once_is_one_loss() {
        let mut fates = Transmissions::default();
        for (number, at) in (0..3).zip([0, 400_000, 800_000]) {
            let start = 1 + 1448 * number;
            let edge = start + 1448;
            for ahead in 0..4 {
                fates.sent(1, at, start + 1448 * ahead, start + 1448 * (ahead + 1), edge, RTT);
            }
            fates.granted(at + RTT, edge, edge + 1448, RTT);
        }
        assert_eq!((fates.inside_arrived, fates.beyond_lost, fates.losses_beyond), (3, 6, 2));
    }

    #[test]
    fn an_ack_on_its_way_makes_it_unsure() {
        let mut fates = Transmissions::default();
        fates.sent(1, 0, 2897, 4345, 4016, RTT);
        fates.granted(10_000, 2897, 7000, RTT);
        fates.sent(2, 200_000, 2897, 4345, 7000, RTT);
        assert_eq!(fates.beyond_lost, 0);
    }

    #[test]
    fn selectively_acknowledged_data_arrived() {
        let mut fates = Transmissions::default();
        fates.sent(1, 0, 5793, 7241, 4016, RTT);
        fates.selectively_acknowledged(RTT, 5793, 7241);
        assert_eq!(fates.beyond_arrived, 1);
    }

    #[test]
    fn what_is_sent_again_at_once_was_asked_for() {
        for (again_us, asked_us, unexplained) in
            [(RTT + 100, None, 1), (RTT + 100, Some(RTT), 0), (5 * RTT, None, 0), (2 * RTT, None, 0)]
        {
            let mut fates = Transmissions::default();
            fates.sent(1, 10, 5793, 7241, 4016, RTT);
            if let Some(asked_us) = asked_us {
                fates.selectively_acknowledged(asked_us, 7241, 8689);
            }
            fates.sent(2, again_us, 5793, 7241, 4016, RTT);
            assert_eq!((fates.beyond_lost, fates.unexplained), (1, unexplained), "{again_us} {asked_us:?}");
        }
    }
}
