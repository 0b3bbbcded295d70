//! `wscale windows` against Wireshark's dissector, segment by segment.
//!
//! Every recording and every text fixture: the same segments in the same flows, the same numbers and the same
//! windows wherever both SYNs were seen. What is meant to differ is listed in [`INTENDED`].

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not compared is said")]

#[path = "support/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What differs on purpose, and why: fixture, column.
const INTENDED: [(&str, &str, &str); 12] = [
    ("encap-ethernet", "frame", "Wireshark has to be told that a label carries a pseudowire"),
    ("encap-udp", "frame", "the port of VXLAN on older Linux hosts is none of Wireshark's"),
    ("ip-fragments", "frame", "a segment is where its header is; Wireshark shows it where it is whole"),
    ("ip-icmp-quotes-tcp", "frame", "a header quoted in an ICMP error is no segment"),
    (
        "odd-windows-third-syn",
        "shift",
        "the last SYN of the client has no option; Wireshark stays with the first",
    ),
    ("odd-windows-third-syn", "window_bytes", "follows from the shift"),
    ("trap-one-direction", "shift", "the answer to the offer was not captured: unknown, and not on"),
    ("trap-one-direction", "window_bytes", "follows from the shift"),
    ("trap-syn-missed", "shift", "whether scaling was offered was not captured: unknown, and not on"),
    ("trap-syn-missed", "window_bytes", "follows from the shift"),
    ("trap-wscale-twice", "shift", "the SYN offers two shifts: unknown, and not the last"),
    ("trap-wscale-twice", "window_bytes", "follows from the shift"),
];

const FIELDS: [&str; 9] = [
    "frame.number",
    "tcp.stream",
    "tcp.len",
    "tcp.seq",
    "tcp.ack",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.window_size",
    "tcp.window_size_scalefactor",
];

/// Cells by frame.
type Rows = BTreeMap<u64, Vec<String>>;

/// tshark: neither side's option was seen.
const UNKNOWN: &str = "-1";

/// tshark: no scaling.
const UNUSED: &str = "-2";

