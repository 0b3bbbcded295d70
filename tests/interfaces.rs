//! pcapng files whose interfaces differ: every command reads all that is IP, wherever it is described.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use wscale::source::{CaptureFile, Frame, Source};

const USB: u16 = 220;
const ETHERNET: u16 = 1;
const RAW: u16 = 101;

/// More than two batches.
const LATE_FRAMES: u64 = 6000;

fn block(kind: u32, body: &[&[u8]]) -> Vec<u8> {
    let mut body = body.concat();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

fn interface(link: u16, options: &[u8]) -> Vec<u8> {
    block(1, &[&link.to_le_bytes(), &[0, 0], &65_535_u32.to_le_bytes(), options])
}

fn packet(interface: u32, time: u64, data: &[u8]) -> Vec<u8> {
    let [high, low] = [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap().to_le_bytes());
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    block(6, &[&interface.to_le_bytes(), &high, &low, &length, &length, data])
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0], &[0xff; 8]])
}

/// The frames of a recording with their times in nanoseconds.
fn recorded() -> Vec<(u64, Vec<u8>)> {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings/rr-ok.client.pcap");
    let recording = fs::read(recording).unwrap();
    let u32_at = |at: usize| u32::from_le_bytes(recording[at..at + 4].try_into().unwrap());
    let mut frames = Vec::new();
    let mut at = 24;
    while at < recording.len() {
        let time = u64::from(u32_at(at)) * 1_000_000_000 + u64::from(u32_at(at + 4)) * 1000;
        let end = at + 16 + u32_at(at + 8) as usize;
        frames.push((time, recording[at + 16..end].to_vec()));
        at = end;
    }
    frames
}

/// A recording in pcapng, its times in nanoseconds, behind a frame of another interface.
fn mixed() -> Vec<u8> {
    let nanoseconds = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    let mut file = section();
    file.extend(interface(USB, &[]));
    file.extend(interface(ETHERNET, &nanoseconds));
    file.extend(packet(0, 1, b"usb!"));
    for (time, data) in recorded() {
        file.extend(packet(1, time, &data));
    }
    file
}

/// A recording many times over, of which the first 1500 frames are from one interface, and every other one behind
/// them from one that is described only there.
fn late() -> Vec<u8> {
    let mut file = [section(), interface(ETHERNET, &[])].concat();
    for (number, (_, data)) in (0..LATE_FRAMES).zip(recorded().iter().cycle()) {
        if number == 1500 {
            file.extend(interface(RAW, &[]));
        }
        let is_raw = number >= 1500 && number % 2 == 1;
        file.extend(packet(is_raw.into(), number * 1000, &data[if is_raw { 14 } else { 0 }..]));
    }
    file
}

#[test]
fn the_interface_that_has_ip_is_judged_whichever_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mixed.pcapng"), mixed()).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
        let input = File::open(folder.path().join("mixed.pcapng")).unwrap();
        let output = command.args(arguments).current_dir(folder.path()).stdin(input).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for command in [&["analyze", "mixed.pcapng"], &["live", "-"]] {
        let document = run(&[command, &["--format", "json"][..]].concat());
        let report: serde_json::Value = serde_json::from_str(&document).unwrap();
        let capture = &report["captures"][0];
        assert_eq!(capture["link_type"], "EN10MB");
        assert_eq!((&capture["frames"], &capture["segments"]), (&52.into(), &51.into()));
        assert_eq!(capture["skipped"]["not_ip"], 1);
        assert_eq!(capture["flows"][0]["rtt_us"], 40_736);
    }
    assert_eq!(run(&["windows", "mixed.pcapng"]).lines().count(), 52);
    assert!(run(&["analyze", "--flow", "0", "mixed.pcapng"]).contains("from server to client\n"));
    run(&["check", "mixed.pcapng"]);
    fs::copy(folder.path().join("mixed.pcapng"), folder.path().join("again.pcapng")).unwrap();
    run(&["compare", "mixed.pcapng", "again.pcapng"]);
    run(&["plot", "--flow", "0", "-o", "flow.svg", "mixed.pcapng"]);
}

