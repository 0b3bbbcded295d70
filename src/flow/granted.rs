//! What the sender of the data knew about the receiver's window when it sent a segment.
//!
//! Everything that is inferred about the believed shift hangs on this: compared with "any recent ACK", a
//! healthy upload captured at the server looks stripped.
//!
//! *With timestamps* the segment's TSecr names the newest ACK that the sender had processed (RFC 7323 §4.3),
//! wherever the capture was made. *Without*, an ACK takes effect one partial round trip later. Where it is
//! not certain whether an ACK was known, it counts as known: that errs towards larger edges, so towards
//! fewer overshoots and fewer claims.

use std::collections::VecDeque;

use super::SHIFTS;

/// Grants kept while it is open whether the sender knows them. When there are more, neighbours are merged.
const PENDING_MAX: usize = 64;

/// What the list takes at most.
pub(super) const BYTES_MAX: usize = PENDING_MAX * size_of::<Granted>();

/// The right edge for every shift that the sender may believe in.
pub(crate) type Edges = [i64; SHIFTS];

/// One window that was granted: an ACK as captured.
#[derive(Clone, Copy, Debug)]
pub struct Granted {
    /// When it was captured.
    pub time_us: i64,
    /// Acknowledged position.
    pub ack: i64,
    /// Raw window.
    pub raw: u16,
    /// From a SYN: not scaled.
    pub unscaled: bool,
    /// TSval, first and last of those merged.
    tsval: Option<(u32, u32)>,
    /// Position of the segment in the advertiser's own sequence space.
    sequence: Option<i64>,
    /// Several ACKs in one, with the largest of their fields: an upper bound, no exact edge.
    merged: bool,
}

impl Granted {
    /// The highest position that the sender may reach if it believes in `shift`.
    pub fn edge(&self, shift: u8) -> i64 {
        let window = i64::from(self.raw);
        self.ack + if self.unscaled { window } else { window << shift }
    }

    fn edges(&self) -> Edges {
        let mut edges = [0; SHIFTS];
        for (edge, shift) in edges.iter_mut().zip(0..) {
            *edge = self.edge(shift);
        }
        edges
    }
}

/// A segment whose sender's knowledge is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) time_us: i64,
    /// TSecr.
    pub(crate) echo: Option<u32>,
    /// What the sender had acknowledged of the advertiser's data before this segment.
    pub(crate) sender_ack: Option<i64>,
    /// From an ACK captured here to the sender's reaction captured here.
    pub(crate) lag_us: Option<i64>,
    pub(crate) rtt_us: Option<i64>,
    /// The sender cannot have sent this on the strength of the SYN's window alone.
    pub(crate) behind_handshake: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The highest edge that the sender may have known, for every shift.
    pub(crate) edges: Edges,
    /// When the first ACK was captured whose timestamp is echoed.
    pub(crate) echoed_us: Option<i64>,
    /// The ACKs that may have been its newest, oldest first.
    pub(crate) newest: Candidates,
}

/// A few ACKs among which the newest known one is.
pub(crate) type Candidates = [Option<Candidate>; 6];

/// An ACK that the sender may have acted on, and when the next one was captured, if it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) granted: Granted,
    pub(crate) superseded: Option<Granted>,
}

/// The windows granted by one advertiser.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    syn: Option<Granted>,
    base: Option<Edges>,
    last_known: Option<Granted>,
    pending: VecDeque<Granted>,
    newest_tsval: Option<u32>,
    early_echo: Option<u32>,
    /// Echoes of timestamps that were never captured: ACKs are missing from the capture.
    pub(crate) unseen_echoes: u32,
}

impl Ledger {
    /// Whether ACKs are missing, or one may be: an echo whose ACK has not been captured to this day.
    pub(crate) fn misses_acks(&self) -> bool {
        self.unseen_echoes > 0 || self.early_echo.is_some()
    }
}

