//! `--metrics`: what Prometheus reads is what was judged, and whoever asks holds nothing up.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::namespaces::{Path3, are_possible};
use crate::program::Live;
use crate::support;
use crate::traffic::inside;

pub(crate) fn ask(address: SocketAddr, path: &str) -> Option<String> {
    let mut server = TcpStream::connect(address).ok()?;
    write!(server, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    Some(answer)
}

#[test]
fn prometheus_reads_what_was_judged() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.args(["live", "--format", "jsonl", "--metrics", "0", "-"]);
    let mut live = Live::spawn(command.stdin(Stdio::piped()));
    let recordings = support::fixtures().join("recordings");
    let bytes = fs::read(recordings.join("syn-set0-download.client.pcap")).unwrap();
    let mut stdin = live.stdin();
    stdin.write_all(&bytes).unwrap();
    stdin.flush().unwrap();
    // Somebody who connects and says nothing delays others who ask, by a second, and no verdict.
    let began = Instant::now();
    let address = loop {
        match live.listens_at() {
            Some(address) => break address,
            None => thread::sleep(Duration::from_millis(20)),
        }
        assert!(began.elapsed() < Duration::from_secs(20), "nothing listens");
    };
    let silent = TcpStream::connect(address).unwrap();
    assert!(live.wait_for(Duration::from_secs(20), |line| line["severity"] == "problem").is_some());
    let finding = "wscale_findings_total{code=\"WS001\",severity=\"problem\",confidence=\"proven\"} 1";
    let answer = loop {
        let answer = ask(address, "/metrics").unwrap();
        if answer.contains(finding) && answer.contains("wscale_frames_total 250") {
            break answer;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{answer}");
    };
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("# EOF\n"), "{answer}");
    assert!(
        !answer.contains("wscale_dropped_frames_total"),
        "a pipe does not tell: unknown is not zero: {answer}"
    );
    for verdict in ["healthy", "off", "unproven", "unknown", "suspect", "blocked", "stripped"] {
        let none = format!("wscale_flows_total{{verdict=\"{verdict}\"}} 0\n");
        assert!(answer.contains(&none), "no flow is over: {answer}");
    }
    assert!(ask(address, "/").unwrap().starts_with("HTTP/1.1 404 "));
    drop(silent);
    drop(stdin);
    live.end().assert_success();
}

#[test]
fn an_interface_tells_what_was_dropped() {
    if !are_possible("the metrics of an interface") {
        return;
    }
    let path = Path3::new();
    let live = Live::start(&path.client(), &["-i", "c", "--metrics", "0"]);
    let address = live.listens_at().unwrap();
    let answer = inside(&path.client(), move || ask(address, "/metrics").unwrap());
    assert!(answer.contains("wscale_dropped_frames_total 0\n"), "{answer}");
    live.interrupt().assert_success();
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["live", "--metrics", &address, "-"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot serve metrics on {address}")), "{said}");
}
