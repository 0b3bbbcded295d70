//! `wscale plot`: the same pictures, byte by byte; well-formed, harmless and small whatever the capture holds.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "how long it takes is measured")]

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The recordings whose pictures are kept. The README shows the first two.
const PICTURES: [&str; 5] = [
    "ok-download.server",
    "syn-set0-download.client",
    "synack-set0-upload.server",
    "w4-fw.server",
    "slowreader.server",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn recording(name: &str) -> PathBuf {
    root().join("fixtures/recordings").join(format!("{name}.pcap"))
}

fn wscale(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(arguments).env("COLUMNS", "100").output().unwrap()
}

fn plot(capture: &Path) -> String {
    let output = wscale(&["plot".as_ref(), capture, "-o".as_ref(), "-".as_ref()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn pictures_are_the_same_byte_by_byte() {
    for name in PICTURES {
        let path = root().join("fixtures/pictures").join(format!("{name}.svg"));
        let drawn = plot(&recording(name));
        assert_eq!(drawn, plot(&recording(name)));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &drawn).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(drawn == expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
    }
}

#[test]
fn the_readme_shows_pictures_that_are_compared() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for name in &PICTURES[..2] {
        assert!(readme.contains(&format!("(fixtures/pictures/{name}.svg)")), "{name}");
    }
}

#[test]
fn every_fixture_gives_a_well_formed_picture() {
    let folder = tempfile::tempdir().unwrap();
    let mut captures = support::files("recordings", "pcap");
    for path in support::files("text", "txt") {
        let compiled = support::compile_file(&path);
        let file = folder.path().join(support::name(&path));
        fs::write(&file, compiled.capture.bytes()).unwrap();
        captures.push(file);
    }
    let mut drawn = 0;
    for path in captures {
        let output = wscale(&["plot".as_ref(), &path, "-o".as_ref(), "-".as_ref()]);
        let said = String::from_utf8_lossy(&output.stderr);
        if output.stdout.is_empty() {
            assert!(
                said.contains("no TCP flow") || said.contains("cannot judge"),
                "{}: {said}",
                path.display()
            );
            continue;
        }
        drawn += 1;
        assert_well_formed(&path, &String::from_utf8(output.stdout).unwrap());
    }
    assert!(drawn > 100, "{drawn}");
}

fn assert_well_formed(path: &Path, drawn: &str) {
    let parsed = roxmltree::Document::parse(drawn);
    let document = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let view = document.root_element().attribute("viewBox").unwrap();
    let view: Vec<f64> = view.split(' ').map(|number| number.parse().unwrap()).collect();
    for text in document.descendants().filter(|node| node.has_tag_name("text")) {
        assert_inside(&text, &view, path);
    }
}

/// No text is cut off at the border of the picture, also in a wide font.
fn assert_inside(text: &roxmltree::Node<'_, '_>, view: &[f64], path: &Path) {
    let number = |name: &str| text.attribute(name).unwrap().parse::<f64>().unwrap();
    if text.has_attribute("transform") {
        return;
    }
    let words = text.text().unwrap().trim();
    let width = number("font-size") * 0.6 * f64::from(u32::try_from(words.chars().count()).unwrap());
    let left = match text.attribute("text-anchor") {
        Some("end") => number("x") - width,
        Some("middle") => number("x") - width / 2.0,
        _ => number("x"),
    };
    assert!(left >= 0.0 && left + width <= view[2], "{}: '{words}' is cut off", path.display());
    assert!((0.0..view[3]).contains(&number("y")), "{}: '{words}' is cut off", path.display());
}

#[test]
fn what_a_file_is_called_does_not_become_markup() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join("<img src=x onerror=alert(1)>&'\"\u{1b}[31m.pcap");
    fs::copy(recording("syn-set0-download.client"), &hostile).unwrap();
    let drawn = plot(&hostile);
    let document = roxmltree::Document::parse(&drawn).unwrap();
    assert!(document.descendants().any(|node| node.text().is_some_and(|text| text.contains("<img src=x"))));
    let report = folder.path().join("report");
    assert!(wscale(&["plot".as_ref(), &hostile, "--all-findings".as_ref(), &report]).status.success());
    let page = fs::read_to_string(report.join("index.html")).unwrap();
    assert!(!page.contains("<img") && !page.contains('\u{1b}') && page.contains("&lt;img src=x"));
}

#[test]
fn the_page_holds_what_it_shows_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let capture = recording("synack-set0-upload.server");
    let output = wscale(&["plot".as_ref(), &capture, "--all-findings".as_ref(), &report]);
    assert!(output.status.success());
    let page = fs::read_to_string(report.join("index.html")).unwrap();
    let picture = fs::read_to_string(report.join("flow-0.svg")).unwrap();
    assert!(page.contains(&picture) && page.contains("WS001") && page.contains("tcp.stream eq 0"));
    assert!(
        !page.contains("<script")
            && !page.contains("src=")
            && !page.contains("url(")
            && !page.contains("@import")
    );
    for link in page.split("href=\"").skip(1) {
        assert!(link.starts_with('#') || link.starts_with("data:"), "{link:.60}");
    }
    assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count() + 1);
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"));
}

