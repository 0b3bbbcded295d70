//! `wscale analyze` as a user meets it: golden output per format, and every way in which input can be bad.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/support.rs"]
mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use golden::golden;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn recording(name: &str) -> String {
    format!("fixtures/recordings/{name}.pcap")
}

fn wscale(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(arguments)
        .current_dir(root())
        .env("COLUMNS", "100")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn reports_are_as_recorded() {
    for name in [
        "syn-set0-download.client",
        "syn-set0-download.server",
        "ok-download.client",
        "syn-nop-download.server",
    ] {
        for format in ["text", "json", "jsonl"] {
            let output = wscale(&["analyze", "--format", format, &recording(name)]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            golden("analyze", &format!("{name}.{format}"), &text(&output.stdout));
        }
    }
}

#[test]
fn the_post_gives_the_story_in_four_parts() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["post", "download", "download-beyond-the-box", "healthy"] {
        let name = format!("kernel-2.6.17-{name}");
        compile(&name, folder.path());
        let file = format!("{name}.pcap");
        let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
            .args(["analyze", &file])
            .current_dir(folder.path())
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        golden("analyze", &format!("{name}.text"), &text(&output.stdout));
    }
}

fn compile(name: &str, folder: &Path) {
    let compiled = support::compile_file(&support::fixtures().join("text").join(format!("{name}.txt")));
    fs::write(folder.join(format!("{name}.pcap")), compiled.capture.bytes()).unwrap();
}

#[test]
fn a_translation_is_named_only_where_the_copies_have_other_addresses() {
    let folder = tempfile::tempdir().unwrap();
    for (name, is_translated) in
        [("ws007-address-translation", true), ("ws007-both-sides-and-translation", false)]
    {
        compile(name, folder.path());
        let file = folder.path().join(format!("{name}.pcap"));
        let output = wscale(&["analyze", "--format", "json", file.to_str().unwrap()]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["captures"][0]["flows"][0]["findings"].as_array().unwrap();
        let copies = findings.iter().find(|finding| finding["code"] == "WS007").unwrap();
        assert_eq!(copies.to_string().contains("beyond an address translation"), is_translated, "{copies}");
    }
}

#[test]
fn eighty_columns_are_enough() {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", &recording("syn-set0-download.client"), &recording("w6-set0.client")])
        .current_dir(root())
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let report = text(&output.stdout);
    for line in report.lines().filter(|line| !line.trim_start().starts_with("filter")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let file = recording("ok-download.client");
    assert!(!text(&wscale(&["analyze", &file]).stdout).contains('\x1b'));
    assert!(text(&wscale(&["analyze", "--color", "always", &file]).stdout).contains("\x1b["));
    assert!(!text(&wscale(&["analyze", "--color", "never", &file]).stdout).contains('\x1b'));
}

#[test]
fn standard_input_is_a_capture_too() {
    // A pipe by its name is what `<(zcat capture.gz)` is, too.
    for name in ["-", "/dev/stdin"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wscale"))
            .args(["analyze", "--format", "json", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let bytes = fs::read(root().join(recording("syn-set0-download.client"))).unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["captures"][0]["flows"][0]["verdict"], "stripped", "{name}");
    }
}

#[test]
fn standard_input_is_read_once() {
    for arguments in [&["-", "-"][..], &["--join", "-", "-"], &["--flow", "0", "--join", "-", "-"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
            .arg("analyze")
            .args(arguments)
            .stdin(fs::File::open(root().join(recording("rr-ok.client"))).unwrap())
            .output()
            .unwrap();
        assert_error(&output, "cannot open '-': standard input can be read only once");
    }
}

#[test]
fn no_output_replaces_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    let bytes = fs::read(root().join(recording("rr-ok.client"))).unwrap();
    fs::write(&capture, &bytes).unwrap();
    let path = capture.to_str().unwrap();
    for arguments in [
        &["analyze", "--format", "json", "-o", path, path][..],
        &["check", "--no-config", "-o", path, path],
        &["check", "--no-config", "--write-baseline", path, path],
        &["plot", path, "-o", path],
    ] {
        let output = wscale(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(&format!("cannot write '{path}': it is a capture")));
        assert_eq!(fs::read(&capture).unwrap(), bytes, "{arguments:?}");
    }
    let mut live = Command::new(env!("CARGO_BIN_EXE_wscale"));
    let output =
        live.args(["live", "-w", path, "-"]).stdin(fs::File::open(&capture).unwrap()).output().unwrap();
    assert_error(&output, "it is the capture that is read");
    assert_eq!(fs::read(&capture).unwrap(), bytes);
    let report = folder.path().join("report");
    let report = report.to_str().unwrap();
    let twice =
        wscale(&["analyze", "--format", "text", "-o", report, "--format", "json", "-o", report, path]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(text(&twice.stderr).starts_with("error: two reports for one --output\n"));
}

#[test]
fn a_directory_is_the_captures_in_it_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ok-download.client", "rr-ok.client"] {
        fs::copy(root().join(recording(name)), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "no capture").unwrap();
    let output = wscale(&["analyze", "--format", "json", folder.path().to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sources: Vec<&str> =
        report["captures"].as_array().unwrap().iter().map(|c| c["source"].as_str().unwrap()).collect();
    assert_eq!(sources.len(), 2);
    assert!(sources[0].ends_with("ok-download.client") && sources[1].ends_with("rr-ok.client"));
}

#[test]
fn what_may_be_a_capture_in_a_directory_is_never_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("below.pcap")).unwrap();
    for (name, bytes) in [("README.md", "# Captures"), (".gitkeep", ""), ("notes", "BZ"), ("ring", "")] {
        fs::write(path(name), bytes).unwrap();
    }
    symlink("missing", path("link")).unwrap();
    let whole = fs::read(root().join(recording("rr-ok.client"))).unwrap();
    fs::write(path("a.pcap"), &whole).unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"b\xff.pcap")), &whole).unwrap();
    fs::write(path("c.PCAP12.gz"), "").unwrap();
    fs::write(path("d.cap"), "\n").unwrap();
    symlink("missing", path("e.pcapng")).unwrap();
    fs::write(path("f"), b"\xfd7zXZ\0\0\0").unwrap();
    fs::write(path("g"), b"BZh91AY&SY").unwrap();
    symlink("/proc/self/mem", path("h")).unwrap();
    let folder = folder.path().to_str().unwrap();
    let output = wscale(&["check", "--format", "json", folder]);
    assert_eq!(output.status.code(), Some(2));
    let mut errors: Vec<String> = text(&output.stderr).lines().map(|line| line.replace(folder, "")).collect();
    errors.sort();
    assert_eq!(
        errors,
        [
            "wscale: cannot open '/b\u{fffd}.pcap': the name is not UTF-8",
            "wscale: cannot open '/c.PCAP12.gz': the file is empty",
            "wscale: cannot open '/d.cap': unknown file format",
            "wscale: cannot open '/e.pcapng': no such file or directory",
            "wscale: cannot open '/f': it is compressed with xz: decompress it first",
            "wscale: cannot open '/g': it is compressed with bzip2: decompress it first",
            "wscale: cannot open '/h': input/output error",
        ]
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["captures"].as_array().unwrap().len(), 1);
}

#[test]
fn pieces_of_a_rotated_capture_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(root().join(recording("syn-set0-download.client"))).unwrap();
    let pieces = split(&whole, 60);
    let mut names = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let name = folder.path().join(format!("ring{index}"));
        fs::write(&name, piece).unwrap();
        names.push(name.to_str().unwrap().to_owned());
    }
    assert!(names.len() > 3);
    let mut arguments = vec!["analyze", "--format", "json", "--join"];
    arguments.extend(names.iter().map(String::as_str));
    let joined: serde_json::Value = serde_json::from_slice(&wscale(&arguments).stdout).unwrap();
    let whole = wscale(&["analyze", "--format", "json", &recording("syn-set0-download.client")]);
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(joined["captures"][0]["flows"], whole["captures"][0]["flows"]);
    assert_eq!(joined["captures"][0]["frames"], whole["captures"][0]["frames"]);
}

