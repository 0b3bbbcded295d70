//! `--from`: only what cures the findings on the end that this host is.

use std::process::Command;

use crate::{fed, fixture, json, printed, unwrapped, workarounds};

const RECEIVER: [&str; 6] =
    ["repair-box", "route-window", "nftables", "socket-option", "buffers", "scaling-off"];
const SENDER: [&str; 3] = ["repair-box", "nftables", "scaling-off"];

fn report(name: &str) -> String {
    fixture(&format!("workarounds/{name}.report.json")).to_str().unwrap().to_owned()
}

fn answer(name: &str, arguments: &[&str]) -> serde_json::Value {
    let path = report(name);
    json(&printed("linux-6.18", &[&["--format", "json", "--from", &path], arguments].concat()))
}

fn options(answer: &serde_json::Value) -> Vec<&str> {
    answer["options"].as_array().unwrap().iter().map(|option| option["id"].as_str().unwrap()).collect()
}

#[test]
fn the_receiver_of_the_slow_data_gets_every_option() {
    for name in ["client-download", "server-upload"] {
        let answer = answer(name, &[]);
        assert_eq!(options(&answer), RECEIVER, "{name}");
        assert_eq!(answer["elsewhere"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn the_sender_gets_what_works_there_and_is_sent_to_the_other_host() {
    for (name, other) in [("server-download", "198.51.100.7"), ("client-upload", "198.51.100.7")] {
        let answer = answer(name, &[]);
        assert_eq!(options(&answer), SENDER, "{name}");
        let elsewhere = answer["elsewhere"][0].as_str().unwrap();
        assert!(elsewhere.contains(&format!("belongs on the other host, {other}")), "{elsewhere}");
        assert!(elsewhere.contains("wscale workarounds --peer 192.0.2.1 --role"), "{elsewhere}");
        let text = unwrapped(&printed("linux-6.18", &["--from", &report(name)]));
        assert!(text.contains("belongs on the other host"), "{text}");
    }
}

#[test]
fn the_client_filters_its_output_and_the_server_its_input() {
    for (name, hook) in [("client-download", "output"), ("server-download", "input")] {
        let answer = answer(name, &["--option", "nftables"]);
        let commands = answer["options"][0]["run"].to_string();
        let other = if hook == "output" { "input" } else { "output" };
        assert!(commands.contains(hook) && !commands.contains(other), "{name}: {commands}");
    }
}

#[test]
fn what_cures_needs_no_scaling() {
    for name in ["client-download", "client-blocked"] {
        let answer = answer(name, &[]);
        assert_eq!(options(&answer), RECEIVER);
        for option in answer["options"].as_array().unwrap() {
            if option["id"] != "repair-box" {
                assert!(matches!(option["predicted_shift"].as_u64(), None | Some(0)), "{option}");
            }
        }
    }
    let eased = answer("client-blocked", &["--max-shift", "2", "--option", "buffers"]);
    assert!(eased["options"][0]["works"].as_str().unwrap().contains("eases"));
}

#[test]
fn a_bystander_gets_no_commands_but_the_way_to_the_right_host() {
    let answer = answer("bystander", &[]);
    assert_eq!(options(&answer), [""; 0]);
    assert!(answer["warnings"][0].as_str().unwrap().contains("--role"));
    assert!(answer["elsewhere"][0].as_str().unwrap().contains("203.0.113.1 (the client"));
}

#[test]
fn the_role_is_believed_before_the_addresses() {
    assert_eq!(options(&answer("bystander", &["--role", "client"])), RECEIVER);
    assert_eq!(options(&answer("bystander", &["--role", "server"])), SENDER);
}

#[test]
fn a_peer_narrows_the_report() {
    assert_eq!(options(&answer("client-download", &["--peer", "198.51.100.7"])), RECEIVER);
    assert_eq!(options(&answer("client-download", &["--peer", "198.51.100.8"])), [""; 0]);
}

#[test]
fn consistent_absence_is_nothing_to_cure() {
    let answer = answer("off", &[]);
    assert_eq!(options(&answer), [""; 0]);
    assert!(answer["warnings"][0].as_str().unwrap().contains("WS101"));
}

#[test]
fn a_report_comes_on_standard_input_too() {
    let text = std::fs::read_to_string(report("client-download")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(["workarounds", "--format", "json", "--from", "-", "--proc-root"]);
    let output = fed(command.arg(fixture("proc/linux-6.18")), &text);
    assert_eq!(options(&json(&String::from_utf8_lossy(&output.stdout))), RECEIVER);
}

/// The answer to what another command says of recordings, for the end that `role` names.
fn cured(command: &[&str], recordings: &[&str], role: &str) -> serde_json::Value {
    let mut reporter = Command::new(env!("CARGO_BIN_EXE_wscale"));
    let paths = recordings.iter().map(|recording| fixture(&format!("recordings/{recording}.pcap")));
    let report = reporter.args(command).args(paths).output().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(["workarounds", "--format", "json", "--from", "-", "--role", role, "--proc-root"]);
    let output = fed(command.arg(fixture("proc/linux-6.18")), &String::from_utf8(report.stdout).unwrap());
    assert!(output.status.success(), "{recordings:?}: {}", String::from_utf8_lossy(&output.stderr));
    json(&String::from_utf8_lossy(&output.stdout))
}

/// What `analyze` says of a recording, for the end that `role` names.
fn analyzed(recording: &str, format: &str, role: &str) -> serde_json::Value {
    cured(&["analyze", "--format", format], &[recording], role)
}

#[test]
fn the_reports_of_analyze_lead_to_the_receiver_of_the_slow_data() {
    for format in ["json", "jsonl"] {
        for (recording, receiver, sender) in [
            ("syn-set0-download.client", "client", "server"),
            ("syn-set0-download.server", "client", "server"),
            ("synack-set0-upload.client", "server", "client"),
            ("synack-set0-upload.server", "server", "client"),
            ("synack-nop-upload.client", "server", "client"),
        ] {
            let there = analyzed(recording, format, receiver);
            assert_eq!(options(&there), RECEIVER, "{recording} {format}: {}", there["faults"]);
            let elsewhere = analyzed(recording, format, sender);
            assert_eq!(options(&elsewhere), SENDER, "{recording} {format}: {}", elsewhere["faults"]);
            assert!(elsewhere["elsewhere"].to_string().contains(&format!("the {receiver}, which receives")));
        }
        for healthy in ["ok-download.client", "ok-upload.server"] {
            assert_eq!(options(&analyzed(healthy, format, "client")), [""; 0], "{healthy}");
        }
    }
}

#[test]
fn the_reports_of_compare_lead_to_the_receiver_of_the_slow_data() {
    for (name, receiver, sender) in [
        ("syn-set0-download", "client", "server"),
        ("w4-fw", "client", "server"),
        ("synack-set0-upload", "server", "client"),
        ("synack-nop-upload", "server", "client"),
    ] {
        let compared = |role: &str| {
            let pair = ["client", "server"].map(|side| format!("{name}.{side}"));
            cured(&["compare", "--format", "json"], &pair.each_ref().map(String::as_str), role)
        };
        let there = compared(receiver);
        assert_eq!(options(&there), RECEIVER, "{name}: {}", there["faults"]);
        let elsewhere = compared(sender);
        assert_eq!(options(&elsewhere), SENDER, "{name}: {}", elsewhere["faults"]);
    }
}

#[test]
fn a_report_without_faults_is_said_once() {
    let output = workarounds("linux-6.18", &["--from", &report("off")]);
    let said = [output.stdout, output.stderr].map(|stream| String::from_utf8(stream).unwrap()).concat();
    assert_eq!(said.matches("no fault that a workaround cures").count(), 1, "{said}");
    assert!(said.contains("the report holds 1 flow and no fault that a workaround cures"), "{said}");
}

#[test]
fn what_is_no_report_is_an_error_in_one_line() {
    let no_report = fixture("proc/README.md").to_str().unwrap().to_owned();
    for path in [no_report.as_str(), "/no/such/file", env!("CARGO_MANIFEST_DIR")] {
        let output = workarounds("linux-6.18", &["--from", path]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("wscale: cannot ") && stderr.lines().count() == 1, "{stderr}");
        assert!(!stderr.contains("os error"), "{stderr}");
    }
}

#[test]
fn usage_errors_are_errors() {
    for arguments in [
        ["--peer", "192.0.2.1;reboot"],
        ["--peer", "example.org"],
        ["--max-shift", "15"],
        ["--rtt", "0"],
        ["--rtt", "NaN"],
        ["--rtt", "inf"],
        ["--option", "all"],
        ["--format", "xml"],
        ["--role", "box"],
    ] {
        assert_eq!(workarounds("linux-6.18", &arguments).status.code(), Some(2), "{arguments:?}");
    }
}