#[test]
fn every_segment_is_read_as_wireshark_reads_it() {
    if Command::new("tshark").arg("--version").output().is_err() {
        support::skipped::not_run("every segment compared with tshark", "it is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut differing: BTreeMap<(String, &'static str), Vec<String>> = BTreeMap::new();
    let (mut segments, mut scaled) = (0, 0);
    for (name, ours, theirs) in read(&captures(folder.path())) {
        let frames = |rows: &Rows| rows.keys().copied().collect::<BTreeSet<u64>>();
        for frame in frames(&ours).symmetric_difference(&frames(&theirs)) {
            differing.entry((name.clone(), "frame")).or_default().push(frame.to_string());
        }
        for (frame, own) in &ours {
            let Some(their) = theirs.get(frame) else { continue };
            segments += 1;
            scaled += u64::from(their[8] != UNKNOWN);
            for (column, own, their) in compared(own, their) {
                let text = format!("frame {frame}: '{own}', tshark '{their}'");
                differing.entry((name.clone(), column)).or_default().push(text);
            }
        }
    }
    eprintln!("{segments} segments compared, {scaled} of them with a known shift");
    assert!(segments > 0);
    let intended: BTreeSet<(String, &str)> =
        INTENDED.iter().map(|(name, column, _)| ((*name).to_owned(), *column)).collect();
    let unexpected: Vec<String> = differing
        .iter()
        .filter(|(key, _)| !intended.contains(*key))
        .map(|((name, column), all)| {
            format!("{name}, {column} ({}): {}", all.len(), all[..all.len().min(3)].join("; "))
        })
        .collect();
    assert!(unexpected.is_empty(), "\n{}", unexpected.join("\n"));
    let gone: Vec<_> = intended.iter().filter(|key| !differing.contains_key(*key)).collect();
    assert!(gone.is_empty(), "listed as different, and equal: {gone:?}");
}

/// The columns in which two rows of one segment differ: name, our value, theirs.
fn compared(own: &[String], their: &[String]) -> Vec<(&'static str, String, String)> {
    let is_syn = u32::from_str_radix(their[5].trim_start_matches("0x"), 16).unwrap() & 2 != 0;
    let has_ack = u32::from_str_radix(their[5].trim_start_matches("0x"), 16).unwrap() & 16 != 0;
    // Wireshark starts again behind 2^32, and shows what lies before the SYN just below it.
    let modulo =
        |text: &str| text.parse::<i64>().map_or(text.to_owned(), |n| n.rem_euclid(1 << 32).to_string());
    let factor = own[8].parse::<u32>().map(|shift| (1_u64 << shift).to_string());
    let known = their[8] != UNKNOWN;
    // What Wireshark does not know it prints unscaled; here it is unknown.
    let (shift, window) = match () {
        () if is_syn => ("1", their[7].as_str()),
        () if their[8] == UNUSED => ("1", their[7].as_str()),
        () if known => (their[8].as_str(), their[7].as_str()),
        () => ("", ""),
    };
    let ack = if has_ack { their[4].as_str() } else { "" };
    let pairs = [
        ("flow", own[2].clone(), their[1].as_str()),
        ("payload_bytes", own[6].clone(), their[2].as_str()),
        ("seq", modulo(&own[4]), their[3].as_str()),
        ("ack", modulo(&own[5]), ack),
        ("raw_window", own[7].clone(), their[6].as_str()),
        ("shift", factor.unwrap_or_default(), shift),
        ("window_bytes", own[9].clone(), window),
    ];
    let differing = pairs.into_iter().filter(|(_, own, their)| own != their);
    differing.map(|(column, own, their)| (column, own, their.to_owned())).collect()
}

/// Name to capture file. `WSCALE_CAPTURES=FOLDER` takes the files of a folder in place of the fixtures.
fn captures(folder: &Path) -> BTreeMap<String, PathBuf> {
    if let Some(other) = std::env::var_os("WSCALE_CAPTURES") {
        let files = fs::read_dir(other).unwrap().map(|entry| entry.unwrap().path());
        return files.map(|path| (support::name(&path), path)).collect();
    }
    let mut all: BTreeMap<String, PathBuf> =
        support::files("recordings", "pcap").into_iter().map(|path| (support::name(&path), path)).collect();
    for path in support::files("text", "txt") {
        let capture = support::compile_file(&path).capture;
        let file = folder.join(format!("{}.{}", support::name(&path), capture.extension()));
        fs::write(&file, capture.bytes()).unwrap();
        all.insert(support::name(&path), file);
    }
    all
}

/// Both readings of every capture that can be read, two captures at a time: tshark takes its time to start.
fn read(captures: &BTreeMap<String, PathBuf>) -> Vec<(String, Rows, Rows)> {
    let both = |(name, path): (&String, &PathBuf)| Some((name.clone(), ours(path)?, theirs(path)));
    let half = captures.len() / 2;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| captures.iter().take(half).filter_map(both).collect::<Vec<_>>());
        let second: Vec<_> = captures.iter().skip(half).filter_map(both).collect();
        [first.join().unwrap(), second].concat()
    })
}

/// Our rows by frame; `None` when the capture cannot be read.
fn ours(path: &Path) -> Option<Rows> {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale")).arg("windows").arg(path).output().unwrap();
    (output.status.code() == Some(0)).then(|| rows(&String::from_utf8(output.stdout).unwrap(), 1))
}

fn theirs(path: &Path) -> Rows {
    let mut command = Command::new("tshark");
    // The dissector's own defaults, whatever the user's are.
    command.args(["-n", "-Y", "tcp", "-T", "fields", "-E", "separator=,", "-E", "occurrence=f"]);
    command.args(["-o", "tcp.relative_sequence_numbers:TRUE", "-o", "tcp.default_window_scaling:Not known"]);
    command.args(FIELDS.iter().flat_map(|field| ["-e", field])).arg("-r").arg(path);
    rows(&String::from_utf8(command.output().unwrap().stdout).unwrap(), 0)
}

fn rows(text: &str, header: usize) -> Rows {
    let rows = text.lines().skip(header).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|row| (row[0].parse().unwrap(), row)).collect()
}
