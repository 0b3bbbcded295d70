//! What the SYNs said, and the round trip that the handshake shows.

use crate::decode::{Offer, Segment};

use super::{Kernel, MAX_SHIFT, Side, Sides};

/// One side's SYN, as first captured, and what its retransmissions changed.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about one packet")]
pub struct Syn {
    /// Frame of the first one.
    pub frame: u64,
    /// When the latest one was captured.
    pub time_us: i64,
    /// Initial sequence number.
    pub sequence: u32,
    /// The window field, never scaled (RFC 7323 §2.2: "The Window field in a segment where the SYN bit is
    /// set ... MUST NOT be scaled").
    pub window: u16,
    /// Window scale as the latest one offers it.
    pub offer: Offer,
    /// Retransmissions do not agree about the option.
    pub offers_differ: bool,
    /// A retransmission that came without the option although an earlier one had it.
    pub retried_without: Option<u64>,
    /// Maximum segment size.
    pub maximum_segment_size: Option<u16>,
    /// SACK permitted.
    pub sack_permitted: bool,
    /// TSval and TSecr.
    pub timestamps: Option<(u32, u32)>,
    /// Multipath TCP.
    pub mptcp: bool,
    /// The longest run of NOPs in the latest one.
    pub nop_run: u8,
    /// The SYN has the ACK bit.
    pub acknowledges: bool,
    /// Payload bytes (Fast Open).
    pub payload_bytes: u32,
    /// How many were captured.
    pub count: u32,
    /// A copy of the same SYN was captured that offers something else: a box is in this capture.
    pub altered: Option<Altered>,
}

/// The window scale option takes three bytes, and senders align it with one NOP.
const BLANKED_RUN: u8 = 4;

impl Syn {
    /// NOPs stand where the option was.
    pub fn is_blanked(&self) -> bool {
        self.offer == Offer::Absent && self.nop_run >= BLANKED_RUN
    }
}

/// Two copies of one SYN that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Altered {
    /// The frame and offer of the earlier copy.
    pub before: (u64, Offer),
    /// The frame and offer of the later copy.
    pub after: (u64, Offer),
}

/// The same connection seen under other addresses or ports: beyond an address translation.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    /// Index of the other flow.
    pub index: u64,
    /// Each side's SYN in the other flow: frame and offer.
    pub syn: Sides<Option<(u64, Offer)>>,
}

/// Copies of one packet are captured within this time, retransmissions of a SYN come later: RFC 6298 §2.1
/// starts with a timeout of a second.
const COPY_US: i64 = 20_000;

/// The handshake of one flow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake {
    /// Each side's SYN.
    pub syn: Sides<Option<Syn>>,
    /// The client's first segment without SYN after the SYN-ACK: frame.
    pub completed: Option<u64>,
    /// The client was captured to speak before the SYN-ACK was: the capture is out of order, or lost something.
    client_spoke_early: bool,
    /// From an ACK captured here to the reaction of this side captured here: the part of the round trip that
    /// lies on this side of the capture point.
    pub lag_us: Sides<Option<i64>>,
    /// What the kernel of one end says, where it was asked.
    pub kernel: Kernel,
    terms: Terms,
}

/// What follows from the handshake for every segment behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// The declared shift of each side's window.
    pub(crate) declared_shift: Sides<Option<u8>>,
    pub(crate) maximum_segment_size: Option<u16>,
    pub(crate) is_multipath: bool,
    /// The client's SYN carried data (RFC 7413).
    pub(crate) is_fast_open: bool,
}

