//! One connection that was captured on both sides of an address translation: both initial sequence numbers are
//! the same, under other addresses or ports. Two random numbers do not meet by accident.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::{Flow, Sides, Syn, Twin};

/// Both initial sequence numbers.
pub(super) type Numbers = (u32, u32);

/// Which slot of the table has the flow with these numbers: the first one that had them.
#[derive(Debug, Default)]
pub(super) struct Twins(HashMap<Numbers, usize, RandomState>);

impl Twins {
    /// The flow in slot `at` has the numbers `now`: another slot that has them too. A SYN-ACK that comes again
    /// with another number must not leave the one `before` behind.
    pub(super) fn meet(&mut self, at: usize, before: Option<Numbers>, now: Numbers) -> Option<usize> {
        if before != Some(now) {
            self.forget(at, before);
        }
        Some(*self.0.entry(now).or_insert(at)).filter(|other| *other != at)
    }

    /// The flow in slot `at` is gone, or has other numbers now.
    pub(super) fn forget(&mut self, at: usize, numbers: Option<Numbers>) {
        if let Some(numbers) = numbers
            && self.0.get(&numbers) == Some(&at)
        {
            self.0.remove(&numbers);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Both sides of an address translation are captured within this time.
const TWIN_US: i64 = 1_000_000;

/// The numbers of `flow`, as soon as both SYNs were captured.
pub(super) fn numbers(flow: &Flow) -> Option<Numbers> {
    let syn = &flow.handshake.syn;
    Some((syn.client.as_ref()?.sequence, syn.server.as_ref()?.sequence))
}

/// What `flow` is told about `other`, which has the same initial sequence numbers.
pub(super) fn twin_of(flow: &Flow, index: u64, other: &Flow) -> Option<Twin> {
    let facts = |syn: &Option<Syn>| syn.as_ref().map(|syn| (syn.frame, syn.offer));
    let Sides { client, server } = &other.handshake.syn;
    let syn = Sides { client: facts(client), server: facts(server) };
    (flow.endpoints != other.endpoints && (flow.first_us - other.first_us).abs() < TWIN_US)
        .then_some(Twin { index, syn })
}
