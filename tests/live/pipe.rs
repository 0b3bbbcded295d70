//! A capture that arrives on standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::program::Live;
use crate::support;

fn live(arguments: &[&str]) -> Live {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(["live", "--format", "jsonl"]).args(arguments).arg("-").stdin(Stdio::piped());
    Live::spawn(&mut command)
}

#[test]
fn a_pipe_is_judged_as_it_arrives() {
    let recording = support::files("recordings", "pcap")
        .into_iter()
        .find(|path| support::name(path) == "syn-set0-download.client")
        .unwrap();
    let bytes = fs::read(&recording).unwrap();
    let mut live = live(&[]);
    let mut stdin = live.stdin();
    stdin.write_all(&bytes).unwrap();
    stdin.flush().unwrap();
    // The pipe stays open: the finding comes all the same.
    let found = live.wait_for(Duration::from_secs(20), |line| line["severity"] == "problem");
    assert!(found.is_some(), "no problem found in {}", recording.display());
    drop(stdin);
    let outcome = live.end();
    outcome.assert_success();
    assert_eq!(outcome.of("capture").len(), 1);
}

#[test]
fn a_saved_capture_may_stall() {
    let bytes = fs::read(support::fixtures().join("recordings/syn-set0-download.client.pcap")).unwrap();
    let mut live = live(&["--idle", "1s"]);
    let mut stdin = live.stdin();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    stdin.write_all(first).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    stdin.write_all(rest).unwrap();
    drop(stdin);
    let outcome = live.end();
    outcome.assert_success();
    assert_eq!(outcome.of("flow").len(), 1);
}

#[test]
fn frames_that_are_new_tell_when_a_flow_is_silent() {
    let mut bytes = fs::read(support::fixtures().join("recordings/syn-set0-download.client.pcap")).unwrap();
    let u32_at = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let later = u32::try_from(now).unwrap() - u32_at(&bytes, 24);
    let mut at = 24;
    while at < bytes.len() {
        let seconds = u32_at(&bytes, at) + later;
        bytes[at..at + 4].copy_from_slice(&seconds.to_le_bytes());
        at += 16 + u32_at(&bytes, at + 8) as usize;
    }
    let mut live = live(&["--idle", "1s"]);
    let mut stdin = live.stdin();
    stdin.write_all(&bytes).unwrap();
    let over = live.wait_for(Duration::from_secs(20), |line| line["type"] == "flow");
    assert!(over.is_some(), "the flow was not over after a silence of 20 seconds");
    drop(stdin);
    live.end().assert_success();
}

#[test]
fn ctrl_c_ends_a_silent_pipe() {
    let mut live = live(&[]);
    let stdin = live.stdin();
    std::thread::sleep(Duration::from_millis(300));
    live.interrupt().assert_success();
    drop(stdin);
}

#[test]
fn a_flood_of_single_syns_needs_bounded_memory() {
    const FLOWS: u32 = 20_000;
    const MAX_FLOWS: &str = "500";
    let mut live = live(&["--max-flows", MAX_FLOWS]);
    let mut stdin = live.stdin();
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 128, 1] {
        bytes.extend(word.to_le_bytes());
    }
    for number in 0..FLOWS {
        syn(&mut bytes, number);
    }
    stdin.write_all(&bytes).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let peak = live.status("VmHWM:").unwrap();
    drop(stdin);
    let outcome = live.end();
    outcome.assert_success();
    let peak_kb: u64 = peak.split_whitespace().next().unwrap().parse().unwrap();
    eprintln!("{FLOWS} flows of one SYN, {MAX_FLOWS} at once: peak memory {peak}");
    assert!(peak_kb < 30_000, "{peak}");
    let capture = outcome.of("capture")[0];
    assert_eq!(capture["evicted_flows"], u64::from(FLOWS) - 500);
    assert_eq!(outcome.of("flow").len(), FLOWS as usize, "every flow is judged and printed");
}

/// Codes of the problems in JSON Lines.
fn problems<'a>(lines: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let problems = lines.filter(|line| line["severity"] == "problem");
    problems.map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_evidence_of_every_problem_is_judged_the_same() {
    let mut judged = 0;
    for recording in support::files("recordings", "pcap") {
        let folder = tempfile::tempdir().unwrap();
        let evidence = folder.path().join("evidence");
        let mut live = live(&["--write-findings", evidence.to_str().unwrap()]);
        live.stdin().write_all(&fs::read(&recording).unwrap()).unwrap();
        let outcome = live.end();
        outcome.assert_success();
        let found = problems(outcome.of("finding").into_iter());
        let files: Vec<_> = fs::read_dir(&evidence).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.is_empty(), found.is_empty(), "{}", recording.display());
        for file in files {
            let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
            let output = command.args(["analyze", "--format", "jsonl"]).arg(file).output().unwrap();
            let lines: Vec<Value> =
                output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
            assert_eq!(problems(lines.iter()), found, "{}", recording.display());
            judged += 1;
        }
    }
    assert!(judged > 20, "only {judged} recordings have a problem");
}

/// A record with one SYN from an address of its own.
fn syn(bytes: &mut Vec<u8>, number: u32) {
    let [_, a, b, c] = number.to_be_bytes();
    for word in [1_700_000_000 + number / 100_000, number % 100_000 * 10, 54, 54] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    bytes.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, a, b, c, 192, 0, 2, 1]);
    bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xfa, 0xf0, 0, 0, 0, 0]);
}
