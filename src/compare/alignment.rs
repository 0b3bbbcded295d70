//! Which segment of one capture is which of the other, within a pair of flows.
//!
//! A segment is known by its direction, its place in the sequence space, its length and its acknowledgment, all
//! relative to what the box adds to the sequence numbers. Copies that agree in all this (retransmissions,
//! duplicate ACKs) are told apart by timestamp and IP identification where the box leaves these alone, else by
//! their order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use foldhash::quality::RandomState;

use crate::flow::{Side, Sides};

use super::pairing::initial;
use super::trace::{ACK, Conversation, FIN, RST, Record, SYN};

/// The segments of a pair of flows.
#[derive(Debug, Default)]
pub(crate) struct Alignment {
    /// What the way from the client's side to the server's side adds to each side's sequence numbers.
    pub(crate) offsets: Sides<u32>,
    /// Positions in the records of each capture, in the order of the client's side.
    pub(crate) matched: Vec<Sides<usize>>,
    /// Positions of what only one capture holds.
    pub(crate) alone: Sides<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    from: Side,
    sequence: u32,
    length: u32,
    acknowledgment: Option<u32>,
    control: u8,
}

/// Of what has only one copy in each capture, this share (in tenths) must agree for a field to identify copies.
const PRESERVED_TENTHS: usize = 6;

/// Aligns the segments of two flows that are one.
pub(crate) fn align(client: &Conversation, server: &Conversation) -> Alignment {
    let offsets =
        Sides { client: offset(client, server, Side::Client), server: offset(client, server, Side::Server) };
    let mut groups: BTreeMap<Key, Sides<Vec<usize>>> = BTreeMap::new();
    for (index, record) in client.records.iter().enumerate() {
        groups.entry(key(record, Sides::default())).or_default().client.push(index);
    }
    for (index, record) in server.records.iter().enumerate() {
        groups.entry(key(record, offsets)).or_default().server.push(index);
    }
    for group in groups.values_mut() {
        drop_duplicates(&mut group.client, &client.records);
        drop_duplicates(&mut group.server, &server.records);
    }
    let mut copies =
        Copies { client: &client.records, server: &server.records, offsets, ..Copies::default() };
    copies.learn(groups.values());
    let mut alignment = Alignment { offsets, ..Alignment::default() };
    for group in groups.into_values() {
        copies.sort_out(group, &mut alignment);
    }
    alignment.matched.sort_unstable_by_key(|pair| pair.client);
    alignment.alone.client.sort_unstable();
    alignment.alone.server.sort_unstable();
    alignment
}

fn key(record: &Record, offsets: Sides<u32>) -> Key {
    let peer = *offsets.of(record.from.peer());
    Key {
        from: record.from,
        sequence: record.sequence.wrapping_sub(*offsets.of(record.from)),
        length: record.length(),
        acknowledgment: record.has(ACK).then(|| record.acknowledgment.wrapping_sub(peer)),
        control: record.headers.control & (SYN | FIN | RST),
    }
}

/// What the way adds to the sequence numbers of `side`: by the SYNs, or else by segments that are recognised
/// by what is left.
fn offset(client: &Conversation, server: &Conversation, side: Side) -> u32 {
    if let Some((a, b)) = initial(client, side).zip(initial(server, side)) {
        return b.wrapping_sub(a);
    }
    let known: HashSet<u32, RandomState> = of(client, side).map(|record| record.sequence).collect();
    let (mut all, mut same) = (0u32, 0u32);
    for record in of(server, side) {
        all += 1;
        same += u32::from(known.contains(&record.sequence));
    }
    if same * 2 >= all {
        return 0;
    }
    let by = |recognise: fn(&Record) -> Option<(u64, u32)>| {
        let known: HashMap<(u64, u32), u32, RandomState> =
            of(client, side).filter_map(|record| Some((recognise(record)?, record.sequence))).collect();
        let mut votes: BTreeMap<u32, u32> = BTreeMap::new();
        for record in of(server, side) {
            if let Some(sequence) = recognise(record).and_then(|key| known.get(&key)) {
                *votes.entry(record.sequence.wrapping_sub(*sequence)).or_default() += 1;
            }
        }
        votes.into_iter().max_by_key(|(_, votes)| *votes).filter(|(_, votes)| *votes > 1)
    };
    by(|record| {
        record.timestamps.map(|(value, echo)| (u64::from(value) << 32 | u64::from(echo), record.length()))
    })
    .or_else(|| by(|record| Some((record.headers.ip_id?.into(), record.length()))))
    .map_or(0, |(offset, _)| offset)
}

/// The segments of `side`.
fn of(flow: &Conversation, side: Side) -> impl Iterator<Item = &Record> {
    flow.records.iter().filter(move |record| record.from == side)
}

/// What tells one copy from another: TSval, IP identification, raw window and the first SACK block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    value: Option<u32>,
    id: Option<u16>,
    window: Option<u16>,
    block: Option<(u32, u32)>,
}

impl Mark {
    /// `offset` is what was added to the numbers that the SACK blocks name. Of the four, the first `depth` count.
    fn new(record: &Record, offset: u32, depth: usize) -> Self {
        let [block, ..] = record.sack;
        Self {
            value: record.timestamps.map(|(value, _)| value),
            id: record.headers.ip_id.filter(|_| depth > 1),
            window: Some(record.raw_window).filter(|_| depth > 2),
            block: block
                .filter(|_| depth > 3)
                .map(|(left, right)| (left.wrapping_sub(offset), right.wrapping_sub(offset))),
        }
    }
}

/// Tells copies apart.
#[derive(Default)]
struct Copies<'a> {
    client: &'a [Record],
    server: &'a [Record],
    offsets: Sides<u32>,
    /// The box leaves the field alone, by sender.
    id_preserved: Sides<bool>,
    timestamp_preserved: Sides<bool>,
    window_preserved: Sides<bool>,
    block_preserved: Sides<bool>,
}

