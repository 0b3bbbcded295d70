//! Places in the sequence space of both captures, without wrap-around and without what the box adds.

use crate::flow::Sides;

use super::alignment::Alignment;
use super::pairing::initial;
use super::trace::{ACK, Conversation, Record, SYN};

/// Where a segment lies in its sender's space, and what it acknowledges in the other's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) ack: Option<i64>,
}

impl Place {
    /// The unscaled edge that `record` announces.
    pub(crate) fn unscaled_edge(&self, record: &Record) -> Option<i64> {
        Some(self.ack? + i64::from(record.raw_window))
    }
}

/// The places of all records of both captures, in one numbering.
pub(crate) fn places(conversations: Sides<&Conversation>, alignment: &Alignment) -> Sides<Vec<Place>> {
    let anchors = Sides {
        client: anchor(conversations, alignment, crate::flow::Side::Client),
        server: anchor(conversations, alignment, crate::flow::Side::Server),
    };
    let client = walk(&conversations.client.records, anchors, Sides::default());
    let mut server = walk(&conversations.server.records, anchors, alignment.offsets);
    // A capture that begins late may have missed a wrap-around: the first common segment tells.
    for side in crate::flow::Side::BOTH {
        let common = alignment.matched.iter().find_map(|pair| {
            let record =
                conversations.client.records.get(pair.client).filter(|record| record.from == side)?;
            let lag = client.get(pair.client)?.start - server.get(pair.server)?.start;
            (!record.has(SYN)).then_some(lag)
        });
        let Some(lag) = common.filter(|lag| *lag != 0) else { continue };
        for (place, record) in server.iter_mut().zip(&conversations.server.records) {
            if record.from == side {
                place.start += lag;
                place.end += lag;
            } else if let Some(ack) = &mut place.ack {
                *ack += lag;
            }
        }
    }
    Sides { client, server }
}

/// A number at which both captures begin to count the data of `side`.
fn anchor(conversations: Sides<&Conversation>, alignment: &Alignment, side: crate::flow::Side) -> u32 {
    let first = |flow: &Conversation| {
        flow.records.iter().find_map(|record| {
            if record.from == side {
                Some(record.sequence)
            } else {
                record.has(ACK).then_some(record.acknowledgment)
            }
        })
    };
    let at = |flow: &Conversation| initial(flow, side);
    let there = |number: u32| number.wrapping_sub(*alignment.offsets.of(side));
    at(conversations.client)
        .or_else(|| at(conversations.server).map(there))
        .or_else(|| first(conversations.client))
        .or_else(|| first(conversations.server).map(there))
        .unwrap_or(0)
}

fn walk(records: &[Record], anchors: Sides<u32>, offsets: Sides<u32>) -> Vec<Place> {
    let mut newest: Sides<(u32, i64)> = Sides { client: (anchors.client, 0), server: (anchors.server, 0) };
    let mut position = |side, number: u32| {
        let number = number.wrapping_sub(*offsets.of(side));
        let (reference, at) = newest.of_mut(side);
        let step = i64::from(number.wrapping_sub(*reference).cast_signed());
        let place = *at + step;
        // A number far off is no progress: a reset, or a keep-alive of another life.
        if (1..1 << 30).contains(&step) {
            (*reference, *at) = (number, place);
        }
        place
    };
    records
        .iter()
        .map(|record| {
            let start = position(record.from, record.sequence);
            let ack = record.has(ACK).then(|| position(record.from.peer(), record.acknowledgment));
            Place { start, end: start + i64::from(record.length()), ack }
        })
        .collect()
}