impl Handshake {
    /// Takes a segment of `from` into account.
    pub(crate) fn note(&mut self, from: Side, segment: &Segment) {
        if segment.flags.syn {
            self.note_syn(from, segment);
            self.settle_terms();
        } else if from == Side::Client && segment.flags.ack && !segment.flags.rst && self.completed.is_none()
        {
            let Some(syn_ack) = self.syn.server.as_ref().filter(|syn| syn.acknowledges) else {
                self.client_spoke_early = true;
                return;
            };
            if segment.acknowledgment.wrapping_sub(syn_ack.sequence).cast_signed() < 1 {
                return;
            }
            self.completed = Some(segment.frame);
            // A SYN-ACK that was sent twice does not say which one this answers, and only the ACK of the
            // handshake itself is a reaction: what comes later has waited for an application.
            let answers = segment.payload_bytes == 0
                && !segment.flags.fin
                && segment.acknowledgment == syn_ack.sequence.wrapping_add(1)
                && self
                    .syn
                    .client
                    .as_ref()
                    .is_some_and(|syn| segment.sequence == syn.sequence.wrapping_add(1));
            if syn_ack.count == 1 && answers && !self.client_spoke_early {
                self.lag_us.client = positive(segment.time_us - syn_ack.time_us);
            }
        }
    }

    fn note_syn(&mut self, from: Side, segment: &Segment) {
        let options = &segment.options;
        if let (Side::Server, true, Some(syn)) = (from, segment.flags.ack, self.syn.client)
            && self.syn.server.is_none()
        {
            // A SYN that was sent twice is told apart by the timestamp that the SYN-ACK echoes.
            let echoes_latest = matches!((syn.timestamps, options.timestamps),
                (Some((value, _)), Some((_, echo))) if value == echo);
            if syn.count == 1 || echoes_latest {
                self.lag_us.server = positive(segment.time_us - syn.time_us);
            }
        }
        let latest = Syn {
            frame: segment.frame,
            time_us: segment.time_us,
            sequence: segment.sequence,
            window: segment.raw_window,
            offer: options.window_scale,
            offers_differ: false,
            retried_without: None,
            maximum_segment_size: options.maximum_segment_size,
            sack_permitted: options.sack_permitted,
            timestamps: options.timestamps,
            mptcp: options.mptcp,
            nop_run: options.nop_run,
            acknowledges: segment.flags.ack,
            payload_bytes: segment.payload_bytes,
            count: 1,
            altered: None,
        };
        let slot = self.syn.of_mut(from);
        let Some(first) = slot else {
            *slot = Some(latest);
            return;
        };
        let mut merged = Syn {
            frame: first.frame,
            window: first.window,
            count: first.count.saturating_add(1),
            offers_differ: first.offers_differ,
            retried_without: first.retried_without,
            acknowledges: first.acknowledges || latest.acknowledges,
            altered: first.altered,
            ..latest
        };
        let is_copy = latest.sequence == first.sequence
            && latest.timestamps == first.timestamps
            && first.count == 1
            && (0..COPY_US).contains(&(latest.time_us - first.time_us));
        if is_copy {
            // The same packet again: no retransmission, whatever differs was changed on the way.
            merged.count = first.count;
            merged.time_us = first.time_us;
            if ![first.offer, latest.offer].contains(&Offer::Unseen) && first.offer != latest.offer {
                merged.altered = Some(Altered {
                    before: (first.frame, first.offer),
                    after: (segment.frame, latest.offer),
                });
            }
            *slot = Some(merged);
            return;
        }
        if latest.offer == Offer::Unseen {
            merged.offer = first.offer;
        } else if first.offer != Offer::Unseen && first.offer != latest.offer {
            merged.offers_differ = true;
            if latest.offer == Offer::Absent {
                merged.retried_without = merged.retried_without.or(Some(segment.frame));
            }
        }
        *slot = Some(merged);
    }

    /// What `side` offered, over all its SYNs.
    pub fn offer(&self, side: Side) -> Offer {
        match self.syn.of(side) {
            None => Offer::Unseen,
            Some(syn) if syn.offers_differ => Offer::Inconsistent,
            Some(syn) => syn.offer,
        }
    }

