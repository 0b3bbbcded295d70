//! Which flow of one capture is which of the other.
//!
//! A box may translate addresses and ports and rewrite sequence numbers, and the clocks need not agree. So
//! flows are paired by what usually survives, the surest first: initial sequence numbers (also the numbers of
//! all segments, where the SYN was not captured), then timestamps option values, then IP identification with
//! payload lengths and flags, and last the addresses. Each step only looks at what the steps before left over.

use std::collections::{BTreeMap, HashMap};

use foldhash::quality::RandomState;

use crate::detect::Confidence;
use crate::flow::{Side, Sides};

use super::trace::{Conversation, Record};

/// What paired two flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Initial sequence numbers, or those of all segments.
    SequenceNumbers,
    /// Values of the timestamps option.
    Timestamps,
    /// IP identification, payload lengths and flags.
    IpIdentification,
    /// Addresses and ports.
    Addresses,
}

impl Method {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::SequenceNumbers => "sequence numbers",
            Self::Timestamps => "timestamps",
            Self::IpIdentification => "IP identification",
            Self::Addresses => "addresses and ports",
        }
    }
}

/// Two flows that are one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairing {
    /// Positions in each capture.
    pub(crate) flows: Sides<usize>,
    pub(crate) method: Method,
    pub(crate) confidence: Confidence,
}

/// A value that more flows than this share tells none of them apart.
const SHARED_BY_MAX: usize = 4;

/// Pairs the flows of the capture at the client's side with those at the server's side, in the order of the
/// former.
pub(crate) fn pair(captures: Sides<&[Conversation]>) -> Vec<Pairing> {
    let mut matcher = Matcher {
        captures,
        taken: captures_map(captures, |flows| vec![false; flows.len()]),
        pairs: Vec::new(),
    };
    matcher.by_initial_sequence();
    matcher.by_votes(Method::SequenceNumbers, |record| {
        let numbers = u64::from(record.sequence) << 32 | u64::from(record.acknowledgment);
        record.has(super::trace::ACK).then_some((numbers, record.length()))
    });
    matcher.by_votes(Method::Timestamps, |record| {
        let (value, echo) = record.timestamps?;
        Some((u64::from(value) << 32 | u64::from(echo), record.length()))
    });
    matcher.by_votes(Method::IpIdentification, |record| {
        let id = record.headers.ip_id.filter(|id| *id != 0)?;
        Some((u64::from(id), record.length() << 8 | u32::from(record.headers.control)))
    });
    matcher.by_addresses();
    matcher.pairs.sort_by_key(|pair| pair.flows.client);
    matcher.pairs
}

fn captures_map<T>(captures: Sides<&[Conversation]>, map: impl Fn(&[Conversation]) -> T) -> Sides<T> {
    Sides { client: map(captures.client), server: map(captures.server) }
}

struct Matcher<'a> {
    captures: Sides<&'a [Conversation]>,
    taken: Sides<Vec<bool>>,
    pairs: Vec<Pairing>,
}

/// One possible pair: better ones sort first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    score: std::cmp::Reverse<u32>,
    client: usize,
    server: usize,
}

impl<'a> Matcher<'a> {
    fn free(&self, at: Side) -> impl Iterator<Item = (usize, &'a Conversation)> {
        let taken = self.taken.of(at);
        let flows: &'a [Conversation] = self.captures.of(at);
        flows.iter().enumerate().filter(|(index, _)| taken.get(*index) == Some(&false))
    }

    /// Takes the best candidates, each flow once. `confidence` sees the score, and the best one that competes.
    fn take(
        &mut self,
        mut candidates: Vec<Candidate>,
        method: Method,
        confidence: impl Fn(Candidate, u32) -> Option<Confidence>,
    ) {
        candidates.sort_unstable();
        let mut best: Sides<BTreeMap<usize, Vec<u32>>> = Sides::default();
        for candidate in &candidates {
            best.client.entry(candidate.client).or_default().push(candidate.score.0);
            best.server.entry(candidate.server).or_default().push(candidate.score.0);
        }
        let second = |scores: &BTreeMap<usize, Vec<u32>>, index: usize| {
            scores.get(&index).and_then(|scores| scores.get(1)).copied().unwrap_or(0)
        };
        for candidate in candidates {
            let is_taken = |taken: &[bool], index: usize| taken.get(index) == Some(&true);
            if is_taken(&self.taken.client, candidate.client)
                || is_taken(&self.taken.server, candidate.server)
            {
                continue;
            }
            let rival = second(&best.client, candidate.client).max(second(&best.server, candidate.server));
            let Some(confidence) = confidence(candidate, rival) else { continue };
            for (taken, index) in
                [(&mut self.taken.client, candidate.client), (&mut self.taken.server, candidate.server)]
            {
                if let Some(taken) = taken.get_mut(index) {
                    *taken = true;
                }
            }
            let flows = Sides { client: candidate.client, server: candidate.server };
            self.pairs.push(Pairing { flows, method, confidence });
        }
    }

