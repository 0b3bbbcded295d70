//! Names that try to act on whoever reads the report, disks that are full, readers that go away, and a folder
//! full of rubbish.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "support/skipped.rs"]
mod skipped;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const FORMATS: [&str; 7] = ["text", "json", "jsonl", "junit", "sarif", "github", "markdown"];

/// Escape sequences, line breaks, a workflow command, markup, a formula, an end of CDATA, text that runs
/// backwards.
const NAME: &str = "=cmd|' \u{1b}[31m\u{9b}2J\r\n::error::x\n<b>&amp;]]>\u{202e}`|*.pcap";

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(format!("{name}.pcap"))
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(arguments).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Whether a character could act on a terminal or turn text around.
fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn a_name_acts_on_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    fs::copy(recording("syn-set0-download.client"), &path).unwrap();
    let missing = folder.path().join(format!("missing {NAME}"));
    for command in ["analyze", "check"] {
        for format in FORMATS {
            let output =
                run(&[command, "--format", format, path.to_str().unwrap(), missing.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(2));
            for (stream, bytes) in [("output", &output.stdout), ("errors", &output.stderr)] {
                let written = text(bytes);
                assert!(!written.is_empty(), "{command} {format}: no {stream}");
                let acting: String = written.chars().filter(|&character| acts(character)).collect();
                assert_eq!(acting, "", "{command} --format {format}: {stream}");
                let injected =
                    written.lines().any(|line| line.starts_with("::error::x") || line.starts_with('='));
                assert!(!injected, "{command} --format {format}: {stream}\n{written}");
            }
            let written = text(&output.stdout);
            match format {
                "json" | "sarif" => drop(serde_json::from_str::<serde_json::Value>(&written).unwrap()),
                "junit" => assert!(!written.contains("<b>"), "{written}"),
                _ => {}
            }
        }
    }
}

#[test]
fn a_full_disk_is_an_error_in_every_format() {
    let capture = recording("syn-set0-download.client");
    for format in FORMATS {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(&["analyze", "--format", format, capture.to_str().unwrap()])
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{format}");
        assert!(text(&output.stderr).contains("No space left on device"), "{format}");
    }
}

/// Runs a script in a mount namespace with `folder` as its working directory; `None` where that is not allowed.
fn in_namespace(folder: &Path, script: &str) -> Option<Output> {
    let output = Command::new("unshare")
        .args([
            "--mount",
            "sh",
            "-c",
            &format!("mount -t tmpfs -o size=8k none . && cd \"$PWD\" && {script}"),
        ])
        .current_dir(folder)
        .env("WSCALE", env!("CARGO_BIN_EXE_wscale"))
        .env("CAPTURE", recording("syn-set0-download.client"))
        .output();
    match output {
        Ok(output)
            if !text(&output.stderr).contains("unshare:") && !text(&output.stderr).contains("mount:") =>
        {
            Some(output)
        }
        _ => {
            skipped::not_run("reports on a full disk", "no right to mount a small file system");
            None
        }
    }
}

#[test]
fn no_half_file_is_left_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        head -c 8192 /dev/zero > filler 2>/dev/null
        "$WSCALE" check --format sarif --output report.sarif "$CAPTURE"
        echo "status $?"; ls -A"#;
    let Some(output) = in_namespace(folder.path(), script) else { return };
    assert_eq!(text(&output.stdout), "status 2\nfiller\n", "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
}

#[test]
fn a_saved_capture_that_filled_the_disk_says_that_it_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        "$WSCALE" live --write saved.pcap - < "$CAPTURE" > /dev/null; echo "status $?"
        "$WSCALE" analyze saved.pcap; echo "status $?""#;
    let Some(output) = in_namespace(folder.path(), script) else { return };
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(said.starts_with("status 2\nsaved.pcap: ") && said.ends_with("\nstatus 2\n"), "{said}");
    assert!(said.contains("\nincomplete: "), "{said}");
    assert!(errors.starts_with("wscale: cannot write the capture: No space left on device"), "{errors}");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        mount -o remount,ro . && "$WSCALE" check --format sarif --output report.sarif "$CAPTURE"
        echo "status $?"; ls -A"#;
    let Some(output) = in_namespace(folder.path(), script) else { return };
    assert_eq!(text(&output.stdout), "status 2\n", "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let all = recording("ok-download.client").parent().unwrap().to_owned();
    let all = all.to_str().unwrap();
    let one = recording("ok-download.client");
    let one = one.to_str().unwrap();
    for arguments in [
        &["analyze", "--format", "json", all][..],
        &["analyze", all],
        &["windows", one],
        &["explain", "WS001"],
        &["--help"],
    ] {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_thousand_corrupt_files_are_a_thousand_errors() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(recording("syn-set0-download.client")).unwrap();
    for number in 0..1000 {
        // Cut in the middle of a frame, a header that is none, or an impossible length.
        let bytes = match number % 3 {
            0 => whole[..2000 + number].to_vec(),
            1 => [b"\xd4\xc3\xb2\xa1", &b"rubbish "[..]].concat(),
            _ => [&whole[..32], &[0xff; 400][..]].concat(),
        };
        fs::write(folder.path().join(format!("{number:04}.pcap")), bytes).unwrap();
    }
    let output = run(&["check", "--format", "json", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(errors.lines().count() >= 900, "{} lines", errors.lines().count());
    assert!(
        errors.lines().all(|line| line.starts_with("wscale: ") || line.starts_with("hint: ")),
        "{errors}"
    );
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["captures"].as_array().unwrap().len() >= 300);
}

#[test]
fn what_was_saved_before_a_kill_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.pcap");
    let mut child = command(&["live", "--write", saved.to_str().unwrap(), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let capture = fs::read(recording("ok-download.client")).unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&capture[..40_001]).unwrap();
    input.flush().unwrap();
    wait_for(&mut child, || fs::metadata(&saved).is_ok_and(|metadata| metadata.len() > 1000));
    child.kill().unwrap();
    child.wait().unwrap();
    let output = run(&["analyze", "--format", "json", saved.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["captures"][0]["frames"].as_u64().unwrap() > 10);
}

#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let (capture, link) = (recording("syn-set0-download.client"), link.to_str().unwrap());
    let capture = capture.to_str().unwrap();
    for arguments in [
        &["live", "--write", link, "-"][..],
        &["plot", "--flow", "0", "--output", link, capture],
        &["check", "--format", "sarif", "--output", link, capture],
        &["check", "--write-baseline", link, capture],
    ] {
        let output = command(arguments).stdin(fs::File::open(capture).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("link"), "{arguments:?}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{arguments:?}");
    }
}

fn wait_for(child: &mut Child, mut condition: impl FnMut() -> bool) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing was saved");
}

#[test]
fn a_damaged_policy_is_one_line_and_status_2() {
    const POLICY: &str =
        "fail-on = [\"problem\", \"WS101\"]\nmin-confidence = \"likely\"\nallow-empty = true\n";
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let capture = recording("rr-ok.client");
    for end in 0..POLICY.len() {
        let mut damaged = POLICY.as_bytes().to_vec();
        damaged[end] ^= 0x55;
        for bytes in [&POLICY.as_bytes()[..end], &damaged] {
            fs::write(&policy, bytes).unwrap();
            let output = run(&["check", "--config", policy.to_str().unwrap(), capture.to_str().unwrap()]);
            let said = text(&output.stderr);
            assert!(matches!(output.status.code(), Some(0..=2)), "{said}");
            assert!(!said.contains("panicked") && said.chars().all(|character| !acts(character)), "{said}");
        }
    }
}