impl Ledger {
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
        self.pending.push_back(Granted {
            time_us,
            ack,
            raw,
            unscaled: false,
            tsval,
            sequence,
            merged: false,
        });
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
        let old = self.pending.len() / 2;
        let mut kept = VecDeque::with_capacity(PENDING_MAX);
        let mut rest = self.pending.drain(..);
        for _ in 0..old / 2 {
            if let (Some(a), Some(b)) = (rest.next(), rest.next()) {
                kept.push_back(Granted {
                    ack: a.ack.max(b.ack),
                    raw: a.raw.max(b.raw),
                    tsval: a.tsval.zip(b.tsval).map(|(a, b)| (a.0, b.1)),
                    merged: true,
                    ..a
                });
            }
        }
        kept.extend(rest);
        self.pending = kept;
    }

    /// What the sender of a segment knew. `None` when it cannot be told: nothing was granted yet, or the
    /// segment echoes a timestamp that was not captured.
    pub(crate) fn known_to(&mut self, asked: &Asked) -> Option<Known> {
        self.settle(asked);
        if let Some(echo) = asked.echo
            && !self.has_seen(echo)
        {
            return None;
        }
        let mut edges = self.base;
        let mut newest = Candidates::default();
        let mut held = 0;
        let mut echoed_us = None;
        if let Some(granted) = self.last_known.filter(|granted| !granted.merged) {
            newest[0] = Some(Candidate { granted, superseded: self.pending.front().copied() });
            held = 1;
        }
        // An echo of something newer than the SYN: a window behind the handshake is known, whichever it is.
        let echoes_newer = asked.echo.is_some() && self.syn.is_none_or(|syn| !echoes(asked, &syn));
        let certain = edges.is_some() || asked.behind_handshake || echoes_newer && !self.pending.is_empty();
        for (index, granted) in self.pending.iter().enumerate() {
            let (known, named) = knows(asked, granted);
            if !known {
                continue;
            }
            raise(&mut edges, granted);
            if named && asked.echo.is_some_and(|echo| granted.tsval == Some((echo, echo))) {
                echoed_us.get_or_insert(granted.time_us);
            }
            if named && !granted.merged {
                let candidate =
                    Candidate { granted: *granted, superseded: self.pending.get(index + 1).copied() };
                if held == newest.len() {
                    newest.rotate_left(1);
                    held -= 1;
                }
                if let Some(slot) = newest.get_mut(held) {
                    *slot = Some(candidate);
                    held += 1;
                }
            }
        }
        if let Some(syn) = self.syn.filter(|_| !certain) {
            raise(&mut edges, &syn);
        }
        edges.map(|edges| Known { edges, echoed_us, newest })
    }

    /// Moves what the sender knows for certain out of the pending ones.
    fn settle(&mut self, asked: &Asked) {
        while let Some(front) = self.pending.front() {
            let certain = match (asked.echo, front.tsval) {
                (Some(echo), Some((_, last))) => later(echo, last),
                _ => known_for_long(asked, front),
            };
            if !certain {
                break;
            }
            raise(&mut self.base, front);
            self.last_known = self.pending.pop_front();
        }
    }

    /// Whether the echoed timestamp was captured. An echo from the future is remembered: either the two
    /// directions were captured out of order, or the ACK is missing.
    fn has_seen(&mut self, echo: u32) -> bool {
        let covers = |granted: &Granted| {
            granted.tsval.is_some_and(|(first, last)| !later(first, echo) && !later(echo, last))
        };
        if self.pending.iter().chain(&self.last_known).chain(&self.syn).any(covers) {
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

/// Whether the sender may have known `granted`, and whether it may have been the newest that it knew.
fn knows(asked: &Asked, granted: &Granted) -> (bool, bool) {
    let (Some(echo), Some((first, _))) = (asked.echo, granted.tsval) else {
        let arrived = arrived(asked, granted);
        return (arrived, arrived);
    };
    if !later(first, echo) {
        return (true, true);
    }
    // RFC 7323 §4.3: TS.Recent is updated only by a segment that starts at or before the last acknowledgment
    // sent. One that lies beyond was perhaps processed without a trace in TSecr.
    let beyond = match (granted.sequence, asked.sender_ack) {
        (Some(sequence), Some(ack)) => sequence > ack,
        _ => true,
    };
    (beyond && arrived(asked, granted), false)
}

/// By the clock: the ACK may have reached the sender. A quarter of a round trip is allowed for captures that
/// reorder the two directions.
fn arrived(asked: &Asked, granted: &Granted) -> bool {
    asked.lag_us.zip(asked.rtt_us).is_none_or(|(lag, rtt)| granted.time_us <= asked.time_us - lag + rtt / 4)
}

/// By the clock: the ACK reached the sender at least half a round trip before.
fn known_for_long(asked: &Asked, granted: &Granted) -> bool {
    asked.lag_us.zip(asked.rtt_us).is_some_and(|(lag, rtt)| granted.time_us <= asked.time_us - lag - rtt / 2)
}

fn echoes(asked: &Asked, syn: &Granted) -> bool {
    asked.echo.zip(syn.tsval).is_none_or(|(echo, (value, _))| echo == value)
}

fn raise(edges: &mut Option<Edges>, granted: &Granted) {
    let new = granted.edges();
    match edges {
        None => *edges = Some(new),
        Some(edges) => edges.iter_mut().zip(new).for_each(|(edge, new)| *edge = (*edge).max(new)),
    }
}

/// Timestamps are compared modulo 2^32 (RFC 7323 §5.2).
fn later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
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
