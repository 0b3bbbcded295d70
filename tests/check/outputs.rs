//! Where reports go, and in which order.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::folder::{Folder, RECORDINGS, command};

const OK: &str = "ok-download.client.pcap";
const FAULT: &str = "syn-set0-download.client.pcap";

#[test]
fn one_run_writes_several_formats() {
    let folder = Folder::new();
    let several =
        ["--format", "github", "--format", "junit", "-o", "j.xml", "--format", "sarif", "-o", "s.json"];
    let answer = folder.check(&[&several[..], &[OK, FAULT]].concat());
    assert_eq!(answer.status, 1);
    for (format, report) in
        [("github", answer.stdout), ("junit", folder.read("j.xml")), ("sarif", folder.read("s.json"))]
    {
        assert_eq!(report, folder.check(&["--format", format, OK, FAULT]).stdout, "{format}");
    }
}

#[test]
fn without_a_report_on_standard_output_a_failure_is_said() {
    let folder = Folder::new();
    let answer = folder.check(&["--output", "report.txt", FAULT]);
    assert_eq!((answer.status, answer.stdout.as_str()), (1, ""));
    assert_eq!(answer.stderr, "wscale: 1 capture, 1 flow, 1 failing finding\n");
    assert!(folder.read("report.txt").contains("check failed"));
    let answer = folder.check(&["--output", "report.txt", OK]);
    assert_eq!((answer.status, answer.stderr.as_str()), (0, ""));
}

#[cfg(unix)]
#[test]
fn a_report_never_goes_through_a_link() {
    let folder = Folder::new();
    folder.write("victim", "precious");
    std::os::unix::fs::symlink(folder.path("victim"), folder.path("report.txt")).unwrap();
    for option in ["--output", "--write-baseline"] {
        let answer = folder.check(&[option, "report.txt", FAULT]);
        assert_eq!(answer.status, 2, "{}", answer.stderr);
        assert!(answer.stderr.contains("not a regular file"), "{}", answer.stderr);
    }
    assert_eq!(folder.read("victim"), "precious");
}

#[test]
fn many_captures_are_reported_in_the_order_given() {
    let folder = Folder::new();
    let mut files: Vec<String> = Vec::new();
    for round in 0..8 {
        for name in RECORDINGS.iter().rev() {
            let file = format!("{round}-{name}.pcap");
            fs::copy(folder.path(&format!("{name}.pcap")), folder.path(&file)).unwrap();
            files.push(file);
        }
    }
    let mut arguments = vec!["--fail-on", "never", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let report: serde_json::Value = serde_json::from_str(&folder.check(&arguments).stdout).unwrap();
    let sources =
        report["captures"].as_array().unwrap().iter().map(|capture| capture["source"].as_str().unwrap());
    assert!(sources.eq(files.iter().map(String::as_str)));
}

#[test]
fn a_reader_that_goes_away_does_not_make_the_check_pass() {
    let folder = Folder::new();
    let mut arguments = vec!["--format", "json", "--format", "junit", "-o", "j.xml"];
    arguments.extend([OK; 40]);
    arguments.push(FAULT);
    let mut child = command(&folder.path(""))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(folder.read("j.xml").contains("failures=\"1\""));
}

#[test]
fn standard_input_can_be_checked() {
    let folder = Folder::new();
    let file = fs::File::open(folder.path(FAULT)).unwrap();
    let output = command(&folder.path("")).arg("-").stdin(file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
