//! Every fixture and every recording against `fixtures/EXPECTED.tsv`, and the table against the rules.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not judged is said")]

#[path = "support/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::expected::{self, Flow, Row};

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(support::fixtures().join("EXPECTED.tsv")).unwrap();
    expected::parse(&text).unwrap()
}

fn wscale(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wscale")).args(arguments).output().unwrap()
}

/// The codes that `wscale explain` lists.
fn registry() -> BTreeSet<String> {
    let listed = String::from_utf8(wscale(&["explain"]).stdout).unwrap();
    let words = listed.lines().filter_map(|line| line.split_whitespace().next());
    words
        .filter(|word| word.starts_with("WS") && word[2..].parse::<u16>().is_ok())
        .map(str::to_owned)
        .collect()
}

/// Name to capture file: the recordings as they are, the text fixtures compiled into `folder`.
fn captures(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut all = BTreeMap::new();
    for path in support::files("recordings", "pcap") {
        all.insert(support::name(&path), path);
    }
    for path in support::files("text", "txt") {
        let compiled = support::compile_file(&path);
        let file = folder.join(format!("{}.{}", support::name(&path), compiled.capture.extension()));
        fs::write(&file, compiled.capture.bytes()).unwrap();
        assert!(
            all.insert(support::name(&path), file).is_none(),
            "{}: two fixtures of one name",
            path.display()
        );
    }
    all
}

#[test]
fn every_fixture_gives_what_the_table_expects() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(folder.path());
    let registry = registry();
    let mut answers: BTreeMap<String, Result<Value, String>> = BTreeMap::new();
    let (mut misses, mut waiting) = (Vec::new(), 0);
    let rows = rows();
    for row in &rows {
        if row.fires.iter().any(|wanted| !registry.contains(&wanted.code)) {
            waiting += 1;
            continue;
        }
        let Some(path) = captures.get(&row.fixture) else { continue };
        if let Some(want) = row.error() {
            misses.extend(refusal(path, want).map(|miss| format!("{}: {miss}", row.fixture)));
            continue;
        }
        let answer = answers.entry(row.fixture.clone()).or_insert_with(|| analyze(path));
        let wrong = match answer {
            Ok(document) => row.misses(&document["captures"][0]),
            Err(error) => vec![error.clone()],
        };
        let flow = if let Flow::Index(index) = row.flow { format!(" flow {index}") } else { String::new() };
        misses
            .extend(wrong.iter().map(|wrong| format!("{}{flow} (line {}): {wrong}", row.fixture, row.line)));
    }
    if waiting > 0 {
        eprintln!(
            "not judged: {waiting} of {} rows need a rule that `wscale explain` does not list yet",
            rows.len()
        );
    }
    assert!(misses.is_empty(), "{} misses:\n{}", misses.len(), misses.join("\n"));
}

#[test]
fn every_fixture_has_a_row_and_every_row_a_fixture() {
    let files: BTreeSet<String> = support::files("text", "txt")
        .iter()
        .chain(&support::files("recordings", "pcap"))
        .map(|path| support::name(path))
        .collect();
    let named: BTreeSet<String> = rows().into_iter().map(|row| row.fixture).collect();
    let without_row: Vec<_> = files.difference(&named).collect();
    let without_file: Vec<_> = named.difference(&files).collect();
    assert!(
        without_row.is_empty() && without_file.is_empty(),
        "no row in EXPECTED.tsv: {without_row:?}; no file: {without_file:?}"
    );
}

#[test]
fn every_rule_has_a_fixture_that_fires_and_a_near_miss() {
    let rows = rows();
    let registry = registry();
    assert!(!registry.is_empty(), "`wscale explain` lists no code");
    let mut misses = Vec::new();
    // What a kernel says is in no capture: tests/live shows that rule, with real namespaces.
    for code in registry.iter().filter(|code| *code != "WS009") {
        if !rows.iter().any(|row| row.fires.iter().any(|wanted| wanted.code == *code)) {
            misses.push(format!("no fixture fires {code}"));
        }
        if !rows.iter().any(|row| row.near_miss_of.contains(code)) {
            misses.push(format!("no near miss names {code} as must-not"));
        }
    }
    for code in registry.iter().filter(|code| !expected::CODES.contains(&code.as_str())) {
        misses.push(format!("{code} is missing from the table's list of codes"));
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

fn analyze(path: &Path) -> Result<Value, String> {
    let output = wscale(&["analyze", "--format", "json", path.to_str().unwrap()]);
    if output.status.code() != Some(0) {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("not JSON: {error}"))
}

/// A capture that cannot be judged: exit status 2, and one line that names the cause.
fn refusal(path: &Path, want: &str) -> Option<String> {
    let output = wscale(&["analyze", "--format", "json", path.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.code() != Some(2) || !said.contains(want))
        .then(|| format!("{} and '{}', not status 2 and '{want}'", output.status, said.trim()))
}
