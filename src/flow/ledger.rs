//! What the sender of the data knew about the receiver's window when it sent a segment.
//!
//! Everything that is inferred about the believed shift hangs on this: compared with "any recent ACK", a
//! healthy upload captured at the server looks stripped.
//!
//! Every segment of data asks, so the answer is carried over: ACKs come in order, what was known stays known,
//! and the next segment only adds what became known since. Where ACKs were captured out of order, all that are
//! open are looked at again.

use std::collections::VecDeque;

use super::granted::{Asked, Edges, Granted, echoes, known_for_long, knows, later, raise};

/// Grants kept while it is open whether the sender knows them. When there are more, neighbours are merged.
const PENDING_MAX: usize = 64;

/// What the list takes at most.
pub(super) const BYTES_MAX: usize = PENDING_MAX * size_of::<Granted>();

/// A few ACKs among which the newest known one is.
pub(super) const CANDIDATES: usize = 6;

/// The answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// The highest edge that the sender may have known, for every shift.
    pub(crate) edges: &'a Edges,
    /// When the first ACK was captured whose timestamp is echoed.
    pub(crate) echoed_us: Option<i64>,
    ledger: &'a Ledger,
    /// Which of the pending grants may have been the newest, a bit each.
    named: u64,
}

/// An ACK that the sender may have acted on, and the next one, if it was captured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) granted: &'a Granted,
    pub(crate) superseded: Option<&'a Granted>,
}

impl<'a> Known<'a> {
    /// The ACKs that may have been the newest that was known, the newest first. Merged ones have no exact edge.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Candidate<'a>> {
        let Self { ledger, mut named, .. } = *self;
        let pending = std::iter::from_fn(move || {
            let index = named.checked_ilog2()?;
            named ^= 1 << index;
            let index = usize::try_from(index).ok()?;
            Some(Candidate { granted: ledger.pending.get(index)?, superseded: ledger.pending.get(index + 1) })
        });
        let settled = ledger.last_known.iter();
        let settled = settled.map(|granted| Candidate { granted, superseded: ledger.pending.front() });
        pending.chain(settled).filter(|candidate| !candidate.granted.merged).take(CANDIDATES)
    }

    /// The same without those that grant nothing new: one that only repeats the ACK before it, because it was
    /// captured twice perhaps, releases nothing.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &'a Granted> {
        let mut newest = self.newest().map(|candidate| candidate.granted).peekable();
        std::iter::from_fn(move || {
            loop {
                let granted = newest.next()?;
                let repeats = |older: &&Granted| (older.ack, older.raw) == (granted.ack, granted.raw);
                if newest.peek().is_none_or(|older| !repeats(older)) {
                    return Some(granted);
                }
            }
        })
    }
}

/// The windows granted by one advertiser.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    syn: Option<Granted>,
    /// The edges of all that the sender knows for certain, and the newest of it.
    base: Option<Edges>,
    last_known: Option<Granted>,
    pending: VecDeque<Granted>,
    /// How many of the pending ones the latest sender knew, and the edges of these and of all before.
    reached: usize,
    reach: Option<Edges>,
    /// This many of the pending ones must settle before all that are left were captured in order.
    disordered: usize,
    /// How far the advertiser's own data reaches; the largest number where it is not known.
    sequence_max: i64,
    newest_tsval: Option<u32>,
    early_echo: Option<u32>,
    seen_echo: Option<u32>,
    /// The echo whose ACK was found last, and when that was captured.
    echoed: Option<(u32, i64)>,
    /// The edges of an answer that holds more than is carried over: few do.
    beyond: Option<Box<Edges>>,
    /// Echoes of timestamps that were never captured: ACKs are missing from the capture.
    pub(crate) unseen_echoes: u32,
}

impl Ledger {
    /// Whether ACKs are missing, or one may be: an echo whose ACK has not been captured to this day.
    pub(crate) fn misses_acks(&self) -> bool {
        self.unseen_echoes > 0 || self.early_echo.is_some()
    }

