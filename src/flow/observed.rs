//! One segment in the light of its flow: what its numbers mean as far as the capture tells up to it.

use crate::decode::Segment;

use super::{Flow, Side};

/// One segment, read as its flow says it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Who sent it.
    pub from: Side,
    /// Its sequence number, counted from the sender's SYN.
    pub sequence: Option<i64>,
    /// Its acknowledgment, counted from the receiver's SYN.
    pub acknowledgment: Option<i64>,
    /// The shift of its window as declared: 0 in a SYN, whose window is never scaled (RFC 7323 §2.2).
    pub shift: Option<u8>,
    /// Its window in bytes.
    pub window_bytes: Option<u64>,
    /// The highest position that its receiver may reach.
    pub edge: Option<i64>,
    /// What its sender has sent, it included, and has not seen acknowledged *at this capture point*. Errs upwards.
    pub in_flight_bytes: Option<u64>,
}

impl Flow {
    /// Reads `segment`, the latest one of this flow.
    pub fn observe(&self, segment: &Segment) -> Observed {
        let from = self.sender(segment);
        let (own, data) = (self.windows.of(from), self.windows.of(from.peer()));
        let acknowledgment = segment.flags.ack.then(|| own.space.look_up(segment.acknowledgment)).flatten();
        let shift = if segment.flags.syn { Some(0) } else { self.handshake.declared_shift(from) };
        let window_bytes = shift.map(|shift| u64::from(segment.raw_window) << shift);
        let edge = acknowledgment.zip(window_bytes.and_then(|bytes| i64::try_from(bytes).ok()));
        Observed {
            from,
            sequence: data.space.look_up(segment.sequence),
            acknowledgment,
            shift,
            window_bytes,
            edge: edge.map(|(acknowledgment, bytes)| acknowledgment + bytes),
            in_flight_bytes: data.in_flight_bytes(),
        }
    }
}