impl Copies<'_> {
    fn both(&self, pair: Sides<usize>) -> Option<(&Record, &Record)> {
        self.client.get(pair.client).zip(self.server.get(pair.server))
    }

    fn learn<'g>(&mut self, groups: impl Iterator<Item = &'g Sides<Vec<usize>>>) {
        let mut tally: Sides<[(usize, usize); 4]> = Sides::default();
        for group in groups {
            let ([client], [server]) = (group.client.as_slice(), group.server.as_slice()) else { continue };
            let Some((a, b)) = self.both(Sides { client: *client, server: *server }) else { continue };
            let [ids, values, windows, blocks] = tally.of_mut(a.from);
            if let Some(same) = self.holds_same_block(a, b) {
                *blocks = (blocks.0 + 1, blocks.1 + usize::from(same));
            }
            *windows = (windows.0 + 1, windows.1 + usize::from(a.raw_window == b.raw_window));
            if let Some((old, new)) = a.headers.ip_id.zip(b.headers.ip_id)
                && (old, new) != (0, 0)
            {
                *ids = (ids.0 + 1, ids.1 + usize::from(old == new));
            }
            if let Some((old, new)) = a.timestamps.zip(b.timestamps) {
                *values = (values.0 + 1, values.1 + usize::from(old.0 == new.0));
            }
        }
        for side in Side::BOTH {
            let preserved = |(all, same): (usize, usize)| all > 0 && same * 10 >= all * PRESERVED_TENTHS;
            let [ids, values, windows, blocks] = *tally.of(side);
            // In a burst of duplicate ACKs, where the blocks are, hardly anything has only one copy.
            *self.block_preserved.of_mut(side) = blocks.0 == 0 || preserved(blocks);
            *self.window_preserved.of_mut(side) = preserved(windows);
            *self.id_preserved.of_mut(side) = preserved(ids);
            *self.timestamp_preserved.of_mut(side) = preserved(values);
        }
    }

    fn sort_out(&self, group: Sides<Vec<usize>>, alignment: &mut Alignment) {
        let Sides { mut client, mut server } = group;
        for depth in (1..=4).rev() {
            let mut waiting: BTreeMap<Mark, VecDeque<usize>> = BTreeMap::new();
            for index in &server {
                if let Some(record) = self.server.get(*index) {
                    let offset = *self.offsets.of(record.from.peer());
                    waiting.entry(Mark::new(record, offset, depth)).or_default().push_back(*index);
                }
            }
            client.retain(|index| {
                let Some(record) = self.client.get(*index) else { return false };
                let Some(queue) = waiting.get_mut(&Mark::new(record, 0, depth)) else { return true };
                let same = queue
                    .front()
                    .is_some_and(|other| self.may_be_one(Sides { client: *index, server: *other }));
                match queue.pop_front().filter(|_| same) {
                    Some(other) => {
                        alignment.matched.push(Sides { client: *index, server: other });
                        server.retain(|left| *left != other);
                        false
                    }
                    None => true,
                }
            });
        }
        // What is left, in its order.
        let mut rest = server.into_iter().peekable();
        for index in client {
            let next = rest.next_if(|other| self.may_be_one(Sides { client: index, server: *other }));
            match next {
                Some(other) => alignment.matched.push(Sides { client: index, server: other }),
                None => alignment.alone.client.push(index),
            }
        }
        alignment.alone.server.extend(rest);
    }

    /// Whether two copies can be the same segment. SYNs are exempt: they are what boxes rewrite.
    fn may_be_one(&self, pair: Sides<usize>) -> bool {
        let Some((a, b)) = self.both(pair) else { return false };
        if a.has(SYN) {
            return true;
        }
        let other_id = *self.id_preserved.of(a.from) && a.headers.ip_id != b.headers.ip_id;
        let other_time = *self.timestamp_preserved.of(a.from)
            && a.timestamps.zip(b.timestamps).is_some_and(|(old, new)| old.0 != new.0);
        !other_id && !other_time && !self.is_other_acknowledgment(a, b)
    }

    /// Two of a burst of duplicate ACKs, each missing in one capture, look like one that was rewritten where no
    /// identification tells them apart (IPv6). Errs towards missing frames, away from rewriting boxes.
    fn is_other_acknowledgment(&self, a: &Record, b: &Record) -> bool {
        let is_nameless = !*self.id_preserved.of(a.from) && a.length() == 0;
        let other_window = *self.window_preserved.of(a.from) && a.raw_window != b.raw_window;
        let other_block = *self.block_preserved.of(a.from) && self.holds_same_block(a, b) == Some(false);
        is_nameless && (other_window || other_block)
    }

    /// Whether the two hold the same first SACK block, as far as the sequence numbers were translated with it;
    /// `None` if neither has any.
    fn holds_same_block(&self, client: &Record, server: &Record) -> Option<bool> {
        let offset = *self.offsets.of(client.from.peer());
        let [old, new] = [Mark::new(client, 0, 4).block, Mark::new(server, offset, 4).block];
        (old.is_some() || new.is_some()).then_some(old == new)
    }
}

/// A capture on several interfaces, or of two mirror ports, holds a packet twice: the same identification, and
/// the same everything. Retransmissions have another one.
fn drop_duplicates(copies: &mut Vec<usize>, records: &[Record]) {
    let mut seen = BTreeSet::new();
    copies.retain(|index| {
        let record = records.get(*index).filter(|record| record.headers.ip_id.is_some_and(|id| id != 0));
        record.is_none_or(|record| seen.insert(Mark::new(record, 0, 4)))
    });
}
