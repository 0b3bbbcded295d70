//! From segments to flows.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::decode::{Endpoint, Segment};

use super::{Flow, Side};

/// Both endpoints, the smaller first: the same for both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key(Endpoint, Endpoint);

impl Key {
    fn of(segment: &Segment) -> Self {
        let (a, b) = (segment.source, segment.destination);
        if a <= b { Self(a, b) } else { Self(b, a) }
    }
}

/// All flows of a capture, in the order of their first frame: a flow's index is Wireshark's `tcp.stream`.
#[derive(Debug, Default)]
pub struct FlowTable {
    flows: Vec<Flow>,
    /// The current incarnation of each 4-tuple. Hashed with a seed of this process, so that no capture can be
    /// made to collide.
    current: HashMap<Key, usize, RandomState>,
}

impl FlowTable {
    /// Adds a segment to its flow and returns the flow's index.
    pub fn note(&mut self, segment: &Segment) -> usize {
        let key = Key::of(segment);
        let known = self.current.get(&key).copied();
        let index = match known {
            Some(index) if self.flows.get(index).is_some_and(|flow| !begins_anew(flow, segment)) => index,
            _ => {
                self.flows.push(Flow::new(segment));
                self.current.insert(key, self.flows.len() - 1);
                self.flows.len() - 1
            }
        };
        if let Some(flow) = self.flows.get_mut(index) {
            flow.note(segment);
        }
        index
    }

    /// The flows, in the order of their first frame.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }
}

/// A SYN with another sequence number is a new connection on the same 4-tuple; so is any SYN behind a FIN or
/// RST. The same number again is a retransmission.
fn begins_anew(flow: &Flow, segment: &Segment) -> bool {
    if !segment.flags.syn {
        return false;
    }
    let from = flow.sender(segment);
    let initial = match flow.handshake.syn.of(from) {
        Some(syn) => Some(syn.sequence),
        None => flow.windows.of(from.peer()).space.initial(),
    };
    match initial {
        Some(initial) if segment.flags.ack => initial != segment.sequence,
        Some(initial) => initial != segment.sequence || flow.closing,
        None => {
            from == Side::Client
                && flow.handshake.syn.client.is_none()
                && flow.frames > 0
                && !segment.flags.ack
        }
    }
}
