//! Connections that are over, so that a late segment of one does not begin another flow.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::decode::Segment;

use super::Flow;
use super::key::Key;

/// At least so many are remembered, and at most twice as many.
const RETIRED_MIN: usize = 8_192;

#[derive(Clone, Copy, Debug)]
struct Past {
    index: u64,
    /// The client's initial sequence number, where it was captured.
    initial: Option<u32>,
}

/// The connections that were over last. They are many, and mostly nobody asks for them: a number of 64 bits, made
/// with the seed of this process, stands for the key, and they are forgotten a generation at a time.
#[derive(Debug, Default)]
pub(super) struct Retired {
    seed: RandomState,
    young: HashMap<u64, Past, RandomState>,
    old: HashMap<u64, Past, RandomState>,
}

impl Retired {
    pub(super) fn remember(&mut self, key: &Key, index: u64, flow: &Flow) {
        if self.young.len() >= RETIRED_MIN {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        let initial = flow.handshake.syn.client.as_ref().map(|syn| syn.sequence);
        self.young.insert(self.seed.hash_one(key), Past { index, initial });
    }

    /// The flow that `segment` comes too late for. A SYN with another sequence number begins a new one.
    pub(super) fn index_of(&mut self, key: &Key, segment: &Segment) -> Option<u64> {
        let hash = self.seed.hash_one(key);
        let past = *self.young.get(&hash).or_else(|| self.old.get(&hash))?;
        if segment.flags.syn && !segment.flags.ack && past.initial != Some(segment.sequence) {
            self.young.remove(&hash);
            self.old.remove(&hash);
            return None;
        }
        Some(past.index)
    }
}
