//! The tables.

use crate::expect::Bend;
use crate::judge::Verdict;
use crate::scenario::{Direction, Expectation, Scenario};
use crate::transfer::{Run, SIDES};

/// One cell: what one vantage said.
pub(crate) struct Cell {
    pub(crate) said: String,
    pub(crate) complaint: Option<String>,
    pub(crate) false_alarm: bool,
}

/// One transfer with its two cells.
pub(crate) struct Row {
    pub(crate) bytes_per_second: Option<f64>,
    pub(crate) complete: bool,
    pub(crate) dropped: u32,
    pub(crate) cells: [Cell; 2],
    pub(crate) runs: u32,
}

impl Row {
    /// Judges both captures of a run.
    pub(crate) fn judge(scenario: &Scenario, run: &Run) -> Self {
        let physics = run.complaint(scenario);
        let [at_client, at_server] = &run.captures;
        let [client, server] = &scenario.expect;
        let cells = [(at_client, client), (at_server, server)].map(|(capture, expected)| {
            let mut cell = Cell::judge(Verdict::of(capture), expected);
            let complaints: Vec<String> = physics.iter().cloned().chain(cell.complaint.take()).collect();
            cell.complaint = (!complaints.is_empty()).then(|| complaints.join("; "));
            cell
        });
        let (complete, dropped) = (run.complete, run.dropped);
        Self { bytes_per_second: Some(run.bytes_per_second), complete, dropped, cells, runs: 1 }
    }

    /// A transfer that could not be made.
    pub(crate) fn broken(why: &str) -> Self {
        let cells =
            [(); 2].map(|()| Cell { said: "-".into(), complaint: Some(why.to_owned()), false_alarm: false });
        Self { bytes_per_second: None, complete: false, dropped: 0, cells, runs: 1 }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.cells.iter().all(|cell| cell.complaint.is_none())
    }

    /// The lines of the table.
    pub(crate) fn lines(&self, scenario: &Scenario) -> String {
        let rate = self.bytes_per_second.map_or("?".to_owned(), kilobytes);
        let notes = [
            (!self.complete).then(|| "cut off by the time limit".to_owned()),
            (self.dropped > 0).then(|| format!("{} dropped", self.dropped)),
            (self.runs > 1).then(|| format!("run {} times", self.runs)),
        ];
        let notes = notes.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let mut lines = String::new();
        for (cell, side) in self.cells.iter().zip(SIDES) {
            let ok = cell.complaint.as_ref().map_or("ok", |_| "WRONG");
            let complaint = cell.complaint.as_ref().map(|why| format!("  <- {why}")).unwrap_or_default();
            lines += &format!(
                "{ok:<5}  {:<36}  {side}  {rate:>8}  {}{complaint}\n",
                scenario.name,
                cell.said.trim()
            );
        }
        if !notes.is_empty() {
            lines += &format!("       {:<36}  ({notes})\n", "");
        }
        lines
    }
}

impl Cell {
    fn judge(verdict: anyhow::Result<Verdict>, expected: &Expectation) -> Self {
        match verdict {
            Ok(verdict) => Self {
                said: verdict.describe(),
                complaint: verdict.complaint(expected),
                false_alarm: verdict.is_false_alarm(expected),
            },
            Err(error) => {
                Self { said: "-".to_owned(), complaint: Some(format!("{error:#}")), false_alarm: false }
            }
        }
    }
}

pub(crate) const HEADING: &str =
    "       transfer                              at        kB/s  what wscale says\n";

/// Rates of the grid, faults down, kinds of transfer across.
pub(crate) fn rates(rows: &[(Scenario, Row)]) -> String {
    let columns: Vec<(Direction, &str, u8)> = [Direction::Download, Direction::Upload]
        .into_iter()
        .flat_map(|direction| {
            [("", 10), ("6", 7), ("", 4)].map(|(version, shift)| (direction, version, shift))
        })
        .collect();
    let mut table = format!("{:<58}", "kB/s at 40 ms");
    for (direction, version, shift) in &columns {
        let version = if version.is_empty() { "4" } else { version };
        table += &format!("  {:>14}", format!("{} v{version} s{shift}", direction.name()));
    }
    table.push('\n');
    for bend in Bend::ALL {
        table += &format!("{:<58}", bend.what());
        for (direction, version, shift) in &columns {
            let name = format!("{}{version}-{}-s{shift}", bend.name(), direction.name());
            let rate = rows
                .iter()
                .find(|(scenario, _)| scenario.name == name)
                .and_then(|(_, row)| row.bytes_per_second)
                .map_or("?".to_owned(), kilobytes);
            table += &format!("  {rate:>14}");
        }
        table.push('\n');
    }
    table
}

fn kilobytes(bytes_per_second: f64) -> String {
    format!("{:.1}", bytes_per_second / 1e3)
}
