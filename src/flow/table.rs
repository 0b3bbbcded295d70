//! The flows of a capture: a table that never grows beyond its limit.
//!
//! A flow leaves the table when it is over (a RST, or a FIN of both sides, and then silence), when it was idle
//! for long, when its 4-tuple is used again, or, being the least recently active one, when the table is full.
//! Whoever owns the table gets every flow that leaves it: nothing is forgotten before it could be judged.

use crate::decode::Segment;

use super::Flow;
use super::changed::Changed;
use super::closing::Closing;
use super::index::Index;
use super::key::{Key, Keys};
use super::limits::{End, Ended, Limits};
use super::order::{List, Order};
use super::retired::Retired;
use super::twins::{Numbers, Twins, numbers, twin_of};

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Its flow's position in the order of first frames: Wireshark's `tcp.stream`.
    pub index: u64,
    slot: Option<usize>,
}

impl Noted {
    /// The flow was over, and is judged: nothing was learnt from the segment.
    pub fn is_late(self) -> bool {
        self.slot.is_none()
    }
}

#[derive(Debug)]
struct Slot {
    index: u64,
    key: Key,
    flow: Box<Flow>,
    closing: Closing,
    /// Under which it is known to the twins.
    numbers: Option<Numbers>,
}

/// The flows that are alive.
#[derive(Debug)]
pub struct FlowTable {
    limits: Limits,
    slots: Vec<Option<Slot>>,
    /// The memory of flows that were judged, for those that begin.
    spare: Vec<Box<Flow>>,
    free: Vec<usize>,
    keys: Keys,
    /// The slots by their keys.
    current: Index,
    twins: Twins,
    order: Order,
    retired: Retired,
    changed: Changed,
    begun: u64,
}

/// Flows whose memory is kept for others.
const SPARE_MAX: usize = 256;

/// A flow with fewer frames has nothing to judge before it ends: this keeps a flood of single SYNs cheap.
const WORTH_JUDGING_FRAMES: u64 = 3;

