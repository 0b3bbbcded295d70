//! Recording: one cell as a capture with its row of the manifest.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::scenario::{Expectation, Scenario};
use crate::transfer::{Bench, SIDES};
use crate::worker::find;

/// A recording keeps this many frames: enough to judge, small enough to keep.
const FRAMES: u32 = 700;
const HEADING: &str =
    "file\tverdict (one of)\tmust fire (CODE[:window_of[:box]])\tmust not fire\twhat it is\tmade by\n";
const ACCUSATIONS: [&str; 8] = ["WS001", "WS002", "WS003", "WS004", "WS005", "WS006", "WS007", "WS008"];

/// Records `NAME` at both sides, or `NAME.client` or `NAME.server`, into `directory`.
pub(crate) fn record(bench: &Bench, cell: &str, directory: &Path) -> Result<()> {
    let (name, side) = match cell.rsplit_once('.') {
        Some((name, side)) if SIDES.contains(&side) => (name, Some(side)),
        _ => (cell, None),
    };
    let scenario = find(name)?;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let run = Bench { frames: Some(FRAMES), ..bench.clone() }.run(&scenario)?;
    for ((capture, expected), this) in run.captures.iter().zip(&scenario.expect).zip(SIDES) {
        if side.is_none_or(|side| side == this) {
            let file = format!("{name}.{this}.pcap");
            fs::copy(capture, directory.join(&file)).with_context(|| format!("cannot write {file}"))?;
            write_row(&directory.join("MANIFEST.tsv"), &file, &row(&scenario, expected, &file, cell))?;
            println!("lab: {file}: {:.1} kB/s", run.bytes_per_second / 1e3);
        }
    }
    Ok(())
}

fn row(scenario: &Scenario, expected: &Expectation, file: &str, cell: &str) -> String {
    let list = |codes: &str| if codes.is_empty() { "-".to_owned() } else { codes.to_owned() };
    let allowed = |code: &&&str| expected.must.contains(**code) || expected.may.contains(**code);
    let must_not: Vec<&str> = ACCUSATIONS.iter().filter(|code| !allowed(code)).copied().collect();
    let made_by = format!("cargo test --test lab -- record {cell} DIR");
    let verdicts = expected.verdicts;
    [file, verdicts, &list(expected.must), &list(&must_not.join(",")), &scenario.what, &made_by].join("\t")
}

/// Adds the row, or replaces the one of the same file.
fn write_row(manifest: &Path, file: &str, row: &str) -> Result<()> {
    let before = fs::read_to_string(manifest).unwrap_or_else(|_| HEADING.to_owned());
    let mut lines: Vec<&str> = before.lines().filter(|line| line.split('\t').next() != Some(file)).collect();
    lines.push(row);
    fs::write(manifest, lines.join("\n") + "\n")
        .with_context(|| format!("cannot write {}", manifest.display()))
}
