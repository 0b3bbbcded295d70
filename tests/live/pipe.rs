//! A capture that arrives on standard input.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

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
    let found = live.wait_for(Duration::from_secs(3), |line| line["severity"] == "problem");
    assert!(found.is_some(), "no problem found in {}", recording.display());
    drop(stdin);
    let outcome = live.end();
    outcome.assert_success();
    assert_eq!(outcome.of("capture").len(), 1);
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
