//! The command line: help, exit status, text.

use crate::report::wscale;

fn recordings(name: &str) -> [String; 2] {
    ["client", "server"]
        .map(|side| format!("{}/fixtures/recordings/{name}.{side}.pcap", env!("CARGO_MANIFEST_DIR")))
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn the_text_names_both_frames_and_who_believes_what() {
    let [client, server] = recordings("syn-set0-download");
    let output = wscale(&["compare", &client, &server]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for words in [
        "something sets the window scale of SYNs from 10 to 0",
        "WS007 copies-of-one-syn-differ, proven",
        "1 (SYN, wscale 10)",
        "1 (SYN, wscale 0)",
        "the client applies 10, the server believes 0: 63 means 64,512 B to the client and 63 B to the server",
        "1 pair by sequence numbers (proven)",
        "systematic",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
}

#[test]
fn the_short_help_fits_one_screen_and_the_long_one_is_the_manual() {
    let short = text(&wscale(&["compare", "-h"]).stdout);
    assert!(short.lines().count() <= 24, "{}", short.lines().count());
    let long = text(&wscale(&["compare", "--help"]).stdout);
    for words in ["Examples:", "Exit status:", "How to capture", "lan.pcap dmz.pcap wan.pcap"] {
        assert!(long.contains(words), "{words}");
    }
}

#[test]
fn errors_exit_with_2() {
    let [client, _] = recordings("ok-download");
    assert_eq!(wscale(&["compare", &client]).status.code(), Some(2), "one capture is not enough");
    let output = wscale(&["compare", &client, "missing.pcap"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("wscale: cannot open 'missing.pcap'"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_truncated_capture_is_compared_and_exits_with_2() {
    let [client, server] = recordings("syn-set0-download");
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("half.pcap");
    let bytes = std::fs::read(&client).unwrap();
    std::fs::write(&half, &bytes[..bytes.len() / 2 + 7]).unwrap();
    let output = wscale(&["compare", half.to_str().unwrap(), &server]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stdout);
    assert!(said.contains("incomplete:") && said.contains("WS007"), "{said}");
}

#[test]
fn a_filter_applies_to_all_captures() {
    let [client, server] = recordings("syn-set0-download");
    let output = wscale(&["compare", "--filter", "port 443", &client, &server]);
    assert!(text(&output.stdout).contains("no flow of one capture was found in the other"));
}

#[test]
fn formats_that_a_comparison_lacks_are_refused_before_it_is_read() {
    for format in ["jsonl", "junit", "sarif", "github", "markdown"] {
        let output =
            wscale(&["check", "--no-config", "--format", format, "--compare", "none.pcap", "nor.pcap"]);
        assert_eq!(output.status.code(), Some(2), "{format}");
        assert!(output.stdout.is_empty(), "{format}");
        let said = text(&output.stderr);
        let expected =
            format!("wscale: a comparison cannot be printed as {format}\nhint: one of text, json\n");
        assert_eq!(said, expected);
    }
    let to_file = ["check", "--no-config", "--format", "json", "--output", "report.json"];
    let output = wscale(&[to_file.as_slice(), &["--compare", "none.pcap", "nor.pcap"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("'--output <FILE>' cannot be used with '--compare"));
}

#[test]
fn check_gates_on_a_comparison() {
    let check = |name: &str, more: &[&str]| {
        let [client, server] = recordings(name);
        let arguments = [&["check", "--no-config"], more, &["--compare", &client, &server]].concat();
        wscale(&arguments).status.code()
    };
    assert_eq!(check("ok-download", &[]), Some(0));
    assert_eq!(check("syn-remove-download", &[]), Some(1), "neither capture alone proves it");
    assert_eq!(check("syn-remove-download", &["--fail-on", "WS005"]), Some(0));
    assert_eq!(check("fw-unscaled-download", &[]), Some(0), "possible is not likely");
    assert_eq!(check("fw-unscaled-download", &["--min-confidence", "possible"]), Some(1));
    assert_eq!(check("ok-download", &["--filter", "port 443"]), Some(2), "nothing to compare is no success");
    assert_eq!(check("ok-download", &["--filter", "port 443", "--allow-empty"]), Some(0));
    assert_eq!(check("ok-download", &["--require-scaling"]), Some(2));
    let json = {
        let [client, server] = recordings("w4-fw");
        wscale(&["check", "--no-config", "--format", "json", "--compare", &client, &server])
    };
    assert_eq!(json.status.code(), Some(1));
    assert!(serde_json::from_slice::<serde_json::Value>(&json.stdout).is_ok());
}

#[test]
fn a_check_of_a_comparison_ends_with_why_it_failed() {
    let check = |name: &str, more: &[&str]| {
        let [client, server] = recordings(name);
        let output = wscale(&[&["check", "--no-config"], more, &["--compare", &client, &server]].concat());
        text(&output.stdout).lines().last().unwrap_or_default().to_owned()
    };
    let failed = "check failed: 2 captures, 1 flow, 1 failing finding";
    assert_eq!(check("syn-set0-download", &[]), failed);
    let passed = "check passed: 2 captures, 1 flow, 0 failing findings";
    assert_eq!(check("ok-download", &[]), passed);
    assert_eq!(check("fw-unscaled-download", &[]), passed);
    assert_eq!(check("fw-unscaled-download", &["--min-confidence", "possible"]), failed);
    assert_eq!(
        check("ok-download", &["--filter", "port 443"]),
        "check incomplete: 2 captures, 0 flows, 0 failing findings, 1 error"
    );
    let help = text(&wscale(&["check", "--help"]).stdout);
    assert!(help.contains("A comparison is printed as text or json only."), "{help}");
}

#[test]
fn one_capture_given_twice_is_no_comparison() {
    let [client, server] = recordings("ok-download");
    let again = client.replace("/recordings/", "/recordings/../recordings/");
    for files in [[&client, &server, &client], [&server, &client, &again]] {
        for command in [&["compare"][..], &["check", "--no-config", "--compare"]] {
            let files = files.map(String::as_str);
            let output = wscale(&[command, files.as_slice()].concat());
            assert_eq!(output.status.code(), Some(2));
            assert!(output.stdout.is_empty());
            let expected =
                format!("wscale: '{}' is given twice\nhint: one capture from each side\n", files[2]);
            assert_eq!(text(&output.stderr), expected);
        }
    }
    let output = wscale(&["compare", "-", "-"]);
    assert_eq!(text(&output.stderr), "wscale: '-' is given twice\nhint: one capture from each side\n");
}