    /// What the two ends agreed on, as far as both SYNs were seen here: the shift of `side`'s window.
    ///
    /// RFC 7323 §2.2: "This option is an offer, not a promise; both sides MUST send Window Scale options in
    /// their `<SYN>` segments to enable window scaling in either direction."
    pub fn declared_shift(&self, side: Side) -> Option<u8> {
        match self.scaling() {
            Some(true) => self.latest_shift(side).or_else(|| self.kernel.view().map(|view| view.shift(side))),
            Some(false) => Some(0),
            None => None,
        }
    }

    /// Takes the kernel's answer into account: at its own end an ACK takes effect at once, at the other end
    /// after a round trip.
    pub fn asked(&mut self, kernel: Kernel) {
        self.kernel = kernel;
        self.settle_terms();
        if let (Some(view), None) = (kernel.view(), self.rtt_us()) {
            *self.lag_us.of_mut(view.side) = view.rtt_us.map(|_| 0);
            *self.lag_us.of_mut(view.side.peer()) = view.rtt_us;
        }
    }

    /// What follows for every segment, worked out once.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    fn settle_terms(&mut self) {
        self.terms = Terms {
            declared_shift: Sides {
                client: self.declared_shift(Side::Client),
                server: self.declared_shift(Side::Server),
            },
            maximum_segment_size: self.maximum_segment_size(),
            is_multipath: self.is_multipath(),
            is_fast_open: self.syn.client.as_ref().is_some_and(|syn| syn.payload_bytes > 0),
        };
    }

    /// Whether both offered (`true`) or one declined (`false`); where the capture does not tell, what the
    /// kernel of an end says; else `None`.
    pub fn scaling(&self) -> Option<bool> {
        self.scaling_on_wire().or_else(|| self.kernel.view().map(|view| view.shifts.is_some()))
    }

    /// Whether both offered (`true`) or one declined (`false`); `None` where the capture does not tell.
    pub fn scaling_on_wire(&self) -> Option<bool> {
        let latest = |syn: &Option<Syn>| syn.as_ref().map_or(Offer::Unseen, |syn| syn.offer);
        match (latest(&self.syn.client), latest(&self.syn.server)) {
            (Offer::Absent, _) | (_, Offer::Absent) => Some(false),
            (Offer::Shift(_), Offer::Shift(_)) => Some(true),
            _ => None,
        }
    }

    /// The shift of the latest SYN, limited to what RFC 7323 §2.3 allows: "If a Window Scale option is
    /// received with a shift.cnt value larger than 14, the TCP SHOULD log the error but MUST use 14".
    fn latest_shift(&self, side: Side) -> Option<u8> {
        match self.syn.of(side).as_ref()?.offer {
            Offer::Shift(shift) => Some(shift.min(MAX_SHIFT)),
            _ => None,
        }
    }

    /// The whole round trip, as the handshake shows it.
    pub fn rtt_us(&self) -> Option<i64> {
        Some(self.lag_us.client? + self.lag_us.server?)
    }

    /// The smaller maximum segment size of both sides: no segment of either direction should exceed it.
    pub fn maximum_segment_size(&self) -> Option<u16> {
        let announced = |syn: &Option<Syn>| syn.as_ref().and_then(|syn| syn.maximum_segment_size);
        match (announced(&self.syn.client), announced(&self.syn.server)) {
            (Some(client), Some(server)) => Some(client.min(server)),
            (None, None) => self.kernel.view().and_then(|view| view.maximum_segment_size),
            (size, None) | (None, size) => size,
        }
    }

    /// Both SYNs carry MPTCP: windows are relative to the data acknowledgment (RFC 8684 §3.3.4).
    pub fn is_multipath(&self) -> bool {
        Side::BOTH.iter().all(|side| self.syn.of(*side).as_ref().is_some_and(|syn| syn.mptcp))
    }
}

fn positive(us: i64) -> Option<i64> {
    (us >= 0).then_some(us)
}
