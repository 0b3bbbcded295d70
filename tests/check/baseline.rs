//! A baseline accepts a fault, not a recording.

use crate::folder::Folder;

const FAULT: &str = "syn-set0-download.client.pcap";

fn accepts(folder: &Folder, recording: &str) -> bool {
    let answer = folder.check(&["--baseline", "baseline.toml", recording]);
    assert!(answer.stderr.is_empty(), "{}", answer.stderr);
    match answer.status {
        0 => true,
        1 => false,
        status => panic!("{recording}: {status}"),
    }
}

#[test]
fn a_second_recording_of_the_fault_is_accepted_and_another_fault_is_not() {
    let folder = Folder::new();
    assert_eq!(folder.check(&["--write-baseline", "baseline.toml", FAULT]).status, 0);
    folder.write("later.pcap", re_recorded(&std::fs::read(folder.path(FAULT)).unwrap()));
    // With other ports and times; with loss; from a host that offers another shift.
    for same in [FAULT, "later.pcap", "loss2-syn-set0-download.client.pcap", "w6-set0.client.pcap"] {
        assert!(accepts(&folder, same), "{same}");
    }
    // Lowered to another shift; on the other window; seen from the other side of the box.
    for other in [
        "syn-set2-download.client.pcap",
        "synack-set0-upload.server.pcap",
        "synack-set0-upload.client.pcap",
        "synack-nop-upload.client.pcap",
        "syn-set0-download.server.pcap",
    ] {
        assert!(!accepts(&folder, other), "{other}");
    }
}

/// The capture a day later, from the next port up. Little endian pcap with Ethernet and IPv4, as all recordings.
fn re_recorded(capture: &[u8]) -> Vec<u8> {
    let mut copy = capture.to_vec();
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut at = 24;
    while at < copy.len() {
        let length = number(&copy[at + 8..at + 12]) as usize;
        let seconds = number(&copy[at..at + 4]) + 86_400;
        copy[at..at + 4].copy_from_slice(&seconds.to_le_bytes());
        for port in [at + 16 + 34, at + 16 + 36] {
            let value = u16::from_be_bytes([copy[port], copy[port + 1]]);
            let value = if value == 80 { 8080 } else { value + 1 };
            copy[port..port + 2].copy_from_slice(&value.to_be_bytes());
        }
        at += 16 + length;
    }
    copy
}

#[test]
fn what_a_baseline_accepts_of_several_faults_is_counted_one_by_one() {
    let folder = Folder::new();
    let written =
        folder.check(&["--write-baseline", "baseline.toml", FAULT, "syn-set2-download.client.pcap"]);
    assert_eq!(written.status, 0);
    assert_eq!(folder.read("baseline.toml").lines().filter(|line| *line == "[[accept]]").count(), 2);
    let answer = folder.check(&["--baseline", "baseline.toml", FAULT]);
    assert_eq!(answer.status, 0);
    let stale = "stale in the baseline: WS001 window_of=client box=server-side shift=2 server=10.1.0.2";
    assert!(answer.stdout.contains(stale), "{}", answer.stdout);
}

#[test]
fn an_incomplete_input_writes_no_baseline_and_makes_no_entry_stale() {
    let folder = Folder::new();
    let answer = folder.check(&["--write-baseline", "baseline.toml", "truncated.pcap"]);
    assert_eq!(answer.status, 2);
    assert!(answer.stderr.contains("'baseline.toml' is not written"), "{}", answer.stderr);
    assert!(!folder.path("baseline.toml").exists());
    folder.check(&["--write-baseline", "baseline.toml", "syn-set2-download.client.pcap"]);
    let answer = folder.check(&["--baseline", "baseline.toml", "truncated.pcap"]);
    assert_eq!(answer.status, 2);
    assert!(!answer.stdout.contains("stale"), "{}", answer.stdout);
}

#[test]
fn a_baseline_does_not_excuse_expectations() {
    let folder = Folder::new();
    let answer = folder.check(&["--write-baseline", "b.toml", "--expect-verdict", "healthy", FAULT]);
    assert_eq!(answer.status, 1, "{}", answer.stdout);
}

#[test]
fn a_missing_or_broken_baseline_is_an_error() {
    let folder = Folder::new();
    let answer = folder.check(&["--baseline", "none.toml", FAULT]);
    assert_eq!(answer.status, 2);
    assert!(answer.stderr.contains("hint: --write-baseline 'none.toml' writes it"), "{}", answer.stderr);
    folder.write("broken.toml", "version = 1\n[[accept]]\ncode = 'WS001'\nports = 3\n");
    let answer = folder.check(&["--baseline", "broken.toml", FAULT]);
    assert_eq!(answer.status, 2);
    assert!(answer.stderr.contains("'broken.toml' line 4: unknown field `ports`"), "{}", answer.stderr);
}
