//! Which changes are systematic over all flows, and which were seen once: by direction and by server port,
//! because boxes often touch one port only.

use std::collections::BTreeMap;

use super::changes::Change;
use super::pair::Pair;

/// How regular a change is, among the segments that could show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// In all of them, or nearly.
    Systematic,
    /// In some of them.
    Sometimes,
    /// In one of several.
    Once,
}

impl Frequency {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Systematic => "systematic",
            Self::Sometimes => "sometimes",
            Self::Once => "once",
        }
    }

    fn of(counts: Counts) -> Self {
        match counts {
            Counts { segments, segments_of, .. } if segments * 10 >= segments_of * 9 => Self::Systematic,
            Counts { segments: 1, .. } => Self::Once,
            _ => Self::Sometimes,
        }
    }
}

/// How many show it, of how many that could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows that show it.
    pub flows: u64,
    /// Flows with segments that could.
    pub flows_of: u64,
    /// Segments that show it.
    pub segments: u64,
    /// Segments that could: of this kind and sender, and where it is about an option that was there, with it.
    pub segments_of: u64,
}

impl Counts {
    fn add(&mut self, segments: u64, segments_of: u64) {
        self.flows += u64::from(segments > 0);
        self.flows_of += u64::from(segments_of > 0);
        self.segments += segments;
        self.segments_of += segments_of;
    }
}

/// One change over all flows.
#[derive(Clone, Debug)]
pub struct Row {
    /// The change.
    pub change: Change,
    /// How regular; on the server port where it is most regular.
    pub frequency: Frequency,
    /// Over all ports.
    pub total: Counts,
    /// By server port, as the client's side sees it.
    pub ports: BTreeMap<u16, Counts>,
    /// The first pair that shows it.
    pub first_pair: usize,
}

impl Row {
    /// The ports that it touches, if there are flows to others that it leaves alone.
    pub fn only_ports(&self) -> Option<Vec<u16>> {
        let touched = |counts: &Counts| counts.segments > 0;
        let spared = self.ports.values().any(|counts| !touched(counts) && counts.segments_of > 0);
        spared.then(|| self.ports.iter().filter(|(_, c)| touched(c)).map(|(port, _)| *port).collect())
    }
}

/// All changes of all pairs, the most regular first.
pub(crate) fn tally(pairs: &[Pair]) -> Vec<Row> {
    let mut changes: BTreeMap<Change, usize> = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        for seen in &pair.changes {
            changes.entry(seen.change).or_insert(index);
        }
    }
    let mut rows: Vec<Row> = changes
        .into_iter()
        .map(|(change, first_pair)| {
            let mut total = Counts::default();
            let mut ports: BTreeMap<u16, Counts> = BTreeMap::new();
            for pair in pairs {
                let segments =
                    pair.changes.iter().find(|seen| seen.change == change).map_or(0, |seen| seen.segments);
                let segments_of = pair.could_show(&change);
                total.add(segments, segments_of);
                ports.entry(pair.server_port()).or_default().add(segments, segments_of);
            }
            let touched = ports.values().filter(|counts| counts.segments > 0);
            let frequency = touched.map(|counts| Frequency::of(*counts)).min().unwrap_or(Frequency::Once);
            // One flow on a port is no system where there are others.
            let frequency = if total.segments == 1 && total.segments_of > 1 && ports.len() == 1 {
                Frequency::Once
            } else {
                frequency
            };
            Row { change, frequency, total, ports, first_pair }
        })
        .collect();
    rows.sort_by_key(|row| (row.frequency, !row.change.is_window_scale(), row.change));
    rows
}
