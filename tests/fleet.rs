//! The recipe for many captures in the README, run as it stands there: its numbers are those of `wscale`.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not run is said")]

#[path = "packaging/program.rs"]
#[expect(dead_code, reason = "the other half is for packages")]
mod program;
#[path = "support/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use program::{has, wscale};
use serde_json::Value;

const DAY_S: u32 = 86_400;

/// Server prefix and day, in days since 1970, with the numbers of stripped and of all flows.
type Tally = BTreeMap<(String, i64), (u64, u64)>;

#[test]
fn the_recipe_counts_what_wscale_counts() {
    if !(has("duckdb", "duckdb-cli from PyPI") && has("parallel", "parallel")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let captures = folder.path().join("captures");
    fill(&captures);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for name in ["fleet.sh", "stripped.sql"] {
        let (_, text) = readme.split_once(&format!("`{name}`")).unwrap();
        let (_, block) = text.split_once("```").unwrap();
        let (_, block) = block.split_once('\n').unwrap();
        fs::write(folder.path().join(name), block.split("```").next().unwrap()).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_wscale")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output =
        Command::new("sh").arg("fleet.sh").current_dir(folder.path()).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted = table(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(counted, expected(&captures));
}

/// The recordings, one of them again a day later, and the text fixtures for their many addresses; all but the one
/// that cannot be judged.
fn fill(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for path in support::files("recordings", "pcap") {
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let later = a_day_later(&fs::read(folder.join("syn-set0-download.client.pcap")).unwrap());
    fs::write(folder.join("a day later.pcap"), later).unwrap();
    for path in support::files("text", "txt") {
        if support::name(&path) == "link-unsupported" {
            continue;
        }
        let compiled = support::compile_file(&path);
        let name = format!("{}.{}", support::name(&path), compiled.capture.extension());
        fs::write(folder.join(name), compiled.capture.bytes()).unwrap();
    }
}

/// Moves every record of a little-endian pcap.
fn a_day_later(capture: &[u8]) -> Vec<u8> {
    let mut moved = capture.to_vec();
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert!([0xa1b2_c3d4, 0xa1b2_3c4d].contains(&word(&moved, 0)));
    let mut at = 24;
    while at < moved.len() {
        let seconds = word(&moved, at) + DAY_S;
        moved[at..at + 4].copy_from_slice(&seconds.to_le_bytes());
        at += 16 + usize::try_from(word(&moved, at + 8)).unwrap();
    }
    moved
}

/// The same from the report on all captures at once.
fn expected(captures: &Path) -> Tally {
    let document = wscale(&["analyze", "--format", "json", captures.to_str().unwrap()]);
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut tally = Tally::new();
    for capture in document["captures"].as_array().unwrap() {
        for flow in capture["flows"].as_array().unwrap() {
            let day = flow["first_unix_us"].as_i64().unwrap().div_euclid(i64::from(DAY_S) * 1_000_000);
            let (stripped, flows) = tally.entry((prefix(flow["server"].as_str().unwrap()), day)).or_default();
            *stripped += u64::from(flow["verdict"] == "stripped");
            *flows += 1;
        }
    }
    tally.retain(|_, (stripped, _)| *stripped > 0);
    assert!(tally.len() >= 4, "{tally:?}");
    assert!(tally.keys().any(|(prefix, _)| prefix.ends_with("/48")), "{tally:?}");
    tally
}

fn prefix(server: &str) -> String {
    match server.parse::<SocketAddr>().unwrap().ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// What DuckDB prints.
fn table(csv: &str) -> Tally {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("server_prefix,day,stripped,flows"));
    let row = |line: &str| {
        let [prefix, day, stripped, flows] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        ((prefix.to_owned(), days(day)), (stripped.parse().unwrap(), flows.parse().unwrap()))
    };
    lines.map(row).collect()
}

/// Days since 1970 of `2026-11-22`.
fn days(date: &str) -> i64 {
    let [year, month, day]: [i64; 3] =
        date.split('-').map(|part| part.parse().unwrap()).collect::<Vec<_>>().try_into().unwrap();
    // Years that begin in March end in the day that leap years add.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469
}
