//! New data beyond the edge of a shift: the sender believes in a larger one.
//!
//! It counts once it is acknowledged without having been sent again: data beyond the edge that a box dropped
//! proves nothing about health.

use super::SHIFTS;

/// One overshoot, as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overshoot {
    /// The smallest shift whose edge was not exceeded: the sender believes at least this.
    pub shift: u8,
    /// The frame with the data.
    pub frame: u64,
    /// From the newest acknowledgment that was known to the end of the data.
    pub in_flight_bytes: u64,
    /// The raw window that was known.
    pub raw: u16,
}

/// A segment that ended beyond an edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beyond {
    pub(crate) end: i64,
    /// By what the sender knew; 0 = not beyond any edge.
    pub(crate) by_knowledge: Overshoot,
    /// By what can have been acknowledged at most, and by what the sender knew: holds also when the capture
    /// lost ACKs.
    pub(crate) robust_shift: u8,
    /// What the receiver can have acknowledged at most when the data was sent.
    pub(crate) acknowledged_at_most: i64,
    /// Whether timestamps say what the sender knew; without them only what is robust counts.
    pub(crate) named: bool,
}

/// All overshoots of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overshoots {
    /// The one that excludes most among the acknowledged ones.
    pub best: Option<Overshoot>,
    /// The same, counting only those that lost frames in the capture cannot fake.
    pub best_robust: Option<Overshoot>,
    /// The robust one that exceeds most, whether or not it was acknowledged.
    pub farthest_robust: Option<Overshoot>,
    /// By the shift whose edge was the first not to be exceeded.
    beyond_robust: [u32; SHIFTS],
    open: [Option<Beyond>; OPEN],
    waiting: bool,
}

/// Overshoots whose acknowledgment is awaited. Several, because the one that exceeds most may get lost.
const OPEN: usize = 4;

impl Overshoots {
    /// How often data beyond the edge of `shift` was sent, whatever became of it; robust ones only.
    pub fn sent_beyond_robust(&self, shift: u8) -> u32 {
        let beyond = self.beyond_robust.iter().skip(usize::from(shift) + 1);
        beyond.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether it is known, however many ACKs the capture lost, that the sender believes in `shift` or more.
    pub(crate) fn have_shown(&self, shift: u8) -> bool {
        [self.best, self.best_robust].into_iter().all(|best| best.is_some_and(|best| best.shift >= shift))
    }

    /// New data went beyond an edge.
    pub(crate) fn note(&mut self, beyond: Beyond) {
        if let Some(count) = self.beyond_robust.get_mut(usize::from(beyond.robust_shift)) {
            *count = count.saturating_add(1);
        }
        keep(&mut self.farthest_robust, Overshoot { shift: beyond.robust_shift, ..beyond.by_knowledge });
        let shift = |best: Option<Overshoot>| best.map_or(0, |best| best.shift);
        if beyond.by_knowledge.shift <= shift(self.best) && beyond.robust_shift <= shift(self.best_robust) {
            // Once acknowledged it says nothing that is not known.
            return;
        }
        self.waiting = true;
        let rank = |open: &Option<Beyond>| open.map(|open| (open.robust_shift, open.by_knowledge.shift));
        if let Some(least) = self.open.iter_mut().min_by_key(|open| rank(open))
            && rank(least) <= rank(&Some(beyond))
        {
            *least = Some(beyond);
        }
    }

    /// Data was sent again: it was perhaps lost.
    pub(crate) fn retransmitted(&mut self, start: i64, end: i64) {
        for open in &mut self.open {
            if open.is_some_and(|open| start < open.end && end >= open.end) {
                *open = None;
            }
        }
    }

    /// Everything before `ack` arrived; `raw` is the largest window advertised so far. A window that grew in the
    /// meantime may have been granted before the data was sent, by an ACK that is missing from the capture.
    pub(crate) fn acknowledged(&mut self, ack: i64, raw: u16) {
        if !self.waiting {
            return;
        }
        self.waiting = false;
        for slot in 0..OPEN {
            let open = self.open.get_mut(slot).and_then(|open| open.take_if(|open| open.end <= ack));
            if let Some(open) = open {
                self.confirm(&open, raw);
            }
            self.waiting |= self.open.get(slot).is_some_and(Option::is_some);
        }
    }

    fn confirm(&mut self, open: &Beyond, raw: u16) {
        let reach = |shift: &u8| open.end - 1 <= open.acknowledged_at_most + (i64::from(raw) << shift);
        let robust_shift = (0..open.robust_shift).find(reach).unwrap_or(open.robust_shift);
        let robust = Overshoot { shift: robust_shift, ..open.by_knowledge };
        let found = if open.named { open.by_knowledge } else { robust };
        keep(&mut self.best, found);
        keep(&mut self.best_robust, robust);
    }
}

fn keep(best: &mut Option<Overshoot>, found: Overshoot) {
    if found.shift > best.map_or(0, |best| best.shift) {
        *best = Some(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(end: i64, shift: u8, robust_shift: u8) -> Beyond {
        Beyond {
            end,
            by_knowledge: Overshoot { shift, frame: 9, in_flight_bytes: 1448, raw: 63 },
            robust_shift,
            acknowledged_at_most: 1,
            named: true,
        }
    }

    #[test]
    fn an_overshoot_counts_when_it_is_acknowledged() {
        let mut overshoots = Overshoots::default();
        overshoots.note(beyond(1449, 5, 0));
        assert_eq!(overshoots.best, None);
        overshoots.acknowledged(1449, 1);
        assert_eq!(overshoots.best.map(|best| best.shift), Some(5));
        assert_eq!(overshoots.best_robust, None);
    }

    #[test]
    fn a_window_that_grew_unseen_voids_what_it_explains() {
        let mut overshoots = Overshoots::default();
        overshoots.note(Beyond { named: false, ..beyond(505, 3, 3) });
        overshoots.acknowledged(505, 504);
        assert_eq!((overshoots.best, overshoots.best_robust), (None, None));
    }

    #[test]
    fn an_overshoot_that_was_sent_again_proves_nothing() {
        let mut overshoots = Overshoots::default();
        overshoots.note(beyond(1449, 5, 5));
        overshoots.retransmitted(1, 1449);
        overshoots.acknowledged(1449, 1);
        assert_eq!(overshoots.best, None);
    }
}
