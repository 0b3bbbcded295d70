//! Two captures of the same traffic, one from each side of a box: what the box did, by sight.
//!
//! ```text
//! trace -> pairing -> alignment -> clock, changes, losses -> beliefs, findings -> tally -> verdict
//! ```
//!
//! One capture convicts by inference (see [`detect`](crate::detect)); two need none: every segment that was
//! captured twice is compared header by header, and every segment that was captured once has an explanation
//! or was lost. More than two captures, in the order of the path, are compared neighbour by neighbour.

mod alignment;
mod beliefs;
mod changes;
mod clock;
mod edge;
mod finding;
mod leg;
mod losses;
mod options;
mod pair;
mod pairing;
mod place;
mod tally;
mod trace;
mod verdict;
mod words;

pub use beliefs::Belief;
pub use changes::{Change, Class, Field};
pub use clock::Clock;
pub use edge::Edge;
pub use finding::Finding;
pub use leg::Leg;
pub use losses::Passage;
pub use options::{Edit, name as option_name};
pub use pair::{Hops, Pair, Seen, SeenChange};
pub use pairing::Method;
pub use tally::{Counts, Frequency, Row};
pub use trace::{Capture, Finished, Trace};

/// The comparison of two or more captures in the order of the path from client to server.
#[derive(Debug)]
pub struct Comparison {
    /// The captures.
    pub captures: Vec<Capture>,
    /// From each capture to the next.
    pub legs: Vec<Leg>,
}

impl Comparison {
    /// Compares neighbours.
    pub fn new(mut captures: Vec<Finished>) -> Self {
        let mut legs = Vec::new();
        for index in 1..captures.len() {
            if let Some([client, server]) = captures.get_mut(index - 1..=index) {
                legs.push(Leg::between(client, server));
            }
        }
        Self { captures: captures.into_iter().map(|capture| capture.summary).collect(), legs }
    }

    /// All findings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.legs.iter().flat_map(|leg| &leg.pairs).flat_map(|pair| &pair.findings)
    }

    /// Where along the path the changes are, in a sentence; `None` for only two captures.
    pub fn located(&self) -> Option<String> {
        let [_, _, ..] = self.legs.as_slice() else { return None };
        let between = |leg: &&Leg| format!("{} and {}", leg.labels.client, leg.labels.server);
        let guilty: Vec<String> =
            self.legs.iter().filter(|leg| leg.is_guilty()).map(|leg| between(&leg)).collect();
        Some(match guilty.as_slice() {
            [] => "no neighbours disagree about window scaling".to_owned(),
            guilty => format!("window scaling is lost between {}", guilty.join(", and between ")),
        })
    }
}