impl FlowTable {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits { max_flows: limits.max_flows.max(1), ..limits },
            slots: Vec::new(),
            spare: Vec::new(),
            free: Vec::new(),
            keys: Keys::default(),
            current: Index::default(),
            twins: Twins::default(),
            order: Order::default(),
            retired: Retired::default(),
            changed: Changed::default(),
            begun: 0,
        }
    }

    /// From now on at most `flows` at once.
    pub fn limit(&mut self, flows: usize) {
        self.limits.max_flows = flows.max(1);
    }

    /// What makes the keys that this table goes by.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Adds a segment to its flow. Flows that have to go are handed to `gone`.
    pub fn note(&mut self, segment: &Segment, gone: &mut dyn FnMut(Ended)) -> Noted {
        self.note_keyed(segment, self.keys.of(segment), gone)
    }

    /// The same where the key is known: it can be made while another thread is in this table.
    pub fn note_keyed(&mut self, segment: &Segment, key: Key, gone: &mut dyn FnMut(Ended)) -> Noted {
        self.expire(segment.time_us, gone);
        let mut known = self.find(key, segment);
        if let Some(at) = known
            && self.flow_at(at).is_none_or(|flow| flow.is_followed_by(segment))
        {
            self.remove(at, End::Reused, gone);
            known = None;
        }
        let at = match known {
            Some(at) => at,
            None => match self.retired.index_of(key, segment) {
                Some(index) => return Noted { index, slot: None },
                None => self.begin(key, segment, gone),
            },
        };
        let Some(Some(slot)) = self.slots.get_mut(at) else { return Noted { index: 0, slot: None } };
        let from = slot.flow.note(segment);
        slot.closing.note(from, segment);
        let (index, list) = (slot.index, slot.closing.list());
        let is_worth_judging = slot.flow.frames >= WORTH_JUDGING_FRAMES;
        self.order.touch(at, list, segment.time_us);
        if is_worth_judging {
            self.changed.mark(at);
        }
        if segment.flags.syn {
            self.link_twin(at);
        }
        for (list, at_most) in
            [(List::Closing, self.limits.max_closing), (List::Closed, self.limits.max_closed)]
        {
            while self.order.length(list) > at_most
                && let Some((oldest, _)) = self.order.oldest(list)
            {
                self.remove(oldest, End::Closed, gone);
            }
        }
        Noted { index, slot: Some(at) }
    }

    /// The flow that a segment was just added to.
    pub fn flow(&self, noted: Noted) -> Option<&Flow> {
        self.flow_at(noted.slot?)
    }

    /// Lets go of the flows that are over at `now_us`, by the capture's clock.
    #[inline]
    pub fn expire(&mut self, now_us: i64, gone: &mut dyn FnMut(Ended)) {
        let Limits { idle_us, closed_us, .. } = self.limits;
        if idle_us.min(closed_us) < i64::MAX {
            self.expire_lists(now_us, gone);
        }
    }

    fn expire_lists(&mut self, now_us: i64, gone: &mut dyn FnMut(Ended)) {
        self.expire_list((List::Closed, self.limits.closed_us, End::Closed), now_us, gone);
        self.expire_list((List::Closing, self.limits.closed_us, End::Closed), now_us, gone);
        self.expire_list((List::Open, self.limits.idle_us, End::Idle), now_us, gone);
    }

    fn expire_list(
        &mut self,
        (list, limit_us, end): (List, i64, End),
        now_us: i64,
        gone: &mut dyn FnMut(Ended),
    ) {
        while limit_us < i64::MAX
            && let Some((at, active_us)) = self.order.oldest(list)
            && now_us.saturating_sub(active_us) >= limit_us
        {
            self.remove(at, end, gone);
        }
    }

    /// Takes back the memory of a flow that left.
    pub fn recycle(&mut self, flow: Box<Flow>) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push(flow);
        }
    }

    /// Visits up to `at_most` flows that changed since they were last visited, the longest unvisited first.
    pub fn visit_changed(&mut self, at_most: usize, visit: &mut dyn FnMut(u64, &mut Flow)) {
        for _ in 0..at_most.min(self.changed.len()) {
            let Some(at) = self.changed.next() else { return };
            if let Some(Some(slot)) = self.slots.get_mut(at) {
                visit(slot.index, &mut slot.flow);
            }
        }
    }

    /// The flows that are alive, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Flow)> {
        self.slots.iter().flatten().map(|slot| (slot.index, &*slot.flow))
    }

    /// How many flows are alive.
    pub fn len(&self) -> usize {
        self.current.len()
    }

    /// No flow is alive.
    pub fn is_empty(&self) -> bool {
        self.current.len() == 0
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
        self.slots.get(at)?.as_ref().map(|slot| &*slot.flow)
    }

    fn begin(&mut self, key: Key, segment: &Segment, gone: &mut dyn FnMut(Ended)) -> usize {
        while self.current.len() >= self.limits.max_flows {
            let Some(at) = self.least_recent() else { break };
            self.remove(at, End::Evicted, gone);
        }
        let flow = match self.spare.pop() {
            Some(mut flow) => {
                flow.begin_again(segment);
                flow
            }
            None => Box::new(Flow::new(segment)),
        };
        let slot = Slot { index: self.begun, key, flow, closing: Closing::default(), numbers: None };
        self.begun += 1;
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        if let Some(place) = self.slots.get_mut(at) {
            *place = Some(slot);
        }
        self.current.insert(key, at);
        at
    }

    fn find(&mut self, key: Key, segment: &Segment) -> Option<usize> {
        let Self { slots, current, .. } = self;
        current.find(key, |at| {
            let slot = slots.get(at).and_then(Option::as_ref);
            slot.is_some_and(|slot| slot.key == key && slot.flow.is_between(segment))
        })
    }

    fn least_recent(&self) -> Option<usize> {
        let oldest = List::ALL.map(|list| self.order.oldest(list));
        oldest.into_iter().flatten().min_by_key(|(_, active_us)| *active_us).map(|(at, _)| at)
    }

    fn remove(&mut self, at: usize, end: End, gone: &mut dyn FnMut(Ended)) {
        self.order.remove(at);
        let Some(slot) = self.slots.get_mut(at).and_then(Option::take) else { return };
        self.free.push(at);
        let Slot { index, key, flow, numbers, .. } = slot;
        self.current.remove(key, at);
        self.twins.forget(at, numbers);
        if end == End::Closed {
            self.retired.remember(key, index, &flow);
        }
        gone(Ended { index, flow, end });
    }

    /// Finds the same connection beyond an address translation.
    fn link_twin(&mut self, at: usize) {
        let Some(Some(slot)) = self.slots.get_mut(at) else { return };
        let Some(numbers) = numbers(&slot.flow) else { return };
        let before = slot.numbers.replace(numbers);
        let Some(other) = self.twins.meet(at, before, numbers) else { return };
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
        self.changed.mark(other);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::decode::{Endpoint, Flags, Options, Outer};

    const LIMITS: Limits =
        Limits { max_flows: 3, idle_us: 1_000_000, closed_us: 100_000, max_closing: 2, max_closed: 1 };

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
    fn gone(table: &mut FlowTable, segments: &[Segment]) -> Vec<(u64, End)> {
        let mut gone = Vec::new();
        for segment in segments {
            table.note(segment, &mut |ended| gone.push((ended.index, ended.end)));
        }
        gone
    }

    #[test]
    fn the_least_recently_active_flow_goes_first() {
        let mut table = FlowTable::new(LIMITS);
        let segments = [syn(1, 0), syn(2, 1), syn(3, 2), syn(1, 3), syn(4, 4), syn(5, 5)];
        assert_eq!(gone(&mut table, &segments), [(1, End::Evicted), (2, End::Evicted)]);
        assert_eq!((table.len(), table.begun()), (3, 5));
    }

    #[test]
    fn idle_flows_expire_by_the_captures_clock() {
        let mut table = FlowTable::new(LIMITS);
        assert_eq!(gone(&mut table, &[syn(1, 0), syn(2, 600_000), syn(3, 1_000_000)]), [(0, End::Idle)]);
        let mut left = Vec::new();
        table.expire(5_000_000, &mut |ended| left.push(ended.index));
        assert_eq!(left, [1, 2]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_closed_flow_lingers_for_a_shorter_time_and_a_retried_syn_opens_it_again() {
        let reset = Flags { rst: true, ..Flags::default() };
        let mut table = FlowTable::new(LIMITS);
        let segments = [syn(1, 0), segment(1, 10, reset), syn(2, 0), segment(2, 20, reset), syn(2, 30)];
        assert_eq!(gone(&mut table, &segments), []);
        assert_eq!(gone(&mut table, &[syn(3, 200_000)]), [(0, End::Closed)]);
    }

    #[test]
    fn answers_that_change_their_number_leave_nothing_behind() {
        let flags = Flags { syn: true, ack: true, ..Flags::default() };
        let mut table = FlowTable::new(LIMITS);
        table.note(&syn(1, 0), &mut |_| {});
        for sequence in 0..1000 {
            let answer = Segment { sequence, ..segment(1, 1, flags) };
            let answer = Segment { source: answer.destination, destination: answer.source, ..answer };
            table.note(&answer, &mut |_| {});
        }
        assert_eq!((table.len(), table.twins.len()), (1, 1));
        table.drain(&mut |_| {});
        assert_eq!(table.twins.len(), 0);
    }

    #[test]
    fn a_late_segment_begins_no_flow_but_a_new_syn_does() {
        let reset = Flags { rst: true, ..Flags::default() };
        let mut table = FlowTable::new(LIMITS);
        gone(&mut table, &[syn(1, 0), segment(1, 10, reset), syn(2, 200_000)]);
        let late = table.note(&segment(1, 200_010, reset), &mut |_| {});
        assert!(late.is_late() && late.index == 0);
        let again = Segment { sequence: 99, ..syn(1, 200_020) };
        assert_eq!(table.note(&again, &mut |_| {}).index, 2);
        assert_eq!(table.begun(), 3);
    }

    #[test]
    fn one_fin_closes_half_a_connection() {
        let fin = Flags { fin: true, ..Flags::default() };
        let mut table = FlowTable::new(LIMITS);
        gone(&mut table, &[syn(1, 0), segment(1, 10, fin)]);
        assert_eq!(gone(&mut table, &[syn(2, 200_000)]), []);
        let answer = segment(1, 200_010, fin);
        let answer = Segment { source: answer.destination, destination: answer.source, ..answer };
        assert_eq!(gone(&mut table, &[answer, syn(3, 400_000)]), [(0, End::Closed)]);
    }

    #[test]
    fn of_the_closed_only_so_many_are_waited_for() {
        let reset = Flags { rst: true, ..Flags::default() };
        let mut table = FlowTable::new(Limits { max_flows: 100, ..LIMITS });
        let segments: Vec<Segment> =
            (1..5).flat_map(|client| [syn(client, 0), segment(client, 1, reset)]).collect();
        assert_eq!(gone(&mut table, &segments), [(0, End::Closed), (1, End::Closed)]);
    }

    #[test]
    fn behind_the_last_acknowledgment_even_fewer_are_waited_for() {
        let fin = Flags { fin: true, ack: true, ..Flags::default() };
        let mut table = FlowTable::new(Limits { max_flows: 100, ..LIMITS });
        let closed = |client| {
            let end = Segment { acknowledgment: 9, ..segment(client, 1, fin) };
            let answer = Segment { source: end.destination, destination: end.source, ..end.clone() };
            [syn(client, 0), end, answer.clone(), Segment { acknowledgment: 9, ..segment(client, 2, fin) }]
        };
        assert_eq!(gone(&mut table, &[closed(1), closed(2)].concat()), [(0, End::Closed)]);
    }

    #[test]
    fn another_sequence_number_is_another_flow() {
        let mut table = FlowTable::new(LIMITS);
        let again = Segment { sequence: 99, ..syn(1, 10) };
        assert_eq!(gone(&mut table, &[syn(1, 0), again]), [(0, End::Reused)]);
        let mut left = Vec::new();
        table.drain(&mut |ended| left.push((ended.index, ended.end)));
        assert_eq!(left, [(1, End::CaptureEnded)]);
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_flows() {
        let mut table = FlowTable::new(LIMITS);
        for number in 0..10_000_u16 {
            let data = segment(number, i64::from(number), Flags::default());
            gone(&mut table, &[syn(number, i64::from(number)), data.clone(), data.clone(), data]);
        }
        assert_eq!(table.slots.len(), 3);
        assert!(table.changed.len() <= 3 && table.twins.len() <= 3);
    }
}
