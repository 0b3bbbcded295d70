//! Connections that are over, so that a late segment of one does not begin another flow.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

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

/// The connections that were over last. They are many, and mostly nobody asks for them: a number of 64 bits, made
/// with the seed of this process, stands for the key.
#[derive(Debug, Default)]
pub(super) struct Retired {
    seed: RandomState,
    by_hash: HashMap<u64, Past, RandomState>,
    /// In the order in which they ended. One that began again, and ended again, is in here twice.
    order: VecDeque<(u64, u64)>,
}

impl Retired {
    pub(super) fn remember(&mut self, key: &Key, index: u64, flow: &Flow) {
        if self.order.len() >= RETIRED_MAX
            && let Some((oldest, index)) = self.order.pop_front()
            && self.by_hash.get(&oldest).is_some_and(|past| past.index == index)
        {
            self.by_hash.remove(&oldest);
        }
        let initial = flow.handshake.syn.client.as_ref().map(|syn| syn.sequence);
        let hash = self.seed.hash_one(key);
        self.by_hash.insert(hash, Past { index, initial });
        self.order.push_back((hash, index));
    }

    /// The flow that `segment` comes too late for. A SYN with another sequence number begins a new one.
    pub(super) fn index_of(&mut self, key: &Key, segment: &Segment) -> Option<u64> {
        let hash = self.seed.hash_one(key);
        let past = *self.by_hash.get(&hash)?;
        if segment.flags.syn && !segment.flags.ack && past.initial != Some(segment.sequence) {
            self.by_hash.remove(&hash);
            return None;
        }
        Some(past.index)
    }
}
