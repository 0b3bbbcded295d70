//! One cell of the matrix: a place, a capture taken there, and what wscale says about it.

use std::path::PathBuf;

use anyhow::Result;

use crate::agreement::records;
use crate::compared;
use crate::judge::Verdict;
use crate::promptness::delays_us;
use crate::scenario::{Expectation, Scenario};
use crate::transfer::{Beside, CELLS, Run, SIDES};

/// Who captured: tcpdump (or libpcap in its place), and wscale itself.
pub(crate) const BY: [&str; 2] = ["tcpdump", "wscale"];

pub(crate) struct Cell {
    pub(crate) side: &'static str,
    pub(crate) by: &'static str,
    pub(crate) said: String,
    pub(crate) complaint: Option<String>,
    pub(crate) false_alarm: bool,
    /// Frames that tcpdump's capture and this one share, one by one, if neither dropped any.
    pub(crate) same_frames: Option<usize>,
    /// How long after its evidence each expected problem was reported live.
    pub(crate) delays_us: Vec<u64>,
}

impl Cell {
    /// Judges both captures of both sides.
    pub(crate) fn all(scenario: &Scenario, run: &Run) -> Vec<Self> {
        let pace: Vec<String> = run.complaint(scenario).into_iter().collect();
        let mut cells = Vec::new();
        let both = compared::complaint(scenario, &run.captures);
        let wrong: Vec<String> = pace.iter().cloned().chain(both).collect();
        for ((capture, expected), side) in run.captures.iter().zip(&scenario.expect).zip(SIDES) {
            let mut cell = Self::new(side, BY[0]);
            cell.hold(Verdict::of(capture), expected);
            cell.complain(wrong.clone());
            cells.push(cell);
        }
        let files: Vec<PathBuf> = run.own.iter().map(|beside| beside.seen.file.clone()).collect();
        let both =
            <[PathBuf; 2]>::try_from(files).ok().and_then(|files| compared::complaint(scenario, &files));
        let wrong: Vec<String> = pace.into_iter().chain(both).collect();
        for ((beside, expected), side) in run.own.iter().zip(&scenario.expect).zip(SIDES) {
            let Beside { seen, until_us, same } = beside;
            let mut cell = Self::new(side, BY[1]);
            cell.hold(Verdict::of(&seen.file), expected);
            cell.hold_live(&seen.said, expected);
            cell.complain(wrong.clone());
            let reported = records(&seen.file)
                .and_then(|records| delays_us(&seen.reports, expected, &records, *until_us));
            match reported {
                Ok(delays_us) => cell.delays_us = delays_us,
                Err(why) => cell.complain([format!("{why:#}")]),
            }
            match same {
                Some(Ok(frames)) => cell.same_frames = Some(*frames),
                Some(Err(why)) => cell.complain([why.clone()]),
                None => {}
            }
            cells.push(cell);
        }
        cells
    }

    /// The cells of a transfer that could not be made.
    pub(crate) fn broken(why: &str) -> Vec<Self> {
        let broken = |(side, by)| Self { complaint: Some(why.to_owned()), ..Self::new(side, by) };
        let cells: Vec<Self> =
            BY.into_iter().flat_map(|by| SIDES.map(|side| (side, by))).map(broken).collect();
        debug_assert_eq!(cells.len(), CELLS);
        cells
    }

    fn new(side: &'static str, by: &'static str) -> Self {
        Self {
            side,
            by,
            said: "-".to_owned(),
            complaint: None,
            false_alarm: false,
            same_frames: None,
            delays_us: Vec::new(),
        }
    }

    /// What is said about the saved capture.
    fn hold(&mut self, verdict: Result<Verdict>, expected: &Expectation) {
        match verdict {
            Ok(verdict) => {
                self.said = verdict.describe();
                self.false_alarm |= verdict.is_false_alarm(expected);
                self.complain(verdict.complaint(expected));
            }
            Err(error) => self.complain([format!("{error:#}")]),
        }
    }

    /// What was said while the transfer ran.
    fn hold_live(&mut self, verdict: &Result<Verdict>, expected: &Expectation) {
        match verdict {
            Ok(verdict) => {
                self.false_alarm |= verdict.is_false_alarm(expected);
                let why = verdict.complaint(expected);
                self.complain(why.map(|why| format!("live, {}: {why}", verdict.describe())));
            }
            Err(error) => self.complain([format!("live: {error:#}")]),
        }
    }

    fn complain(&mut self, more: impl IntoIterator<Item = String>) {
        let complaints: Vec<String> = self.complaint.take().into_iter().chain(more).collect();
        self.complaint = (!complaints.is_empty()).then(|| complaints.join("; "));
    }
}