#[test]
fn a_capture_without_problems_gives_a_page_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = wscale(&[
        "plot".as_ref(),
        &recording("ok-download.client"),
        "--all-findings".as_ref(),
        folder.path(),
    ]);
    assert!(output.status.success());
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.contains("no flow with a problem of window scaling"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_drawn_is_an_error_with_a_way_out() {
    let capture = recording("ok-download.client");
    let missing =
        wscale(&["plot".as_ref(), &capture, "--flow".as_ref(), "7".as_ref(), "-o".as_ref(), "-".as_ref()]);
    assert_eq!(missing.status.code(), Some(2));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.contains("no flow 7") && said.contains("hint: "), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.pcap");
    fs::copy(&capture, &copy).unwrap();
    let refused = wscale(&["plot".as_ref(), &copy, "-o".as_ref(), &folder.path().join("./copy.pcap")]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&capture).unwrap());
    let pipe = wscale(&["plot".as_ref(), "-".as_ref(), "-o".as_ref(), "-".as_ref()]);
    assert_eq!(pipe.status.code(), Some(2));
    assert!(String::from_utf8(pipe.stderr).unwrap().contains("cannot be read twice"));
}

#[test]
fn one_flow_is_told_in_full_with_a_chart() {
    let capture = recording("syn-set0-download.client");
    let output = wscale(&["analyze".as_ref(), "--flow".as_ref(), "0".as_ref(), &capture]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in
        ["believed  by the server: shift 0", "applied   by the client: shift 10 to 14", "100 kB │──", "█"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_million_segments_give_a_small_picture_in_linear_time() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("long.pcap");
    let mut times = Vec::new();
    for segments in [100_000, 1_000_000] {
        write_long(&capture, segments);
        let begun = Instant::now();
        let drawn = plot(&capture);
        times.push(begun.elapsed());
        assert!(drawn.len() < 1_000_000, "{} bytes", drawn.len());
        assert!(drawn.contains("thinned: extremes are kept"));
        // Thinned to what shows, not to a few strokes.
        assert!(drawn.matches("<line").count() > 700, "{}", drawn.matches("<line").count());
        roxmltree::Document::parse(&drawn).unwrap();
    }
    // Ten times the segments; three times as much again for a busy machine.
    assert!(times[1] < times[0] * 30 + Duration::from_secs(1), "{times:?}");
}

/// A download of `segments` frames, one direction as busy as the other, with losses, and windows that change
/// and close: everything that a picture shows, as much of it as there can be.
fn write_long(path: &Path, segments: u32) {
    let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let header: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 1];
    for word in header {
        file.write_all(&word.to_le_bytes()).unwrap();
    }
    let mut random = 1u32;
    let mut next = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    let (mut sent, mut acked) = (1u32, 1u32);
    let mut frame = |number: u32, up: bool, flags: u8, seq: u32, ack: u32, raw: u16, payload: u16| {
        let syn = flags & 2 > 0;
        let options: &[u8] = if syn { &[2, 4, 5, 180, 1, 3, 3, 7] } else { &[] };
        let length = u16::try_from(40 + options.len()).unwrap();
        let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0];
        bytes.extend((length + payload).to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        let (client, server) = ([10, 1, 0, 1], [10, 1, 0, 2]);
        bytes.extend(if up { [client, server].concat() } else { [server, client].concat() });
        let ports: [u16; 2] = if up { [40_000, 80] } else { [80, 40_000] };
        bytes.extend(ports.map(u16::to_be_bytes).concat());
        bytes.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
        bytes.extend([if syn { 0x70 } else { 0x50 }, flags]);
        bytes.extend(raw.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(options);
        let micros = u64::from(number) * 40;
        let length = u32::try_from(bytes.len()).unwrap();
        let record = [
            u32::try_from(micros / 1_000_000).unwrap(),
            u32::try_from(micros % 1_000_000).unwrap(),
            length,
            length + u32::from(payload),
        ];
        file.write_all(&record.map(u32::to_le_bytes).concat()).unwrap();
        file.write_all(&bytes).unwrap();
    };
    frame(0, true, 2, 0, 0, 64_240, 0);
    frame(500, false, 18, 0, 1, 65_160, 0);
    frame(1000, true, 16, 1, 1, 502, 0);
    for number in 1003..segments + 1000 {
        let behind = sent - acked;
        match next(20) {
            0..10 if behind < 60_000 => {
                frame(number, false, 16, sent, 1, 510, 1460);
                sent += 1460;
            }
            10 if behind > 1460 => frame(number, false, 16, acked, 1, 510, 1460),
            _ => {
                acked += if behind > 2920 { 2920 } else { behind };
                let raw = if next(500) == 0 { 0 } else { 400 + next(600) };
                frame(number, true, 16, 1, acked, u16::try_from(raw).unwrap(), 0);
            }
        }
    }
    drop(file);
}
