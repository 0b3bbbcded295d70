//! Every recorded pair: the fault is named exactly, and nothing is said about a healthy path.

use std::path::PathBuf;

use crate::report::{Report, wscale};

/// Pair, what the verdict says is done (`-`: nothing), findings.
const PAIRS: [(&str, &str, &[&str]); 27] = [
    ("cli-noscale-download", "-", &[]),
    (
        "fw-unscaled-download",
        "possibly drops what lies beyond the unscaled edge of the client's window",
        &["WS005 possible client"],
    ),
    ("loss2-download", "-", &[]),
    ("loss2-syn-set0-download", "sets the window scale of SYNs from 10 to 0", &["WS007 proven client"]),
    ("ok-download", "-", &[]),
    ("ok-upload", "-", &[]),
    ("ok6-syn-set0-download", "sets the window scale of SYNs from 10 to 0", &["WS007 proven client"]),
    ("reorder-download", "-", &[]),
    ("reorder-upload", "-", &[]),
    ("rr-ok", "-", &[]),
    ("rr-tiny-syn-set0", "sets the window scale of SYNs from 10 to 0", &["WS007 proven client"]),
    ("slowreader", "-", &[]),
    ("smallrcvbuf", "-", &[]),
    ("srv-noscale-download", "-", &[]),
    ("syn-nop-download", "overwrites window scale 10 in SYNs with NOPs", &["WS007 proven client"]),
    ("syn-remove-download", "removes window scale 10 from SYNs", &["WS007 proven client"]),
    ("syn-set0-download", "sets the window scale of SYNs from 10 to 0", &["WS007 proven client"]),
    ("syn-set0-upload", "sets the window scale of SYNs from 10 to 0", &["WS007 proven client"]),
    ("syn-set2-download", "sets the window scale of SYNs from 10 to 2", &["WS007 proven client"]),
    ("synack-nop-upload", "overwrites window scale 10 in SYN-ACKs with NOPs", &["WS007 proven server"]),
    ("synack-remove-download", "removes window scale 10 from SYN-ACKs", &["WS007 proven server"]),
    ("synack-set0-upload", "sets the window scale of SYN-ACKs from 10 to 0", &["WS007 proven server"]),
    ("w2-ok", "-", &[]),
    ("w2-set0", "sets the window scale of SYNs from 2 to 0", &["WS007 proven client"]),
    ("w4-fw", "drops what lies beyond the unscaled edge of the client's window", &["WS005 proven client"]),
    ("w4-set0", "sets the window scale of SYNs from 4 to 0", &["WS007 proven client"]),
    ("w6-set0", "sets the window scale of SYNs from 6 to 0", &["WS007 proven client"]),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings")
}

#[test]
fn every_pair_names_its_fault_and_nothing_else() {
    for (name, done, findings) in PAIRS {
        let files = ["client", "server"].map(|side| folder().join(format!("{name}.{side}.pcap")));
        let report = Report::of_files(&[&files[0], &files[1]]);
        let verdict = report.verdict();
        if done == "-" {
            assert!(verdict.starts_with("nothing is changed:"), "{name}: {verdict}");
            assert!(report.changes().is_empty(), "{name}: {:?}", report.changes());
        } else {
            assert_eq!(verdict, format!("something {done}"), "{name}");
        }
        assert_eq!(report.findings(), findings, "{name}");
        assert_eq!(report.pairs().len(), 1, "{name}");
        assert_eq!(report.pairs()[0]["confidence"], "proven", "{name}");
        if !name.contains("loss") && !name.contains("fw") {
            assert_eq!(report.segments("lost") + report.segments("unclear"), 0, "{name}");
        }
        assert_eq!(report.segments("appeared") + report.segments("missed"), 0, "{name}");
        let offset = report.leg(0)["clock"]["offset_us"].as_i64().unwrap();
        assert!(offset.abs() < 2_000, "{name}: both clocks were one, not {offset} us apart");
    }
}

#[test]
fn every_recorded_pair_is_in_the_table() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_string_lossy().strip_suffix(".client.pcap").map(str::to_owned)
        })
        .collect();
    found.sort();
    let mut listed: Vec<&str> = PAIRS.iter().map(|(name, ..)| *name).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn the_ends_are_said_to_believe_what_they_do() {
    let belief = |name: &str, window: &str| {
        let files = ["client", "server"].map(|side| folder().join(format!("{name}.{side}.pcap")));
        let report = Report::of_files(&[&files[0], &files[1]]);
        let belief = &report.pairs()[0]["beliefs"][window];
        (belief["applied_shift"].as_u64(), belief["believed_shift"].as_u64())
    };
    assert_eq!(belief("syn-set0-download", "client"), (Some(10), Some(0)));
    assert_eq!(belief("syn-set0-download", "server"), (Some(10), Some(10)));
    assert_eq!(belief("synack-remove-download", "client"), (Some(0), Some(10)));
    assert_eq!(belief("synack-remove-download", "server"), (Some(10), Some(0)));
    assert_eq!(belief("syn-remove-download", "client"), (Some(0), Some(0)));
    assert_eq!(belief("w4-fw", "client"), (Some(4), Some(4)));
}

/// Every `--peer` and host that a text sends its reader to.
fn workarounds(arguments: &[&str]) -> Vec<String> {
    let output = wscale(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let commands = said.split("`wscale workarounds ").skip(1);
    commands
        .map(|command| {
            let end = |character: char| !character.is_ascii_digit() && character != '.';
            let (peer, host) = command.split_once("` on ").unwrap();
            format!("{peer} on {}", host.split(end).next().unwrap())
        })
        .collect()
}

#[test]
fn each_capture_alone_sends_to_the_same_host_as_both() {
    let mut sent = 0;
    for (name, ..) in PAIRS {
        let files = ["client", "server"]
            .map(|side| folder().join(format!("{name}.{side}.pcap")).to_str().unwrap().to_owned());
        let both = workarounds(&["compare", &files[0], &files[1]]);
        let Some(expected) = both.first() else { continue };
        sent += 1;
        let alone = files.iter().flat_map(|file| workarounds(&["analyze", file]));
        for said in both.iter().cloned().chain(alone) {
            assert_eq!(said, *expected, "{name}");
        }
    }
    assert!(sent > 10, "{sent}");
}
