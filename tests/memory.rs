//! Captures with more flows than memory is meant for: what goes early, what is printed when, and what is said.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    reason = "the generator of the benchmarks writes small numbers"
)]

#[path = "bench/traffic.rs"]
mod traffic;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use traffic::{SHORT_FRAMES, Shape};
use wscale::report::{FORMATS, Layout, Needs};
use wscale::source::{Joined, Source};

fn analyze(shape: Shape, frames: u64, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    traffic::write(shape, frames, &mut BufWriter::new(File::create(&path).unwrap())).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .arg("analyze")
        .args(arguments)
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn flows(document: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(document).unwrap();
    document["captures"][0]["flows"].as_array().unwrap().clone()
}

fn indices<'a>(flows: impl IntoIterator<Item = &'a Value>) -> Vec<u64> {
    flows.into_iter().map(|flow| flow["index"].as_u64().unwrap()).collect()
}

#[test]
fn a_full_table_judges_the_most_silent_flow_and_counts_it() {
    let document = analyze(Shape::Flood, 100, &["--max-flows", "10", "--format", "json"]);
    let capture: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(capture["captures"][0]["evicted_flows"], 90);
    assert_eq!(indices(&flows(&document)), (90..100).collect::<Vec<u64>>());
    let text = analyze(Shape::Flood, 100, &["--max-flows", "10"]);
    assert!(text.contains("100 frames, 100 flows, "), "{text}");
    assert!(text.contains("90 flows judged early to bound memory"), "{text}");
    let one = analyze(Shape::Flood, 100, &["--max-flows", "10", "--flow", "95"]);
    assert!(one.contains("90 flows judged early to bound memory"), "{one}");
}

#[test]
fn no_frame_gets_lost_between_reading_and_following() {
    const FRAMES: u64 = 24_000;
    let flows = flows(&analyze(Shape::Bulk, FRAMES, &["--format", "json"]));
    assert!(flows.iter().all(|flow| flow["verdict"] == "healthy"));
    let counted = flows.iter().map(|flow| flow["frames"].as_u64().unwrap());
    assert_eq!(counted.collect::<Vec<u64>>(), [FRAMES / 8; 8]);
}

#[test]
fn no_frame_gets_lost_between_compressed_pieces() {
    let mut whole = Vec::new();
    traffic::write(Shape::Bulk, 6000, &mut whole).unwrap();
    let (header, mut rest) = whole.split_at(24);
    let folder = tempfile::tempdir().unwrap();
    let mut pieces = Vec::new();
    for frames in [1500, 1, 3000, 1499] {
        let length = (0..frames).fold(0, |at, _| {
            at + 16 + u32::from_le_bytes(rest[at + 8..at + 12].try_into().unwrap()) as usize
        });
        let path = folder.path().join(format!("{}.pcap.gz", pieces.len()));
        let mut file = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        file.write_all(&[header, &rest[..length]].concat()).unwrap();
        file.finish().unwrap();
        pieces.push(path.to_str().unwrap().to_owned());
        rest = &rest[length..];
    }
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", "--format", "json", "--join"])
        .args(&pieces)
        .output()
        .unwrap();
    let joined: Value = serde_json::from_slice(&output.stdout).unwrap();
    let joined = &joined["captures"][0];
    assert_eq!((&joined["frames"], &joined["segments"]), (&6000.into(), &6000.into()));
    assert_eq!(joined["flows"], Value::from(flows(&analyze(Shape::Bulk, 6000, &["--format", "json"]))));

    let mut source = Joined::open(&pieces, None).unwrap();
    let mut handed = 0;
    while source.read(1000, &mut |_| handed += 1).unwrap() {
        assert_eq!(handed, source.frames());
        assert_eq!(handed % 1000, 0, "never more than was asked for");
    }
    assert_eq!(handed, 6000);
}

#[test]
fn by_default_nothing_goes_early() {
    let document = analyze(Shape::Flood, 1000, &["--format", "json"]);
    assert_eq!(indices(&flows(&document)), (0..1000).collect::<Vec<u64>>());
}

#[test]
fn lines_come_as_flows_end_and_say_what_the_document_says() {
    const FLOWS: u64 = 600;
    let frames = FLOWS * SHORT_FRAMES;
    let lines = analyze(Shape::Short, frames, &["--format", "jsonl"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, before) = lines.split_last().unwrap();
    assert_eq!((&last["type"], &last["frames"]), (&"capture".into(), &frames.into()));
    let mut streamed: Vec<Value> = before.iter().filter(|line| line["type"] == "flow").cloned().collect();
    assert_eq!(indices(&streamed), (0..FLOWS).collect::<Vec<u64>>(), "they end in the order they began");
    let mut listed = flows(&analyze(Shape::Short, frames, &["--format", "json"]));
    for flow in streamed.iter_mut().chain(&mut listed) {
        for only_in_one in ["type", "source", "findings"] {
            flow.as_object_mut().unwrap().remove(only_in_one);
        }
    }
    assert_eq!(streamed, listed);
}

/// A report, where only what it shows is kept, and where a second format has all flows kept.
fn both_ways(format: &str, arguments: &[&str]) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let files = ["alone", "beside", "json"].map(|name| folder.path().join(name));
    let [alone, beside, json] = files.each_ref().map(|file| file.to_str().unwrap());
    let with_json = vec!["--format", format, "-o", beside, "--format", "json", "-o", json];
    for outputs in [vec!["--format", format, "-o", alone], with_json] {
        let mut wscale = Command::new(env!("CARGO_BIN_EXE_wscale"));
        assert!(wscale.arg("analyze").args(arguments).args(outputs).status().unwrap().success());
    }
    [alone, beside].map(|file| std::fs::read_to_string(file).unwrap())
}

#[test]
fn a_report_is_the_same_however_few_flows_are_kept_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.pcap");
    let frames = 400 * SHORT_FRAMES;
    traffic::write(Shape::Short, frames, &mut BufWriter::new(File::create(&path).unwrap())).unwrap();
    let recordings = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings");
    // One capture with sound and broken flows, whose findings say how many flows there are to the server.
    let files = std::fs::read_dir(recordings).unwrap().map(|file| file.unwrap().path());
    let mut mixed: Vec<_> = files.filter(|file| file.to_str().unwrap().ends_with(".client.pcap")).collect();
    mixed.sort();
    let inputs = [
        vec![path.to_str().unwrap()],
        vec![recordings],
        ["--join"].into_iter().chain(mixed.iter().map(|file| file.to_str().unwrap())).collect(),
    ];
    let ways = ["0", "1", "5", "1000"].map(|top| ("text", top));
    let layout = Layout { width: 80, top: 20, color: false };
    let others = FORMATS.into_iter().filter(|format| (format.needs)(&layout) != Needs::Each);
    let ways = ways.into_iter().chain(others.map(|format| (format.name, "20")));
    let mut texts = Vec::new();
    for (format, top) in ways {
        for input in &inputs {
            let [alone, beside] = both_ways(format, &[["--top", top].as_slice(), input].concat());
            assert_eq!(alone, beside, "{format} --top {top} {input:?}");
            texts.push(alone);
        }
    }
    for said in [
        " flows to 10.1.0.2:80",
        "395 more flows; --all shows them",
        "more flows unproven",
        "400 flows: 400 unproven",
        "::error file=",
        "\"ruleId\": \"WS001\"",
        "<testcase",
    ] {
        assert!(texts.iter().any(|text| text.contains(said)), "{said}: {texts:?}");
    }
}
