//! How far a connection is closed (RFC 9293 §3.6).

use crate::decode::Segment;

use super::order::List;
use super::{Side, Sides};

/// What ended one connection so far.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// The sequence number behind each side's FIN.
    fin: Sides<Option<u32>>,
    /// The other side has acknowledged it.
    acknowledged: Sides<bool>,
    reset: bool,
}

impl Closing {
    /// Takes a segment of `from` into account.
    pub(super) fn note(&mut self, from: Side, segment: &Segment) {
        let flags = segment.flags;
        if flags.syn {
            // A host retries what was refused with the same SYN: then it is open again.
            *self = Self::default();
        }
        self.reset |= flags.rst;
        if flags.fin {
            let end = segment.sequence.wrapping_add(segment.payload_bytes).wrapping_add(1);
            *self.fin.of_mut(from) = Some(end);
        }
        if let (true, Some(end)) = (flags.ack, *self.fin.of(from.peer())) {
            *self.acknowledged.of_mut(from.peer()) |=
                segment.acknowledgment.wrapping_sub(end).cast_signed() >= 0;
        }
    }

    /// Behind the last acknowledgment only repetitions can come; before it, or behind a RST, what is on its way.
    pub(super) fn list(&self) -> List {
        match self {
            Self { acknowledged: Sides { client: true, server: true }, reset: false, .. } => List::Closed,
            Self { fin: Sides { client: Some(_), server: Some(_) }, .. } | Self { reset: true, .. } => {
                List::Closing
            }
            _ => List::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Flags;

    const ACK: Flags = Flags { syn: false, ack: true, fin: false, rst: false };
    const FIN: Flags = Flags { fin: true, ..ACK };

    fn after(segments: &[(Side, Flags, u32, u32)]) -> List {
        let mut closing = Closing::default();
        for &(from, flags, sequence, acknowledgment) in segments {
            closing.note(from, &Segment { sequence, acknowledgment, flags, ..Segment::default() });
        }
        closing.list()
    }

    #[test]
    fn it_is_closed_when_both_fins_are_acknowledged() {
        use Side::{Client, Server};
        let sent = [(Server, FIN, 9, 5), (Client, FIN, 5, 10), (Server, ACK, 10, 6)];
        let lists = [1, 2, 3].map(|count| after(&sent[..count]));
        assert_eq!(lists, [List::Open, List::Closing, List::Closed]);
        assert_eq!(after(&[(Server, FIN, 9, 5), (Client, FIN, 5, 9), (Server, ACK, 10, 6)]), List::Closing);
    }

    #[test]
    fn behind_a_reset_something_may_be_on_its_way() {
        use Side::{Client, Server};
        let reset = Flags { rst: true, ..ACK };
        let closed =
            [(Server, FIN, 9, 5), (Client, FIN, 5, 10), (Server, ACK, 10, 6), (Client, reset, 6, 10)];
        assert_eq!(after(&closed), List::Closing);
        let syn = Flags { syn: true, ..Flags::default() };
        assert_eq!(after(&[(Client, syn, 4, 0), (Server, reset, 0, 5), (Client, syn, 4, 0)]), List::Open);
    }
}
