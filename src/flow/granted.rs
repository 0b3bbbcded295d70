//! One window that was granted, and whether the sender of a segment knew it.
//!
//! *With timestamps* the segment's TSecr names the newest ACK that the sender had processed (RFC 7323 §4.3),
//! wherever the capture was made. *Without*, an ACK takes effect one partial round trip later. Where it is
//! not certain whether an ACK was known, it counts as known: that errs towards larger edges, so towards
//! fewer overshoots and fewer claims.

use super::SHIFTS;

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
    pub(super) tsval: Option<(u32, u32)>,
    /// Position of the segment in the advertiser's own sequence space.
    pub(super) sequence: Option<i64>,
    /// Several ACKs in one, with the largest of their fields: an upper bound, no exact edge.
    pub(super) merged: bool,
}

impl Granted {
    /// The highest position that the sender may reach if it believes in `shift`.
    pub fn edge(&self, shift: u8) -> i64 {
        let window = i64::from(self.raw);
        self.ack + if self.unscaled { window } else { window << shift }
    }

    /// Whether the sender may reach as far by this one as by `other`, under every shift.
    pub(super) fn reaches_as_far_as(&self, other: &Self) -> bool {
        !self.unscaled && !other.unscaled && self.ack >= other.ack && self.raw >= other.raw
    }

    /// Whether `next` was captured later, and was sent later, as far as both tell.
    pub(super) fn is_followed_by(&self, next: &Self) -> bool {
        let in_order = match (self.tsval, next.tsval) {
            (Some((_, last)), Some((first, _))) => !later(last, first),
            (None, None) => true,
            _ => false,
        };
        in_order && self.time_us <= next.time_us
    }

    /// Both in one: an upper bound. `later` was captured behind this one.
    pub(super) fn merged_with(&self, later: &Self) -> Self {
        Self {
            ack: self.ack.max(later.ack),
            raw: self.raw.max(later.raw),
            tsval: self.tsval.zip(later.tsval).map(|((first, _), (_, last))| (first, last)),
            merged: true,
            ..*self
        }
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

/// Whether the sender may have known `granted`, and whether it may have been the newest that it knew.
pub(super) fn knows(asked: &Asked, granted: &Granted) -> (bool, bool) {
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
pub(super) fn known_for_long(asked: &Asked, granted: &Granted) -> bool {
    asked.lag_us.zip(asked.rtt_us).is_some_and(|(lag, rtt)| granted.time_us <= asked.time_us - lag - rtt / 2)
}

pub(super) fn echoes(asked: &Asked, syn: &Granted) -> bool {
    asked.echo.zip(syn.tsval).is_none_or(|(echo, (value, _))| echo == value)
}

pub(super) fn raise(edges: &mut Option<Edges>, granted: &Granted) {
    let new = granted.edges();
    match edges {
        None => *edges = Some(new),
        Some(edges) => edges.iter_mut().zip(new).for_each(|(edge, new)| *edge = (*edge).max(new)),
    }
}

/// Timestamps are compared modulo 2^32 (RFC 7323 §5.2).
pub(super) fn later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}
