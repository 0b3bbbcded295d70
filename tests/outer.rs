//! What is around the innermost packet, as a user sees it: tags and tunnels of every fixture that has them.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/support.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use golden::golden;
use serde_json::Value;

/// Runs `wscale analyze` on a text fixture that is compiled into `folder`.
fn analyze(folder: &Path, fixture: &Path, arguments: &[&str]) -> String {
    let name = support::name(fixture);
    let capture = support::compile_file(fixture).capture;
    fs::write(folder.join(&name), capture.bytes()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .arg("analyze")
        .args(arguments)
        .arg(&name)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_tag_and_tunnel_of_the_fixtures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for fixture in support::files("text", "txt") {
        let answer = analyze(folder.path(), &fixture, &["--format", "json"]);
        let document: Value = serde_json::from_str(&answer).unwrap();
        for flow in document["captures"][0]["flows"].as_array().into_iter().flatten() {
            let outer = &flow["outer"];
            if !outer.is_null() {
                writeln!(lines, "{} {} {outer}", support::name(&fixture), flow["index"]).unwrap();
            }
        }
    }
    golden("outer", "layers.txt", &lines);
}

#[test]
fn one_flow_in_full_says_what_is_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let details = |name: &str| {
        let fixture = support::fixtures().join("text").join(format!("{name}.txt"));
        analyze(folder.path(), &fixture, &["--flow", "0"])
    };
    let block = "\n\ntags and tunnels around the packets, by their sender\n";
    let tunnel = details("encap-udp");
    let there_and_back = "  client    IP 203.0.113.1 > 203.0.113.2, VXLAN 42\n  \
                          server    IP 203.0.113.2 > 203.0.113.1, VXLAN 42\n\n";
    assert!(tunnel.contains(&format!("{block}{there_and_back}")), "{tunnel}");
    let plain = details("encap-link-ppp");
    assert!(plain.contains("the client's window, which") && !plain.contains(block), "{plain}");
}