/// Cuts a little-endian pcap into pieces of `frames` frames.
fn split(capture: &[u8], frames: usize) -> Vec<Vec<u8>> {
    let (header, mut rest) = capture.split_at(24);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let mut piece = header.to_vec();
        for _ in 0..frames {
            if rest.is_empty() {
                break;
            }
            let length = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            piece.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
        pieces.push(piece);
    }
    pieces
}

#[test]
fn a_filter_hides_frames_but_does_not_renumber_them() {
    let file = recording("syn-set0-download.client");
    let output = wscale(&["analyze", "--format", "json", "--filter", "src host 10.1.0.2", &file]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let capture = &report["captures"][0];
    assert_eq!(capture["frames"], 250);
    assert_eq!(capture["flows"][0]["first_frame"], 2);
    let output = wscale(&["analyze", "--filter", "no such filter", &file]);
    assert_error(&output, "cannot compile the filter 'no such filter'");
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty"), "").unwrap();
    fs::write(path("text"), "this is no capture, but it is long enough to have a magic number").unwrap();
    fs::create_dir(path("directory")).unwrap();
    assert_error(&wscale(&["analyze", &path("missing")]), "cannot open");
    assert_error(&wscale(&["analyze", &path("empty")]), "the file is empty");
    assert_error(&wscale(&["analyze", &path("text")]), "unknown file format");
    assert_error(&wscale(&["analyze", &path("directory")]), "no capture in directory");
    compile("link-unsupported", folder.path());
    assert_error(&wscale(&["analyze", &path("link-unsupported.pcap")]), "link type 147 is not supported");
}

fn assert_error(output: &Output, words: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.starts_with("wscale: ") && error.contains(words), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains("panicked"));
}

