//! A healthy transfer: the verdict, the saved file against tcpdump's, the privileges, the end by a signal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::namespaces::{Path3, are_possible};
use crate::program::Live;
use crate::traffic::{connect, download, serve};

/// Time, captured and original length, bytes: all records of a pcap file in this machine's byte order.
pub(crate) fn records(path: &Path) -> Vec<(u32, u32, u32, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(word(0), 0xa1b2_c3d4);
    let (mut at, mut all) = (24, Vec::new());
    while at < bytes.len() {
        let end = at + 16 + word(at + 8) as usize;
        all.push((word(at), word(at + 4), word(at + 12), bytes[at + 16..end].to_vec()));
        at = end;
    }
    all
}

fn microseconds(record: &(u32, u32, u32, Vec<u8>)) -> u64 {
    u64::from(record.0) * 1_000_000 + u64::from(record.1)
}

#[test]
fn a_healthy_transfer_is_healthy_and_saved_as_tcpdump_saves_it() {
    if !are_possible("a live capture beside tcpdump") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.pcap"), folder.path().join("theirs.pcap"));
    let mut tcpdump = Command::new("ip");
    tcpdump.args([
        "netns",
        "exec",
        &path.client(),
        "tcpdump",
        "-i",
        "c",
        "-s",
        "128",
        "-B",
        "16384",
        "-U",
        "-w",
    ]);
    let mut tcpdump = tcpdump.arg(&theirs).args(["-Z", "root", "tcp"]).stderr(Stdio::null()).spawn().unwrap();
    let live = Live::start(&path.client(), &["-i", "c", "--write", ours.to_str().unwrap(), "tcp"]);
    let began = Instant::now();
    while !theirs.exists() && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(10));
    }
    // What the process is now, in the kernel's words.
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(live.status(set).unwrap(), "0000000000000000", "{set}");
    }
    let user = live.status("Uid:").unwrap();
    assert!(!user.split_whitespace().any(|id| id == "0"), "still root: {user}");
    assert_eq!(live.status("NoNewPrivs:").unwrap(), "1");
    eprintln!("after start-up: user {user}, no capability in any set");

    let mut stream = connect(&path.client());
    download(&mut stream, 3_000_000);
    drop(stream);
    // tcpdump lets the kernel collect frames for a second.
    thread::sleep(Duration::from_millis(1500));
    let outcome = live.interrupt();
    kill(Pid::from_raw(i32::try_from(tcpdump.id()).unwrap()), Signal::SIGINT).unwrap();
    tcpdump.wait().unwrap();

    outcome.assert_success();
    let flows = outcome.of("flow");
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0]["verdict"], "healthy", "{}", flows[0]);
    assert_eq!(flows[0]["windows"]["client"]["shift_source"], "handshake");
    assert!(outcome.of("finding").iter().all(|finding| finding["severity"] == "note"));
    assert_eq!(outcome.of("capture")[0]["dropped"], 0);
    let (mut ours, mut theirs) = (records(&ours), records(&theirs));
    assert!(ours.len() > 100, "only {} frames", ours.len());
    assert_eq!(outcome.of("capture")[0]["frames"], ours.len());
    assert_eq!(ours.len(), theirs.len());
    // Two frames that two processors handle at once reach the two listeners in either order, and no two are equal.
    for records in [&mut ours, &mut theirs] {
        records.sort_by(|one, other| one.3.cmp(&other.3));
    }
    for (our, their) in ours.iter().zip(&theirs) {
        assert!(our.2 == their.2 && our.3 == their.3, "they differ: {our:02x?}, {their:02x?}");
        // The kernel reads the clock for each listener when nobody has stamped the frame before; in between it may
        // have been interrupted.
        let apart = microseconds(our).abs_diff(microseconds(their));
        assert!(apart < 50_000, "{apart} us apart: {our:02x?}");
    }
}

#[test]
fn a_named_user_or_the_caller_of_sudo_owns_what_is_written() {
    if !are_possible("the user that a capture becomes") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    for (arguments, sudo, expected) in [(&["--user", "daemon"][..], "1234", 1), (&[], "1234", 1234)] {
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let (file, findings) = (folder.path().join("w.pcap"), folder.path().join("findings"));
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &path.client(), env!("CARGO_BIN_EXE_wscale"), "live", "-i", "c"]);
        command.args(["--format", "jsonl", "--write"]).arg(&file).arg("--write-findings").arg(&findings);
        command.args(arguments).env("SUDO_UID", sudo).env("SUDO_GID", sudo);
        let live = Live::capturing(&mut command);
        let user = live.status("Uid:").unwrap();
        assert!(user.split_whitespace().all(|id| id == expected.to_string()), "{user}");
        let mut stream = connect(&path.client());
        download(&mut stream, 100_000);
        thread::sleep(Duration::from_millis(500));
        live.interrupt().assert_success();
        assert!(records(&file).len() > 10);
        for written in [file, findings] {
            assert_eq!(fs::metadata(&written).unwrap().uid(), expected, "{}", written.display());
        }
    }
}

#[test]
fn a_killed_run_leaves_a_readable_file() {
    if !are_possible("a capture that is killed") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("killed.pcap");
    let live = Live::start(&path.client(), &["-i", "c", "--write", file.to_str().unwrap()]);
    let mut stream = connect(&path.client());
    download(&mut stream, 500_000);
    thread::sleep(Duration::from_millis(500));
    live.signal(Signal::SIGKILL);
    live.end();
    assert!(records(&file).len() > 20);
}
