//! From segments to flows.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::decode::{Endpoint, Segment};

use super::{Flow, Sides, Syn, Twin};

/// Both sides of an address translation are captured within this time.
const TWIN_US: i64 = 1_000_000;

/// Both endpoints, the smaller first: the same for both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Endpoint, Endpoint);

impl Key {
    pub(super) fn of(segment: &Segment) -> Self {
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

    /// Finds connections that were captured on both sides of an address translation: both initial sequence
    /// numbers are the same, under other addresses or ports. Two random numbers do not meet by accident.
    pub fn link_twins(&mut self) {
        let mut seen: HashMap<(u32, u32), usize, RandomState> = HashMap::default();
        for index in 0..self.flows.len() {
            let Some(key) = self.flows.get(index).and_then(twin_key) else { continue };
            match seen.get(&key).copied() {
                Some(other) if self.link(other, index) && self.link(index, other) => {}
                _ => {
                    seen.insert(key, index);
                }
            }
        }
    }

    fn link(&mut self, index: usize, other: usize) -> bool {
        let (Some(flow), Some(beyond)) = (self.flows.get(index), self.flows.get(other)) else { return false };
        let twin = twin_of(flow, other as u64, beyond);
        if let (Some(flow), Some(_)) = (self.flows.get_mut(index), twin) {
            flow.twin = twin;
        }
        twin.is_some()
    }

    /// The flows, in the order of their first frame.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }
}

/// Both initial sequence numbers: the same on both sides of an address translation.
pub(super) fn twin_key(flow: &Flow) -> Option<(u32, u32)> {
    let syn = flow.handshake.syn;
    Some((syn.client?.sequence, syn.server?.sequence))
}

/// What `flow` is told about `other`, which has the same initial sequence numbers.
pub(super) fn twin_of(flow: &Flow, index: u64, other: &Flow) -> Option<Twin> {
    let facts = |syn: Option<Syn>| syn.map(|syn| (syn.frame, syn.offer));
    let Sides { client, server } = other.handshake.syn;
    let syn = Sides { client: facts(client), server: facts(server) };
    (flow.endpoints != other.endpoints && (flow.first_us - other.first_us).abs() < TWIN_US)
        .then_some(Twin { index, syn })
}

/// A SYN with another sequence number than its sender's data is a new connection on the same 4-tuple. The
/// same number again is a retransmission, also behind a RST: hosts retry what was refused. A SYN-ACK answers a
/// SYN and begins nothing. Wireshark numbers its streams by the same rule.
pub(super) fn begins_anew(flow: &Flow, segment: &Segment) -> bool {
    if !segment.flags.syn || segment.flags.ack {
        return false;
    }
    let from = flow.sender(segment);
    let initial = match flow.handshake.syn.of(from) {
        Some(syn) => Some(syn.sequence),
        None => flow.windows.of(from.peer()).space.initial(),
    };
    initial.is_some_and(|initial| initial != segment.sequence)
}