    /// Forgets everything but the memory of its list.
    pub(super) fn clear(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.clear();
        *self = Self { pending, beyond: self.beyond.take(), ..Self::default() };
    }

    /// A SYN's window.
    pub(crate) fn grant_in_syn(&mut self, time_us: i64, ack: i64, raw: u16, tsval: Option<u32>) {
        let tsval = tsval.map(|value| (value, value));
        self.note_tsval(tsval);
        self.syn = Some(Granted { time_us, ack, raw, unscaled: true, tsval, sequence: None, merged: false });
    }

    /// A window behind the handshake.
    pub(crate) fn grant(
        &mut self,
        time_us: i64,
        ack: i64,
        raw: u16,
        tsval: Option<u32>,
        sequence: Option<i64>,
    ) {
        let tsval = tsval.map(|value| (value, value));
        self.note_tsval(tsval);
        if self.pending.len() >= PENDING_MAX {
            self.compact();
        }
        let granted = Granted { time_us, ack, raw, unscaled: false, tsval, sequence, merged: false };
        if self.pending.back().is_some_and(|before| !before.is_followed_by(&granted)) {
            self.disordered = self.pending.len();
        }
        self.sequence_max = self.sequence_max.max(sequence.unwrap_or(i64::MAX));
        self.pending.push_back(granted);
    }

    /// The unscaled edge of the newest window that was captured.
    pub(crate) fn unscaled_edge(&self) -> Option<i64> {
        self.pending.back().or(self.last_known.as_ref()).or(self.syn.as_ref()).map(|granted| granted.edge(0))
    }

    fn note_tsval(&mut self, tsval: Option<(u32, u32)>) {
        let Some((value, _)) = tsval else { return };
        if let Some(early) = self.early_echo {
            // The two directions were captured out of order, nothing is missing.
            if early == value {
                self.early_echo = None;
            } else if later(value, early) {
                self.early_echo = None;
                self.unseen_echoes = self.unseen_echoes.saturating_add(1);
            }
        }
        if self.newest_tsval.is_none_or(|newest| later(value, newest)) {
            self.newest_tsval = Some(value);
        }
    }

    /// Merges neighbours in the older half, so that the newest stay exact.
    fn compact(&mut self) {
        let merged = self.pending.len() / 4;
        for index in 0..merged {
            let pair = self.pending.get(2 * index).zip(self.pending.get(2 * index + 1));
            let both = pair.map(|(earlier, later)| earlier.merged_with(later));
            if let (Some(both), Some(place)) = (both, self.pending.get_mut(index)) {
                *place = both;
            }
        }
        self.pending.drain(merged..2 * merged);
        if self.disordered > 0 {
            self.disordered = self.pending.len();
        }
        self.begin_again();
    }

