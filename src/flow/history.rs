//! How far the sender had got some time ago: what the receiver can have acknowledged at most.
//!
//! This bound needs no ACK at all, so it holds when the capture lost some. Data sent within one round trip
//! cannot have been released by an ACK of itself.

use std::collections::VecDeque;

const SAMPLES_MAX: usize = 32;

/// What the list takes at most.
pub(super) const BYTES_MAX: usize = SAMPLES_MAX * size_of::<Sample>();

#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    time_us: i64,
    /// Highest end of data before this moment.
    end_before: i64,
}

impl History {
    /// Forgets everything but the memory of its list.
    pub(super) fn clear(&mut self) {
        self.samples.clear();
    }

    /// New data goes out at `time_us`; before it, the highest end was `end_before`.
    pub(crate) fn note(&mut self, time_us: i64, end_before: i64, rtt_us: i64) {
        let spacing = rtt_us / 16;
        if self.samples.back().is_some_and(|last| time_us < last.time_us + spacing) {
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { time_us, end_before });
    }

    /// What the receiver can have acknowledged at most: all that had been sent three quarters of a round trip
    /// ago; `now` is all that was sent.
    pub(crate) fn acknowledged_at_most(&self, time_us: i64, now: i64, rtt_us: Option<i64>) -> i64 {
        rtt_us.map_or(now, |rtt| self.sent_by(time_us - rtt * 3 / 4, now))
    }

    /// The highest end of data that was captured at or before `time_us`, at most; `now` if that is all.
    fn sent_by(&self, time_us: i64, now: i64) -> i64 {
        let first_later = self.samples.partition_point(|sample| sample.time_us <= time_us);
        self.samples.get(first_later).map_or(now, |sample| sample.end_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_by_then_is_never_underestimated() {
        let mut history = History::default();
        for step in 0..100 {
            history.note(step * 1000, step * 1448, 40_000);
        }
        let now = 100 * 1448;
        assert!(history.sent_by(60_000, now) >= 61 * 1448);
        assert!(history.sent_by(60_000, now) <= 64 * 1448);
        assert_eq!(history.sent_by(99_500, now), now);
    }
}
