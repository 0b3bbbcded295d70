//! The way between two neighbouring captures.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::flow::{Side, Sides};

use super::alignment::{Alignment, align};
use super::clock::{Clock, Sample};
use super::losses::{Part, Passage, passage};
use super::pair::Pair;
use super::pairing::{Pairing, pair};
use super::place::places;
use super::tally::{Row, tally};
use super::trace::{Conversation, Finished, Record};
use super::verdict::sentence;

/// What happens between two capture points.
#[derive(Debug)]
pub struct Leg {
    /// The captures, as the user named them, by the side that they are at.
    pub sources: Sides<String>,
    /// The same in short, for sentences.
    pub labels: Sides<String>,
    /// The captures were given in the other order.
    pub swapped: bool,
    /// The clocks.
    pub clock: Clock,
    /// Flows that were found in both, in the order of the client's side.
    pub pairs: Vec<Pair>,
    /// Flows that were found in one capture only, by their positions.
    pub unpaired: Sides<Vec<usize>>,
    /// All changes over all flows.
    pub rows: Vec<Row>,
    /// The verdict in a sentence.
    pub verdict: String,
}

impl Leg {
    /// Compares two captures; if packets turn out to pass `server` first, the other way round.
    pub(crate) fn between(client: &mut Finished, server: &mut Finished) -> Self {
        let pairings = pair(Sides { client: &client.conversations, server: &server.conversations });
        let alignments = align_all(client, server, &pairings);
        let clock = clock(client, server, &pairings, &alignments);
        if clock.reversed {
            let pairings: Vec<Pairing> =
                pair(Sides { client: &server.conversations, server: &client.conversations });
            let alignments = align_all(server, client, &pairings);
            let clock = self::clock(server, client, &pairings, &alignments);
            return Self { swapped: true, ..Self::new(server, client, &pairings, &alignments, clock) };
        }
        Self::new(client, server, &pairings, &alignments, clock)
    }

    fn new(
        client: &Finished,
        server: &Finished,
        pairings: &[Pairing],
        alignments: &[Alignment],
        clock: Clock,
    ) -> Self {
        let captures = Sides { client, server };
        let mut pairs = Vec::new();
        for (pairing, alignment) in pairings.iter().zip(alignments) {
            let Some(conversations) = conversations(captures, pairing) else { continue };
            let places = places(conversations, alignment);
            let part = |side: Side| Part {
                records: &conversations.of(side).records,
                places: places.of(side),
                span_us: span(captures.of(side)),
            };
            let parts = Sides { client: part(Side::Client), server: part(Side::Server) };
            let passages: Sides<Passage> = Sides {
                client: passage(Side::Client, parts, alignment, &clock),
                server: passage(Side::Server, parts, alignment, &clock),
            };
            pairs.push(Pair::new(*pairing, conversations, alignment, passages));
        }
        let rows = tally(&pairs);
        let unpaired = |side: Side| {
            let mut paired = vec![false; captures.of(side).conversations.len()];
            for pairing in pairings {
                if let Some(paired) = paired.get_mut(*pairing.flows.of(side)) {
                    *paired = true;
                }
            }
            paired.iter().enumerate().filter(|(_, paired)| !**paired).map(|(index, _)| index).collect()
        };
        let sources = Sides { client: client.summary.source.clone(), server: server.summary.source.clone() };
        let labels = labels(&sources);
        let verdict = sentence(Sides { client: &labels.client, server: &labels.server }, &pairs, &rows);
        Self {
            unpaired: Sides { client: unpaired(Side::Client), server: unpaired(Side::Server) },
            sources,
            labels,
            swapped: false,
            clock,
            pairs,
            rows,
            verdict,
        }
    }

    /// Window scaling suffers here.
    pub fn is_guilty(&self) -> bool {
        self.pairs.iter().any(|pair| !pair.findings.is_empty())
    }
}

/// The file names, unless they do not tell the captures apart.
fn labels(sources: &Sides<String>) -> Sides<String> {
    let name = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
    let short = Sides { client: name(&sources.client), server: name(&sources.server) };
    if short.client == short.server { sources.clone() } else { short }
}

fn span(capture: &Finished) -> (i64, i64) {
    (capture.summary.first_us.unwrap_or(0), capture.summary.last_us.unwrap_or(0))
}

fn conversations<'a>(captures: Sides<&'a Finished>, pairing: &Pairing) -> Option<Sides<&'a Conversation>> {
    let of = |side: Side| captures.of(side).conversations.get(*pairing.flows.of(side));
    Some(Sides { client: of(Side::Client)?, server: of(Side::Server)? })
}

/// Makes both captures agree about who the client is, and aligns the segments of every pair.
fn align_all(client: &mut Finished, server: &mut Finished, pairings: &[Pairing]) -> Vec<Alignment> {
    let mut alignments = Vec::new();
    for pairing in pairings {
        let a = client.conversations.get_mut(pairing.flows.client);
        let Some((a, b)) = a.zip(server.conversations.get_mut(pairing.flows.server)) else { continue };
        let disagree = disagree_about_roles(a, b);
        let turn_a = match (a.flow.client_known, b.flow.client_known) {
            (true, _) => false,
            // Whoever has seen no SYN guessed.
            (false, true) => disagree,
            // Both did: a server's port is usually the lower one.
            (false, false) => a.flow.endpoints.client.port < a.flow.endpoints.server.port,
        };
        if turn_a {
            a.turn();
        }
        if turn_a != disagree {
            b.turn();
        }
        alignments.push(align(a, b));
    }
    alignments
}

/// What a segment is recognised by.
type Recognise = fn(&Record) -> Option<(u64, u32)>;

/// Whether most segments that both hold have another sender in each.
fn disagree_about_roles(a: &Conversation, b: &Conversation) -> bool {
    if a.flow.client_known && b.flow.client_known {
        return false;
    }
    let keys: [Recognise; 3] = [
        |record| Some((u64::from(record.sequence) << 32 | u64::from(record.acknowledgment), record.length())),
        |record| {
            record.timestamps.map(|(value, echo)| (u64::from(value) << 32 | u64::from(echo), record.length()))
        },
        |record| record.headers.ip_id.map(|id| (u64::from(id), record.length())),
    ];
    for key in keys {
        let known: HashMap<(u64, u32), Side, RandomState> =
            a.records.iter().filter_map(|record| Some((key(record)?, record.from))).collect();
        let (mut same, mut other) = (0, 0);
        for record in &b.records {
            match key(record).and_then(|key| known.get(&key)) {
                Some(from) if *from == record.from => same += 1,
                Some(_) => other += 1,
                None => {}
            }
        }
        if same + other > 0 {
            return other > same;
        }
    }
    false
}

fn clock(client: &Finished, server: &Finished, pairings: &[Pairing], alignments: &[Alignment]) -> Clock {
    let captures = Sides { client, server };
    let mut samples = Vec::new();
    for (pairing, alignment) in pairings.iter().zip(alignments) {
        let Some(conversations) = conversations(captures, pairing) else { continue };
        samples.extend(alignment.matched.iter().filter_map(|pair| {
            let a = conversations.client.records.get(pair.client)?;
            let b = conversations.server.records.get(pair.server)?;
            Some(Sample { from: a.from, time_us: Sides { client: a.time_us, server: b.time_us } })
        }));
    }
    Clock::estimate(&samples)
}
