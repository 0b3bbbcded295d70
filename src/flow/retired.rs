//! Connections that are over, so that a late segment of one does not begin another flow.

use std::collections::{HashMap, VecDeque};

use foldhash::quality::RandomState;

use crate::decode::Segment;

use super::Flow;
use super::key::Key;

/// How many are remembered.
const RETIRED_MAX: usize = 16_384;

#[derive(Clone, Copy, Debug)]
struct Past {
    index: u64,
    /// The client's initial sequence number, where it was captured.
    initial: Option<u32>,
}

/// The connections that were over last.
#[derive(Debug, Default)]
pub(super) struct Retired {
    by_key: HashMap<Key, Past, RandomState>,
    /// In the order in which they ended. One that began again, and ended again, is in here twice.
    order: VecDeque<(Key, u64)>,
}

impl Retired {
    pub(super) fn remember(&mut self, key: Key, index: u64, flow: &Flow) {
        if self.order.len() >= RETIRED_MAX
            && let Some((oldest, index)) = self.order.pop_front()
            && self.by_key.get(&oldest).is_some_and(|past| past.index == index)
        {
            self.by_key.remove(&oldest);
        }
        let initial = flow.handshake.syn.client.as_ref().map(|syn| syn.sequence);
        self.by_key.insert(key, Past { index, initial });
        self.order.push_back((key, index));
    }

    /// The flow that `segment` comes too late for. A SYN with another sequence number begins a new one.
    pub(super) fn index_of(&mut self, key: &Key, segment: &Segment) -> Option<u64> {
        let past = *self.by_key.get(key)?;
        if segment.flags.syn && !segment.flags.ack && past.initial != Some(segment.sequence) {
            self.by_key.remove(key);
            return None;
        }
        Some(past.index)
    }
}