    fn by_initial_sequence(&mut self) {
        let mut index: HashMap<(Side, u32), Vec<usize>, RandomState> = HashMap::default();
        for (at, flow) in self.free(Side::Server) {
            for side in Side::BOTH {
                if let Some(initial) = initial(flow, side) {
                    index.entry((side, initial)).or_default().push(at);
                }
            }
        }
        let mut scores: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for (at, flow) in self.free(Side::Client) {
            for side in Side::BOTH {
                let Some(initial) = initial(flow, side) else { continue };
                for other in index.get(&(side, initial)).into_iter().flatten() {
                    *scores.entry((at, *other)).or_default() += 4;
                }
            }
        }
        let captures = self.captures;
        let candidates: Vec<Candidate> = scores
            .into_iter()
            .map(|((client, server), score)| {
                let more =
                    captures.client.get(client).zip(captures.server.get(server)).map_or(0, |(a, b)| {
                        u32::from(same_endpoints(a, b)) + u32::from(same_timestamps(a, b))
                    });
                Candidate { score: std::cmp::Reverse(score + more), client, server }
            })
            .collect();
        self.take(candidates, Method::SequenceNumbers, |candidate, rival| {
            Some(match candidate.score.0 {
                score if score <= rival => Confidence::Possible,
                // Both numbers, or one of them and something else: 64 bits do not agree by chance.
                5.. => Confidence::Proven,
                _ => Confidence::Likely,
            })
        });
    }

    /// Every segment's `key` that both captures hold is a vote.
    fn by_votes(&mut self, method: Method, key: impl Fn(&Record) -> Option<(u64, u32)>) {
        let mut index: HashMap<(u64, u32), Vec<usize>, RandomState> = HashMap::default();
        for (at, flow) in self.free(Side::Server) {
            for key in distinct(flow, &key) {
                index.entry(key).or_default().push(at);
            }
        }
        let mut candidates = Vec::new();
        let mut sizes: BTreeMap<usize, u32> = BTreeMap::new();
        for (at, flow) in self.free(Side::Client) {
            let mut votes: BTreeMap<usize, u32> = BTreeMap::new();
            let keys = distinct(flow, &key);
            sizes.insert(at, u32::try_from(keys.len()).unwrap_or(u32::MAX));
            for key in keys {
                let holders = index.get(&key).filter(|holders| holders.len() <= SHARED_BY_MAX);
                for other in holders.into_iter().flatten() {
                    *votes.entry(*other).or_default() += 1;
                }
            }
            candidates.extend(votes.into_iter().map(|(server, votes)| Candidate {
                score: std::cmp::Reverse(votes),
                client: at,
                server,
            }));
        }
        self.take(candidates, method, |candidate, rival| {
            let votes = candidate.score.0;
            let clear = votes >= rival.saturating_mul(3);
            let share = sizes.get(&candidate.client).map_or(0, |size| votes * 10 / (*size).max(1));
            match method {
                // 64 bits per vote.
                Method::SequenceNumbers | Method::Timestamps => match votes {
                    0 | 1 => None,
                    2..8 => clear.then_some(Confidence::Likely),
                    _ if clear => Some(Confidence::Proven),
                    _ => Some(Confidence::Likely),
                },
                // 16 bits per vote, and hosts count them up: neighbours look alike.
                _ => match votes {
                    0..4 => None,
                    16.. if clear && share >= 3 => Some(Confidence::Likely),
                    _ if clear && share >= 3 => Some(Confidence::Possible),
                    _ => None,
                },
            }
        });
    }

    fn by_addresses(&mut self) {
        let mut candidates = Vec::new();
        let mut index: HashMap<_, Vec<usize>, RandomState> = HashMap::default();
        for (at, flow) in self.free(Side::Server) {
            index.entry((flow.flow.endpoints.client, flow.flow.endpoints.server)).or_default().push(at);
        }
        for (client, flow) in self.free(Side::Client) {
            let same = index.get(&(flow.flow.endpoints.client, flow.flow.endpoints.server));
            candidates.extend(same.into_iter().flatten().map(|server| Candidate {
                score: std::cmp::Reverse(1),
                client,
                server: *server,
            }));
        }
        self.take(candidates, Method::Addresses, |_, _| Some(Confidence::Possible));
    }
}

/// The initial sequence number of `side`, from its SYN or from the SYN-ACK that acknowledges it.
pub(crate) fn initial(conversation: &Conversation, side: Side) -> Option<u32> {
    conversation.flow.handshake.syn.of(side).map(|syn| syn.sequence).or_else(|| {
        let answer = conversation.records.iter().find(|record| {
            record.from == side.peer() && record.has(super::trace::SYN) && record.has(super::trace::ACK)
        });
        answer.map(|answer| answer.acknowledgment.wrapping_sub(1))
    })
}

fn same_endpoints(a: &Conversation, b: &Conversation) -> bool {
    a.flow.endpoints == b.flow.endpoints
}

fn same_timestamps(a: &Conversation, b: &Conversation) -> bool {
    let values = |flow: &Conversation| flow.flow.handshake.syn.client.and_then(|syn| syn.timestamps);
    values(a).is_some() && values(a) == values(b)
}

fn distinct(flow: &Conversation, key: impl Fn(&Record) -> Option<(u64, u32)>) -> Vec<(u64, u32)> {
    let mut keys: Vec<(u64, u32)> = flow.records.iter().filter_map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
