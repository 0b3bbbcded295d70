//! `--checksums`: what is counted, held against Wireshark's own check of every recording and every text fixture.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not run is said")]

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

fn analyze(capture: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", "--format", "json"])
        .args(arguments)
        .arg(capture)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn compile(fixture: &Path, folder: &Path) -> PathBuf {
    let file = folder.join(support::name(fixture));
    fs::write(&file, support::compile_file(fixture).capture.bytes()).unwrap();
    file
}

#[test]
fn wrong_sums_are_counted_apart_from_offloaded_ones() {
    let folder = tempfile::tempdir().unwrap();
    let capture = compile(&support::fixtures().join("text/ip-checksums.txt"), folder.path());
    let sums = &analyze(&capture, &["--checksums"])["captures"][0]["checksums"];
    let expected = json!({
        "ipv4_checked": 12, "ipv4_wrong": 2,
        "tcp_checked": 11, "tcp_offloaded": 3, "tcp_wrong": 3,
    });
    assert_eq!(*sums, expected);
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", "--checksums"])
        .arg(&capture)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "\nchecksums, which no verdict depends on: IPv4 2 of 12 wrong, TCP 3 of 11 wrong, 3 left to the network card\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn nobody_pays_who_does_not_ask_and_no_verdict_depends_on_it() {
    let folder = tempfile::tempdir().unwrap();
    for fixture in support::files("text", "txt") {
        let capture = compile(&fixture, folder.path());
        let without = analyze(&capture, &[]);
        let mut with = analyze(&capture, &["--checksums"]);
        // A capture with an unknown link type is not in the document.
        if let Some(capture) = with["captures"].as_array_mut().unwrap().first_mut() {
            assert!(capture.as_object_mut().unwrap().remove("checksums").is_some());
        }
        assert_eq!(without, with, "{}", support::name(&fixture));
    }
}

/// Where Wireshark counts otherwise: capture, count, and why.
const INTENDED: [(&str, usize, &str); 14] = [
    ("encap-ethernet", 0, "it has to be told that a label carries a pseudowire"),
    ("encap-ethernet", 2, "as above"),
    ("encap-gre", 0, "the header of the tunnel around IPv6 is not the innermost one"),
    ("encap-ip", 0, "as above"),
    ("encap-link-sll", 0, "as above"),
    ("encap-udp", 0, "as above"),
    ("encap-udp", 2, "the port of VXLAN on older Linux hosts is none of Wireshark's"),
    ("ip-checksums", 0, "a length of 0: the network card makes other packets of it"),
    ("ip-checksums", 2, "as above"),
    ("ip-checksums", 3, "as above"),
    ("ip-icmp-quotes-tcp", 0, "a header quoted in an ICMP error is no segment"),
    ("ip-icmp-quotes-tcp", 1, "as above"),
    ("trap-tso-length-zero", 0, "a length of 0: the network card makes other packets of it"),
    ("trap-tso-length-zero", 2, "as above"),
];

#[test]
fn the_counts_are_wiresharks() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "tshark is missing");
        eprintln!("not run: there is no tshark to compare with");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut captures = support::files("recordings", "pcap");
    let texts = support::files("text", "txt");
    let of_headers = |fixture: &&PathBuf| {
        ["encap-", "ip-", "link-", "trap-"].iter().any(|start| support::name(fixture).starts_with(start))
    };
    captures.extend(texts.iter().filter(of_headers).map(|fixture| compile(fixture, folder.path())));
    // Two at a time: tshark takes its time to start.
    let (left, right) = captures.split_at(captures.len() / 2);
    let compared: Vec<Compared> = std::thread::scope(|scope| {
        let left = scope.spawn(|| left.iter().filter_map(|capture| compare(capture)).collect::<Vec<_>>());
        let right: Vec<_> = right.iter().filter_map(|capture| compare(capture)).collect();
        [left.join().unwrap(), right].concat()
    });
    let checked: u64 = compared.iter().map(|(_, ours, _)| ours[2]).sum();
    let differing: Vec<(&str, usize, u64, u64)> = compared
        .iter()
        .flat_map(|(name, ours, theirs)| (0..4).map(|at| (name.as_str(), at, ours[at], theirs[at])))
        .filter(|(_, _, ours, theirs)| ours != theirs)
        .collect();
    eprintln!("{} captures compared, {checked} segments", compared.len());
    assert!(checked > 10_000);
    let intended = |name: &str, count| INTENDED.iter().any(|(n, c, _)| *n == name && *c == count);
    let unexpected: Vec<_> = differing.iter().filter(|(name, count, ..)| !intended(name, *count)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(differing.len(), INTENDED.len(), "listed as different, and equal");
}

/// A capture's name, our counts, and theirs.
type Compared = (String, [u64; 4], [u64; 4]);

fn compare(capture: &Path) -> Option<Compared> {
    ours(capture).map(|ours| (support::name(capture), ours, theirs(capture)))
}

/// IPv4 headers checked and wrong, segments checked and wrong; `None` when the capture cannot be judged.
fn ours(capture: &Path) -> Option<[u64; 4]> {
    let document = analyze(capture, &["--checksums"]);
    let sums = &document["captures"].get(0)?["checksums"];
    let of = |name: &str| sums[name].as_u64().unwrap();
    let wrong = of("tcp_wrong") + of("tcp_offloaded");
    Some([of("ipv4_checked"), of("ipv4_wrong"), of("tcp_checked"), wrong])
}

/// The same as Wireshark has it, of the last IPv4 header of a frame. It takes an offloaded sum for a wrong one.
fn theirs(capture: &Path) -> [u64; 4] {
    let mut command = Command::new("tshark");
    command.args(["-n", "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", "-o", "ip.defragment:FALSE"]);
    command.args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]);
    command.args(["-e", "ip.checksum.status", "-e", "tcp.checksum.status", "-r"]).arg(capture);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let count = |column: usize, states: &[&str]| {
        let rows = text.lines().filter_map(|line| line.split('\t').nth(column));
        rows.filter(|state| states.contains(state)).count() as u64
    };
    [count(0, &["0", "1"]), count(0, &["0"]), count(1, &["0", "1"]), count(1, &["0"])]
}