#[test]
fn a_truncated_capture_is_judged_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(root().join(recording("syn-set0-download.client"))).unwrap();
    let cut = folder.path().join("cut.pcap");
    fs::write(&cut, &whole[..whole.len() - 7]).unwrap();
    let output = wscale(&["analyze", "--format", "json", cut.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr).lines().count(), 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let capture = &report["captures"][0];
    assert_eq!(
        (capture["frames"].as_u64(), capture["flows"][0]["verdict"].as_str()),
        (Some(249), Some("stripped"))
    );
    assert!(capture["incomplete"].as_str().unwrap().contains("truncated"));
    let words = text(&wscale(&["analyze", cut.to_str().unwrap()]).stdout);
    assert!(words.contains("incomplete: "));
}

#[test]
fn a_closed_pipe_is_success() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["analyze", "--format", "json", &recording("syn-set0-download.client")])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn headers_are_enough_and_options_that_were_cut_off_are_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let judge = |name: &str, bytes: usize| {
        let cut = folder.path().join("cut.pcap");
        fs::write(&cut, snap(&fs::read(root().join(recording(name))).unwrap(), bytes)).unwrap();
        let output = wscale(&["analyze", "--format", "json", cut.to_str().unwrap()]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let flow = &report["captures"][0]["flows"][0];
        (flow["verdict"].clone(), flow["windows"]["client"]["offer"].clone())
    };
    // Without the offers the data of the healthy one still shows a shift, that of the other shows nothing.
    for (name, verdict, without) in
        [("syn-set0-download.client", "stripped", "unknown"), ("ok-download.client", "healthy", "unproven")]
    {
        // Ethernet 14, IPv4 20, TCP with all options 40.
        assert_eq!(judge(name, 74), (verdict.into(), "shift".into()));
        // 66 bytes hold every header but the end of the SYNs' options.
        assert_eq!(judge(name, 66), (without.into(), "unseen".into()));
    }
}

/// Cuts every frame of a little-endian pcap to `bytes`.
fn snap(capture: &[u8], bytes: usize) -> Vec<u8> {
    let (header, mut rest) = capture.split_at(24);
    let mut out = header.to_vec();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let kept = length.min(bytes);
        out.extend_from_slice(&rest[..8]);
        out.extend_from_slice(&u32::try_from(kept).unwrap().to_le_bytes());
        out.extend_from_slice(&rest[12..16 + kept]);
        rest = &rest[16 + length..];
    }
    out
}

#[test]
fn explain_lists_and_explains() {
    let list = text(&wscale(&["explain"]).stdout);
    golden("analyze", "explain.text", &list);
    let one = text(&wscale(&["explain", "ws001"]).stdout);
    for heading in ["What it means", "Evidence", "When it is harmless", "What to do"] {
        assert!(one.contains(heading), "{one}");
    }
    let output = wscale(&["explain", "WS999"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no rule 'WS999'"));
}
