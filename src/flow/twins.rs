//! One connection that was captured on both sides of an address translation: both initial sequence numbers are
//! the same, under other addresses or ports. Two random numbers do not meet by accident.

use super::{Flow, Sides, Syn, Twin};

/// Both sides of an address translation are captured within this time.
const TWIN_US: i64 = 1_000_000;

/// Both initial sequence numbers: the same on both sides of an address translation.
pub(super) fn twin_key(flow: &Flow) -> Option<(u32, u32)> {
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
