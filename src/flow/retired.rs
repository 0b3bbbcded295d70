//! Connections that are over, so that a late segment of one does not begin another flow.

use hashbrown::HashTable;

use crate::decode::Segment;

use super::Flow;
use super::key::Key;

/// At least so many are remembered, and at most twice as many.
const RETIRED_MIN: usize = 8_192;

#[derive(Clone, Copy, Debug)]
struct Past {
    key: Key,
    index: u64,
    /// The client's initial sequence number, where it was captured.
    initial: Option<u32>,
}

/// The connections that were over last. They are many, and mostly nobody asks for them: the key alone, a number of
/// 64 bits with the seed of this process, stands for each, and they are forgotten a generation at a time.
#[derive(Debug, Default)]
pub(super) struct Retired {
    young: HashTable<Past>,
    old: HashTable<Past>,
}

impl Retired {
    pub(super) fn remember(&mut self, key: Key, index: u64, flow: &Flow) {
        if self.young.len() >= RETIRED_MIN {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        let initial = flow.handshake.syn.client.as_ref().map(|syn| syn.sequence);
        let past = Past { key, index, initial };
        let place = self.young.entry(key.0, |past| past.key == key, |past| past.key.0);
        place.insert(past);
    }

    /// The flow that `segment` comes too late for. A SYN with another sequence number begins a new one.
    pub(super) fn index_of(&mut self, key: Key, segment: &Segment) -> Option<u64> {
        let is_it = |past: &Past| past.key == key;
        let past = self.young.find(key.0, is_it).or_else(|| self.old.find(key.0, is_it))?;
        if segment.flags.syn && !segment.flags.ack && past.initial != Some(segment.sequence) {
            for generation in [&mut self.young, &mut self.old] {
                if let Ok(past) = generation.find_entry(key.0, is_it) {
                    past.remove();
                }
            }
            return None;
        }
        Some(past.index)
    }
}