#[test]
fn what_a_filter_says_nothing_about_does_not_match() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.pcapng");
    let late = [section(), interface(ETHERNET, &[]), interface(USB, &[])].concat();
    let (first, rest) = recorded().split_first().map(|(first, rest)| (first.clone(), rest.to_vec())).unwrap();
    let frames = rest.iter().map(|(_, data)| packet(0, 9, data)).collect::<Vec<_>>().concat();
    let behind = [late, packet(0, 1, &first.1), packet(1, 2, b"usb!"), frames].concat();
    for (place, bytes) in [("before", mixed()), ("behind", behind)] {
        fs::write(&path, bytes).unwrap();
        let mut file = CaptureFile::open(path.to_str().unwrap(), Some("tcp port 80")).unwrap();
        let mut shown = 0;
        file.read_all(&mut |_| shown += 1, &mut |_| {}).unwrap();
        assert_eq!((file.frames(), shown), (52, 51), "USB {place} the rest");
        let Err(error) = CaptureFile::open(path.to_str().unwrap(), Some("no such filter")) else { panic!() };
        assert!(error.to_string().starts_with("cannot compile the filter 'no such filter'"), "{error}");
    }
}

#[test]
fn a_policy_selects_flows_of_every_link_layer() {
    let folder = tempfile::tempdir().unwrap();
    let frames =
        recorded().iter().map(|(time, data)| packet(1, time / 1000, data)).collect::<Vec<_>>().concat();
    let file = [section(), interface(RAW, &[]), interface(ETHERNET, &[]), frames].concat();
    fs::write(folder.path().join("mixed.pcapng"), file).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["check", "--expect-verdict", "off", "--flows", "port 80", "mixed.pcapng"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn times_that_no_clock_shows_are_bounded() {
    let offset = |seconds: i64| [&[14, 0, 8, 0][..], &seconds.to_le_bytes(), &[0; 4]].concat();
    let mut bytes = section();
    for seconds in [1 << 62, -(1 << 62), 0] {
        bytes.extend(interface(ETHERNET, &offset(seconds)));
    }
    for (number, (time, data)) in (0..).zip(recorded()) {
        bytes.extend(packet(number % 3, time / 1000, &data));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("times.pcapng");
    fs::write(&path, &bytes).unwrap();
    fs::copy(&path, folder.path().join("copy.pcapng")).unwrap();
    let path = path.to_str().unwrap();
    let by_libpcap = CaptureFile::open(path, None).unwrap();
    for mut file in [by_libpcap, CaptureFile::read("-", Cursor::new(bytes), None).unwrap()] {
        let mut within = |frame: &Frame<'_>| assert!(frame.time_us.abs() < 1 << 53, "{}", frame.time_us);
        file.read_all(&mut within, &mut |_| {}).unwrap();
        assert_eq!(file.frames(), 51);
    }
    for arguments in [
        &["analyze", path][..],
        &["windows", path],
        &["compare", path, "copy.pcapng"],
        &["plot", "--flow", "0", "-o", "flow.svg", path],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn no_frame_gets_lost_where_an_interface_is_described_late() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.pcapng");
    fs::write(&path, late()).unwrap();
    let path = path.to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", "--format", "json", path])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let capture = &report["captures"][0];
    assert_eq!((&capture["frames"], &capture["segments"]), (&LATE_FRAMES.into(), &LATE_FRAMES.into()));

    let mut file = CaptureFile::open(path, None).unwrap();
    let mut handed = 0;
    while file.read(1000, &mut |_| handed += 1).unwrap() {
        assert_eq!(handed, file.frames());
        assert_eq!(handed % 1000, 0, "never more than was asked for");
    }
    assert_eq!(handed, LATE_FRAMES);
}
