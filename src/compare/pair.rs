//! Two flows that are one: everything that differs between their captures.

use std::collections::BTreeMap;

use crate::decode::Endpoint;
use crate::detect::{Confidence, Verdict};
use crate::flow::{Side, Sides};

use super::alignment::Alignment;
use super::beliefs::Belief;
use super::changes::{Change, Class, Field, changes, class};
use super::finding::{Finding, findings};
use super::losses::Passage;
use super::options::{self, Edit};
use super::pairing::{Method, Pairing};
use super::trace::Conversation;

/// A flow as one capture shows it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Position in its capture: Wireshark's `tcp.stream`.
    pub index: usize,
    /// Client and server.
    pub endpoints: Sides<Endpoint>,
    /// Frames.
    pub frames: u64,
    /// What this capture alone says.
    pub verdict: Verdict,
    /// Codes of what this capture alone finds.
    pub codes: Vec<&'static str>,
}

/// One change, and where it is seen first.
#[derive(Clone, Debug)]
pub struct SeenChange {
    /// The change.
    pub change: Change,
    /// How many segments show it.
    pub segments: u64,
    /// The first one, in each capture; `None` where it is about the whole flow.
    pub frames: Option<Sides<u64>>,
}

/// Hops between the capture points by the hop limits: smallest and largest.
pub type Hops = Option<(u8, u8)>;

/// A paired flow.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The flow in each capture, by the side where it was captured.
    pub seen: Sides<Seen>,
    /// What paired them.
    pub method: Method,
    /// How sure that is.
    pub confidence: Confidence,
    /// What the way to the server's side adds to each side's sequence numbers.
    pub offsets: Sides<u32>,
    /// Hops in between, by sender.
    pub hops: Sides<Hops>,
    /// Everything that differs.
    pub changes: Vec<SeenChange>,
    /// What became of each sender's segments.
    pub passages: Sides<Passage>,
    /// The three shifts of each side's window.
    pub beliefs: Sides<Belief>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Segments captured twice, by kind, sender and option.
    base: BTreeMap<(Class, Side, Option<u8>), u64>,
}

impl Pair {
    pub(crate) fn new(
        pairing: Pairing,
        conversations: Sides<&Conversation>,
        alignment: &Alignment,
        passages: Sides<Passage>,
    ) -> Self {
        let seen = |side: Side| {
            let flow = conversations.of(side);
            let mut codes: Vec<&'static str> =
                flow.judgement.findings.iter().map(|finding| finding.rule.code).collect();
            codes.dedup();
            Seen {
                index: *pairing.flows.of(side),
                endpoints: flow.flow.endpoints,
                frames: flow.records.len() as u64,
                verdict: flow.judgement.verdict,
                codes,
            }
        };
        let mut pair = Self {
            seen: Sides { client: seen(Side::Client), server: seen(Side::Server) },
            method: pairing.method,
            confidence: pairing.confidence,
            offsets: alignment.offsets,
            hops: Sides::default(),
            changes: Vec::new(),
            passages,
            beliefs: Sides {
                client: Belief::new(Side::Client, conversations),
                server: Belief::new(Side::Server, conversations),
            },
            findings: Vec::new(),
            base: BTreeMap::new(),
        };
        pair.translations();
        pair.headers(conversations, alignment);
        pair.findings = findings(&pair, conversations);
        pair
    }

    /// Segments that could show `change`.
    pub(crate) fn could_show(&self, change: &Change) -> u64 {
        let option = match (change.field, change.edit) {
            (_, Edit::Added(_)) => None,
            (Field::Option(kind), _) => Some(kind),
            (Field::SackBlocks, _) => Some(options::SACK),
            _ => None,
        };
        self.base.get(&(change.class, change.from, option)).copied().unwrap_or(0)
    }

    /// The server's port as the client's side sees it.
    pub(crate) fn server_port(&self) -> u16 {
        self.seen.client.endpoints.server.port
    }

    /// What is true of the flow as a whole.
    fn translations(&mut self) {
        let Sides { client, server } = &self.seen;
        let is_other = |side: Side| client.endpoints.of(side) != server.endpoints.of(side);
        let found = [
            (is_other(Side::Client), Side::Client, Field::ClientEndpoint),
            (is_other(Side::Server), Side::Client, Field::ServerEndpoint),
            (self.offsets.client != 0, Side::Client, Field::SequenceNumbers),
            (self.offsets.server != 0, Side::Server, Field::SequenceNumbers),
        ];
        for (_, from, field) in found.into_iter().filter(|(is, ..)| *is) {
            let change = Change { class: Class::Flow, from, field, edit: Edit::Rewritten };
            self.changes.push(SeenChange { change, segments: 1, frames: None });
        }
        for side in Side::BOTH {
            self.base.insert((Class::Flow, side, None), 1);
        }
    }

    /// Compares every segment that was captured twice.
    fn headers(&mut self, conversations: Sides<&Conversation>, alignment: &Alignment) {
        let mut found: BTreeMap<Change, (u64, Sides<u64>)> = BTreeMap::new();
        for pair in &alignment.matched {
            let records = conversations.client.records.get(pair.client);
            let Some((client, server)) = records.zip(conversations.server.records.get(pair.server)) else {
                continue;
            };
            // In the direction of travel.
            let turned = |offsets: Sides<u32>| Sides {
                client: offsets.client.wrapping_neg(),
                server: offsets.server.wrapping_neg(),
            };
            let (before, after, offsets) = match client.from {
                Side::Client => (client, server, alignment.offsets),
                Side::Server => (server, client, turned(alignment.offsets)),
            };
            for change in changes(before, after, offsets) {
                let frames = Sides { client: client.frame, server: server.frame };
                found.entry(change).or_insert((0, frames)).0 += 1;
            }
            let key = (class(before), before.from);
            *self.base.entry((key.0, key.1, None)).or_default() += 1;
            for kind in options::kinds(&before.headers.options) {
                *self.base.entry((key.0, key.1, Some(kind))).or_default() += 1;
            }
            if let Some(hops) = before.headers.hop_limit.checked_sub(after.headers.hop_limit) {
                let known = self.hops.of_mut(before.from);
                let (low, high) = known.unwrap_or((hops, hops));
                *known = Some((low.min(hops), high.max(hops)));
            }
        }
        self.changes.extend(found.into_iter().map(|(change, (segments, frames))| SeenChange {
            change,
            segments,
            frames: Some(frames),
        }));
    }
}