    /// What the sender of a segment knew. `None` when it cannot be told: nothing was granted yet, or the
    /// segment echoes a timestamp that was not captured.
    pub(crate) fn known_to(&mut self, asked: &Asked) -> Option<Known<'_>> {
        self.settle(asked);
        if let Some(echo) = asked.echo
            && !self.has_seen(echo)
        {
            return None;
        }
        if self.disordered > 0 {
            self.begin_again();
        } else {
            self.advance(asked);
        }
        let mut more = None;
        let behind = u32::try_from(PENDING_MAX - self.reached.min(PENDING_MAX)).unwrap_or(0);
        let mut named = u64::MAX.checked_shr(behind).unwrap_or(0);
        // Without data of the advertiser that the sender has not acknowledged, no ACK behind those is known.
        let may_lie_beyond =
            asked.echo.is_some() && asked.sender_ack.is_none_or(|ack| self.sequence_max > ack);
        if self.disordered > 0 || may_lie_beyond {
            for (index, granted) in self.pending.iter().enumerate().skip(self.reached) {
                let (is_known, is_named) = knows(asked, granted);
                if is_known {
                    raise(more.get_or_insert(self.reach), granted);
                    named |= u64::from(is_named) << index;
                }
            }
        }
        // An echo of something newer than the SYN: a window behind the handshake is known, whichever it is.
        let echoes_newer = asked.echo.is_some() && self.syn.is_none_or(|syn| !echoes(asked, &syn));
        let is_certain =
            self.base.is_some() || asked.behind_handshake || echoes_newer && !self.pending.is_empty();
        if let Some(syn) = self.syn.as_ref().filter(|_| !is_certain) {
            raise(more.get_or_insert(self.reach), syn);
        }
        let echoed_us = asked.echo.and_then(|echo| self.echoed_us(echo, named));
        let holds_more = more.flatten().map(|edges| **self.beyond.get_or_insert_default() = edges);
        let edges = match holds_more {
            Some(()) => self.beyond.as_deref()?,
            None => self.reach.as_ref()?,
        };
        Some(Known { edges, echoed_us, ledger: self, named })
    }

    /// When the first ACK was captured whose timestamp is `echo`.
    fn echoed_us(&mut self, echo: u32, named: u64) -> Option<i64> {
        if let Some((before, echoed_us)) = self.echoed
            && before == echo
        {
            return Some(echoed_us);
        }
        let mut pending = self.pending.iter().enumerate();
        let echoed =
            pending.find(|(index, granted)| granted.tsval == Some((echo, echo)) && named >> index & 1 == 1);
        let echoed_us = echoed.map(|(_, granted)| granted.time_us)?;
        self.echoed = Some((echo, echoed_us));
        Some(echoed_us)
    }

    /// Adds what became known since the last segment.
    fn advance(&mut self, asked: &Asked) {
        let is_named = |granted: &Granted| knows(asked, granted).1;
        let latest = self.reached.checked_sub(1).and_then(|latest| self.pending.get(latest));
        // This segment knew less than the one before: it was captured out of order.
        if latest.is_some_and(|latest| !is_named(latest)) {
            self.begin_again();
        }
        let mut next = self.pending.get(self.reached).filter(|granted| is_named(granted));
        while let Some(granted) = next {
            self.reached += 1;
            next = self.pending.get(self.reached).filter(|granted| is_named(granted));
            if !next.is_some_and(|next| next.reaches_as_far_as(granted)) {
                raise(&mut self.reach, granted);
            }
        }
    }

    /// Forgets what was carried over.
    fn begin_again(&mut self) {
        self.reached = 0;
        self.reach = self.base;
    }

    /// Moves what the sender knows for certain out of the pending ones.
    fn settle(&mut self, asked: &Asked) {
        let is_certain = |granted: &&Granted| match (asked.echo, granted.tsval) {
            (Some(echo), Some((_, last))) => later(echo, last),
            _ => known_for_long(asked, granted),
        };
        let mut settled = 0;
        let mut next = self.pending.front().filter(is_certain);
        while let Some(granted) = next {
            settled += 1;
            next = self.pending.get(settled).filter(is_certain);
            if !next.is_some_and(|next| next.reaches_as_far_as(granted)) {
                raise(&mut self.base, granted);
            }
        }
        if settled == 0 {
            return;
        }
        self.last_known = self.pending.get(settled - 1).copied();
        self.pending.drain(..settled);
        self.disordered = self.disordered.saturating_sub(settled);
        if settled > self.reached {
            self.begin_again();
        } else {
            self.reached -= settled;
        }
    }

    /// Whether the echoed timestamp was captured. An echo from the future is remembered: either the two
    /// directions were captured out of order, or the ACK is missing.
    fn has_seen(&mut self, echo: u32) -> bool {
        if self.seen_echo == Some(echo) {
            return true;
        }
        let covers = |granted: &Granted| {
            granted.tsval.is_some_and(|(first, last)| !later(first, echo) && !later(echo, last))
        };
        if self.pending.iter().chain(&self.last_known).chain(&self.syn).any(covers) {
            self.seen_echo = Some(echo);
            return true;
        }
        let Some(newest) = self.newest_tsval else { return false };
        let oldest = self.last_known.or(self.pending.front().copied()).or(self.syn);
        let from_before =
            oldest.and_then(|granted| granted.tsval).is_some_and(|(first, _)| later(first, echo));
        if later(echo, newest) {
            self.early_echo.get_or_insert(echo);
        } else if !from_before {
            self.unseen_echoes = self.unseen_echoes.saturating_add(1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(time_us: i64, echo: Option<u32>) -> Asked {
        Asked {
            time_us,
            echo,
            sender_ack: Some(1),
            lag_us: Some(20_000),
            rtt_us: Some(40_000),
            behind_handshake: true,
        }
    }

    #[test]
    fn the_echo_names_what_was_known() {
        let mut ledger = Ledger::default();
        ledger.grant(0, 1, 63, Some(100), Some(1));
        ledger.grant(1000, 64, 63, Some(101), Some(1));
        let known = ledger.known_to(&asked(30_000, Some(100))).unwrap();
        assert_eq!((known.edges[0], known.edges[10]), (64, 1 + (63 << 10)));
        let known = ledger.known_to(&asked(30_000, Some(101))).unwrap();
        assert_eq!(known.edges[0], 127);
    }

    #[test]
    fn an_echo_that_was_never_captured_voids_the_answer_and_is_counted() {
        let mut ledger = Ledger::default();
        ledger.grant(0, 1, 63, Some(100), Some(1));
        ledger.grant(9000, 127, 63, Some(109), Some(1));
        assert!(ledger.known_to(&asked(30_000, Some(105))).is_none());
        assert_eq!(ledger.unseen_echoes, 1);
    }

    #[test]
    fn an_echo_captured_before_its_ack_is_reordering() {
        let mut ledger = Ledger::default();
        ledger.grant(0, 1, 63, Some(100), Some(1));
        assert!(ledger.known_to(&asked(30_000, Some(101))).is_none());
        ledger.grant(30_001, 64, 63, Some(101), Some(1));
        assert_eq!(ledger.unseen_echoes, 0);
    }

    #[test]
    fn without_timestamps_an_ack_takes_effect_a_partial_round_trip_later() {
        let mut ledger = Ledger::default();
        ledger.grant(0, 1, 63, None, Some(1));
        ledger.grant(40_000, 64, 63, None, Some(1));
        assert_eq!(ledger.known_to(&asked(45_000, None)).unwrap().edges[0], 64);
        assert_eq!(ledger.known_to(&asked(60_000, None)).unwrap().edges[0], 127);
    }

    #[test]
    fn the_windows_of_a_syn_are_never_scaled_and_end_with_the_first_ack() {
        let mut ledger = Ledger::default();
        ledger.grant_in_syn(0, 1, 64240, Some(100));
        let early = Asked { behind_handshake: false, ..asked(30_000, Some(100)) };
        assert_eq!(ledger.known_to(&early).unwrap().edges[10], 64241);
        ledger.grant(40_000, 1, 63, Some(140), Some(1));
        assert_eq!(ledger.known_to(&asked(90_000, Some(140))).unwrap().edges[0], 64);
    }

    #[test]
    fn a_full_ledger_merges_towards_larger_edges() {
        let mut ledger = Ledger::default();
        for tsval in 0..1000 {
            ledger.grant(0, i64::from(tsval) * 10, 63, Some(tsval), Some(1));
        }
        assert!(ledger.pending.len() <= PENDING_MAX);
        let known = ledger.known_to(&asked(30_000, Some(999))).unwrap();
        assert_eq!(known.edges[0], 9990 + 63);
    }
}
