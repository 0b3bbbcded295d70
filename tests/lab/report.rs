//! The tables.

use crate::compared;
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
    /// What was wrong with the first run, if this is the second.
    pub(crate) first_run: Option<String>,
}

impl Row {
    /// Judges both captures of a run.
    pub(crate) fn judge(scenario: &Scenario, run: &Run) -> Self {
        let both = compared::complaint(scenario, &run.captures);
        let physics: Vec<String> = run.complaint(scenario).into_iter().chain(both).collect();
        let [at_client, at_server] = &run.captures;
        let [client, server] = &scenario.expect;
        let cells = [(at_client, client), (at_server, server)].map(|(capture, expected)| {
            let mut cell = Cell::judge(Verdict::of(capture), expected);
            let complaints: Vec<String> = physics.iter().cloned().chain(cell.complaint.take()).collect();
            cell.complaint = (!complaints.is_empty()).then(|| complaints.join("; "));
            cell
        });
        let (complete, dropped) = (run.complete, run.dropped);
        Self { bytes_per_second: Some(run.bytes_per_second), complete, dropped, cells, first_run: None }
    }

    /// A transfer that could not be made.
    pub(crate) fn broken(why: &str) -> Self {
        let cells =
            [(); 2].map(|()| Cell { said: "-".into(), complaint: Some(why.to_owned()), false_alarm: false });
        Self { bytes_per_second: None, complete: false, dropped: 0, cells, first_run: None }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.cells.iter().all(|cell| cell.complaint.is_none())
    }

    /// What is wrong with its cells.
    pub(crate) fn complaint(&self) -> String {
        let complaints: Vec<&str> = self.cells.iter().filter_map(|cell| cell.complaint.as_deref()).collect();
        complaints.join("; ")
    }

    /// The lines of the table.
    pub(crate) fn lines(&self, scenario: &Scenario) -> String {
        let rate = self.bytes_per_second.map_or("?".to_owned(), kilobytes);
        let notes = [
            (!self.complete).then(|| "cut off by the time limit".to_owned()),
            (self.dropped > 0).then(|| format!("{} dropped", self.dropped)),
            self.first_run.as_ref().map(|why| format!("second run; the first: {why}")),
        ];
        let notes = notes.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let mut lines = String::new();
        for (cell, side) in self.cells.iter().zip(SIDES) {
            let ok = cell.complaint.as_ref().map_or("ok", |_| "WRONG");
            let complaint = cell.complaint.as_ref().map(|why| format!("  <- {why}")).unwrap_or_default();
            let said = cell.said.trim();
            let name = &scenario.name;
            lines.extend([format!("{ok:<5}  {name:<36}  {side}  {rate:>8}  {said}{complaint}\n")]);
        }
        if !notes.is_empty() {
            lines.extend([format!("       {:<36}  ({notes})\n", "")]);
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
            [("", 10), ("-v6", 7), ("", 4)].map(|(version, shift)| (direction, version, shift))
        })
        .collect();
    let heads = columns.iter().map(|(direction, version, shift)| {
        let version = if version.is_empty() { "4" } else { "6" };
        format!("{} v{version} s{shift}", direction.name())
    });
    let mut lines = vec![line("kB/s at 40 ms", heads)];
    lines.extend(Bend::ALL.map(|bend| {
        let rates = columns.iter().map(|(direction, version, shift)| {
            let name = format!("{}-{}-s{shift}{version}", bend.name(), direction.name());
            let row = rows.iter().find(|(scenario, _)| scenario.name == name);
            row.and_then(|(_, row)| row.bytes_per_second).map_or("?".to_owned(), kilobytes)
        });
        line(bend.what(), rates)
    }));
    lines.concat()
}

fn line(head: &str, columns: impl Iterator<Item = String>) -> String {
    let columns: Vec<String> = columns.map(|column| format!("  {column:>15}")).collect();
    format!("{head:<58}{}\n", columns.concat())
}

fn kilobytes(bytes_per_second: f64) -> String {
    format!("{:.1}", bytes_per_second / 1e3)
}
