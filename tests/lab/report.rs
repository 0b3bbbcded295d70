//! The tables.

use crate::cell::{BY, Cell};
use crate::expect::Bend;
use crate::scenario::{Direction, Scenario};
use crate::transfer::Run;

/// One transfer with its cells.
pub(crate) struct Row {
    pub(crate) bytes_per_second: Option<f64>,
    pub(crate) complete: bool,
    pub(crate) dropped: u32,
    pub(crate) cells: Vec<Cell>,
    /// What was wrong with the first run, if this is the second.
    pub(crate) first_run: Option<String>,
}

impl Row {
    /// Judges all captures of a run.
    pub(crate) fn judge(scenario: &Scenario, run: &Run) -> Self {
        let (complete, dropped) = (run.complete, run.dropped);
        let bytes_per_second = Some(run.bytes_per_second);
        Self { bytes_per_second, complete, dropped, cells: Cell::all(scenario, run), first_run: None }
    }

    /// A transfer that could not be made.
    pub(crate) fn broken(why: &str) -> Self {
        Self {
            bytes_per_second: None,
            complete: false,
            dropped: 0,
            cells: Cell::broken(why),
            first_run: None,
        }
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
        for cell in &self.cells {
            let ok = cell.complaint.as_ref().map_or("ok", |_| "WRONG");
            let complaint = cell.complaint.as_ref().map(|why| format!("  <- {why}")).unwrap_or_default();
            let said = cell.said.trim();
            let (name, side, by) = (&scenario.name, cell.side, cell.by);
            lines.extend([format!("{ok:<5}  {name:<36}  {side}  {by:<7}  {rate:>8}  {said}{complaint}\n")]);
        }
        if !notes.is_empty() {
            lines.extend([format!("       {:<36}  ({notes})\n", "")]);
        }
        lines
    }
}

pub(crate) const HEADING: &str =
    "       transfer                              at      by           kB/s  what wscale says\n";

/// The cells of either capture, counted.
pub(crate) fn counts(rows: &[(Scenario, Row)]) -> String {
    let mut lines = String::new();
    for by in BY {
        let cells: Vec<&Cell> =
            rows.iter().flat_map(|(_, row)| &row.cells).filter(|cell| cell.by == by).collect();
        let right = cells.iter().filter(|cell| cell.complaint.is_none()).count();
        lines.extend([format!("captured by {by}: {} cells, {right} of them right\n", cells.len())]);
    }
    let shared: Vec<usize> =
        rows.iter().flat_map(|(_, row)| &row.cells).filter_map(|cell| cell.same_frames).collect();
    let frames: usize = shared.iter().sum();
    let mut delays: Vec<u64> =
        rows.iter().flat_map(|(_, row)| &row.cells).flat_map(|cell| cell.delays_us.clone()).collect();
    delays.sort_unstable();
    if let (Some(middle), Some(last)) = (delays.get(delays.len() / 2), delays.last()) {
        lines.extend([format!(
            "reported live: {} problems, {} ms after their evidence at most, half of them within {} ms\n",
            delays.len(),
            last / 1000,
            middle / 1000
        )]);
    }
    lines + &format!("both the same frame by frame: {} pairs of captures, {frames} frames\n", shared.len())
}

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
