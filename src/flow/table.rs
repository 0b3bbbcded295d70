//! The flows of live traffic: a table that never grows beyond its limit.
//!
//! A flow leaves the table when it is over (FIN or RST, and then silence), when it was idle for long, when its
//! 4-tuple is used again, or, being the least recently active one, when the table is full. Whoever owns the
//! table gets every flow that leaves it: nothing is forgotten before it could be judged.

use std::collections::{HashMap, VecDeque};

use foldhash::quality::RandomState;

use crate::decode::Segment;

use super::Flow;
use super::queue::{Links, Queue};
use super::table::{Key, begins_anew, twin_key, twin_of};

/// How many flows are followed at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows at once.
    pub max_flows: usize,
    /// A flow without a frame for this long is over.
    pub idle_us: i64,
    /// So is one that had a FIN or RST, after this.
    pub closed_us: i64,
}

/// Why a flow left the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// FIN or RST, and then silence.
    Closed,
    /// No frame for long.
    Idle,
    /// A new connection on the same 4-tuple.
    Reused,
    /// The table was full, and this flow was silent for longest.
    Evicted,
    /// The capture ended.
    CaptureEnded,
}

/// A flow that left the table.
#[derive(Debug)]
pub struct Ended {
    /// Position in the order of first frames.
    pub index: u64,
    /// The flow.
    pub flow: Flow,
    /// Why.
    pub end: End,
}

#[derive(Debug)]
struct Slot {
    index: u64,
    key: Key,
    flow: Flow,
    active_us: i64,
    closing: bool,
    links: Links,
}

/// The flows that are alive.
#[derive(Debug)]
pub struct ConcurrentFlows {
    limits: Limits,
    slots: Vec<Option<Box<Slot>>>,
    free: Vec<usize>,
    current: HashMap<Key, usize, RandomState>,
    /// Both initial sequence numbers, to recognise a connection beyond an address translation.
    twins: HashMap<(u32, u32), usize, RandomState>,
    /// Flows by activity, the least recent first: those that are open, and those that had a FIN or RST.
    open: Queue,
    closing: Queue,
    /// Slots that changed since they were last visited, and which slots are in that list.
    changed: VecDeque<usize>,
    is_changed: Vec<bool>,
    begun: u64,
}

/// A flow with fewer frames has nothing to judge before it ends: this keeps a flood of single SYNs cheap.
const WORTH_JUDGING_FRAMES: u64 = 3;

impl ConcurrentFlows {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits { max_flows: limits.max_flows.max(1), ..limits },
            slots: Vec::new(),
            free: Vec::new(),
            current: HashMap::default(),
            twins: HashMap::default(),
            open: Queue::default(),
            closing: Queue::default(),
            changed: VecDeque::new(),
            is_changed: Vec::new(),
            begun: 0,
        }
    }

    /// Adds a segment to its flow and returns the flow's index. Flows that have to go are handed to `gone`.
    pub fn note(&mut self, segment: &Segment, gone: &mut dyn FnMut(Ended)) -> u64 {
        self.expire(segment.time_us, gone);
        let key = Key::of(segment);
        let mut known = self.current.get(&key).copied();
        if let Some(at) = known
            && self.flow_at(at).is_none_or(|flow| begins_anew(flow, segment))
        {
            self.remove(at, End::Reused, gone);
            known = None;
        }
        let at = known.unwrap_or_else(|| self.begin(key, segment, gone));
        let Some(Some(slot)) = self.slots.get_mut(at) else { return 0 };
        slot.flow.note(segment);
        slot.active_us = slot.active_us.max(segment.time_us);
        // A host retries what was refused with the same SYN: then it is open again.
        slot.closing = (slot.closing || segment.flags.fin || segment.flags.rst) && !segment.flags.syn;
        let (index, closing) = (slot.index, slot.closing);
        let is_worth_judging = slot.flow.frames >= WORTH_JUDGING_FRAMES;
        self.touch(at, closing);
        if is_worth_judging {
            self.mark(at);
        }
        if segment.flags.syn && segment.flags.ack {
            self.link_twin(at);
        }
        index
    }

    /// Lets go of the flows that are over at `now_us`, by the capture's clock.
    pub fn expire(&mut self, now_us: i64, gone: &mut dyn FnMut(Ended)) {
        let overdue = |at: Option<usize>, slots: &[Option<Box<Slot>>], limit_us: i64| {
            let slot = slots.get(at?)?.as_ref()?;
            (now_us - slot.active_us >= limit_us).then_some(at?)
        };
        while let Some(at) = overdue(self.closing.oldest(), &self.slots, self.limits.closed_us) {
            self.remove(at, End::Closed, gone);
        }
        while let Some(at) = overdue(self.open.oldest(), &self.slots, self.limits.idle_us) {
            self.remove(at, End::Idle, gone);
        }
    }

    /// Visits up to `at_most` flows that changed since they were last visited, the longest unvisited first.
    pub fn visit_changed(&mut self, at_most: usize, visit: &mut dyn FnMut(u64, &mut Flow)) {
        for _ in 0..at_most.min(self.changed.len()) {
            let Some(at) = self.changed.pop_front() else { return };
            if let Some(is_changed) = self.is_changed.get_mut(at) {
                *is_changed = false;
            }
            if let Some(Some(slot)) = self.slots.get_mut(at) {
                visit(slot.index, &mut slot.flow);
            }
        }
    }

    /// The flows that are alive, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Flow)> {
        self.slots.iter().flatten().map(|slot| (slot.index, &slot.flow))
    }

    /// How many flows are alive.
    pub fn len(&self) -> usize {
        self.current.len()
    }

    /// No flow is alive.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// How many flows there were so far.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Hands over all flows, in the order of their first frame.
    pub fn drain(&mut self, gone: &mut dyn FnMut(Ended)) {
        let mut left: Vec<(u64, usize)> =
            (0..).zip(&self.slots).filter_map(|(at, slot)| Some((slot.as_ref()?.index, at))).collect();
        left.sort_unstable();
        for (_, at) in left {
            self.remove(at, End::CaptureEnded, gone);
        }
    }

    fn flow_at(&self, at: usize) -> Option<&Flow> {
        self.slots.get(at)?.as_ref().map(|slot| &slot.flow)
    }

    fn begin(&mut self, key: Key, segment: &Segment, gone: &mut dyn FnMut(Ended)) -> usize {
        while self.current.len() >= self.limits.max_flows {
            let Some(at) = self.least_recent() else { break };
            self.remove(at, End::Evicted, gone);
        }
        let slot = Box::new(Slot {
            index: self.begun,
            key,
            flow: Flow::new(segment),
            active_us: segment.time_us,
            closing: false,
            links: Links::default(),
        });
        self.begun += 1;
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.is_changed.push(false);
            self.slots.len() - 1
        });
        if let Some(place) = self.slots.get_mut(at) {
            *place = Some(slot);
        }
        self.current.insert(key, at);
        at
    }

    fn least_recent(&self) -> Option<usize> {
        let active = |at: Option<usize>| {
            let at = at?;
            self.slots.get(at)?.as_ref().map(|slot| (slot.active_us, at))
        };
        let oldest = [active(self.open.oldest()), active(self.closing.oldest())];
        oldest.into_iter().flatten().min().map(|(_, at)| at)
    }

    fn remove(&mut self, at: usize, end: End, gone: &mut dyn FnMut(Ended)) {
        self.unlink(at);
        let Some(slot) = self.slots.get_mut(at).and_then(Option::take) else { return };
        self.free.push(at);
        self.current.remove(&slot.key);
        if let Some(key) = twin_key(&slot.flow)
            && self.twins.get(&key) == Some(&at)
        {
            self.twins.remove(&key);
        }
        let Slot { index, flow, .. } = *slot;
        gone(Ended { index, flow, end });
    }

    fn mark(&mut self, at: usize) {
        if let Some(is_changed) = self.is_changed.get_mut(at)
            && !*is_changed
        {
            *is_changed = true;
            self.changed.push_back(at);
        }
    }

    /// Makes the flow the most recently active one.
    fn touch(&mut self, at: usize, closing: bool) {
        self.unlink(at);
        let mut links = |at: usize, change: &mut dyn FnMut(&mut Links)| {
            if let Some(Some(slot)) = self.slots.get_mut(at) {
                change(&mut slot.links);
            }
        };
        if closing { self.closing.push(at, true, &mut links) } else { self.open.push(at, false, &mut links) }
    }

    fn unlink(&mut self, at: usize) {
        let Some(Some(slot)) = self.slots.get(at) else { return };
        let links = slot.links;
        let mut change = |at: usize, change: &mut dyn FnMut(&mut Links)| {
            if let Some(Some(slot)) = self.slots.get_mut(at) {
                change(&mut slot.links);
            }
        };
        if links.closing {
            self.closing.remove(at, links, &mut change);
        } else {
            self.open.remove(at, links, &mut change);
        }
    }

    /// Finds the same connection beyond an address translation, as [`super::FlowTable::link_twins`] does.
    fn link_twin(&mut self, at: usize) {
        let Some(key) = self.flow_at(at).and_then(twin_key) else { return };
        let other = *self.twins.entry(key).or_insert(at);
        if other == at {
            return;
        }
        let twin = |at: usize, other: usize| {
            let beyond = self.slots.get(other)?.as_ref()?;
            twin_of(self.flow_at(at)?, beyond.index, &beyond.flow)
        };
        let twins = [(at, twin(at, other)), (other, twin(other, at))];
        for (at, twin) in twins {
            if let (Some(Some(slot)), Some(_)) = (self.slots.get_mut(at), twin) {
                slot.flow.twin = twin;
            }
        }
        self.mark(other);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::decode::{Endpoint, Flags, Options, Outer};

    const LIMITS: Limits = Limits { max_flows: 3, idle_us: 1_000_000, closed_us: 100_000 };

    fn segment(client: u16, time_us: i64, flags: Flags) -> Segment {
        let endpoint = |port| Endpoint { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port };
        Segment {
            frame: 1,
            time_us,
            source: endpoint(client),
            destination: endpoint(80),
            sequence: 1,
            acknowledgment: 0,
            flags,
            raw_window: 1000,
            payload_bytes: 0,
            option_bytes: 0,
            options: Options::default(),
            outer: Outer::default(),
        }
    }

    fn syn(client: u16, time_us: i64) -> Segment {
        segment(client, time_us, Flags { syn: true, ..Flags::default() })
    }

    /// What left the table while `segments` came in: index and why.
    fn gone(table: &mut ConcurrentFlows, segments: &[Segment]) -> Vec<(u64, End)> {
        let mut gone = Vec::new();
        for segment in segments {
            table.note(segment, &mut |ended| gone.push((ended.index, ended.end)));
        }
        gone
    }

    #[test]
    fn the_least_recently_active_flow_goes_first() {
        let mut table = ConcurrentFlows::new(LIMITS);
        let segments = [syn(1, 0), syn(2, 1), syn(3, 2), syn(1, 3), syn(4, 4), syn(5, 5)];
        assert_eq!(gone(&mut table, &segments), [(1, End::Evicted), (2, End::Evicted)]);
        assert_eq!((table.len(), table.begun()), (3, 5));
    }

    #[test]
    fn idle_flows_expire_by_the_captures_clock() {
        let mut table = ConcurrentFlows::new(LIMITS);
        assert_eq!(gone(&mut table, &[syn(1, 0), syn(2, 600_000), syn(3, 1_000_000)]), [(0, End::Idle)]);
        let mut left = Vec::new();
        table.expire(5_000_000, &mut |ended| left.push(ended.index));
        assert_eq!(left, [1, 2]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_closed_flow_lingers_for_a_shorter_time_and_a_retried_syn_opens_it_again() {
        let reset = Flags { rst: true, ..Flags::default() };
        let mut table = ConcurrentFlows::new(LIMITS);
        let segments = [syn(1, 0), segment(1, 10, reset), syn(2, 0), segment(2, 20, reset), syn(2, 30)];
        assert_eq!(gone(&mut table, &segments), []);
        assert_eq!(gone(&mut table, &[syn(3, 200_000)]), [(0, End::Closed)]);
    }

    #[test]
    fn another_sequence_number_is_another_flow() {
        let mut table = ConcurrentFlows::new(LIMITS);
        let again = Segment { sequence: 99, ..syn(1, 10) };
        assert_eq!(gone(&mut table, &[syn(1, 0), again]), [(0, End::Reused)]);
        let mut left = Vec::new();
        table.drain(&mut |ended| left.push((ended.index, ended.end)));
        assert_eq!(left, [(1, End::CaptureEnded)]);
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_flows() {
        let mut table = ConcurrentFlows::new(LIMITS);
        for number in 0..10_000_u16 {
            let data = segment(number, i64::from(number), Flags::default());
            gone(&mut table, &[syn(number, i64::from(number)), data, data, data]);
        }
        assert_eq!(table.slots.len(), 3);
        assert!(table.changed.len() <= 3 && table.twins.len() <= 3);
    }
}
