//! What ends a capture, or a flow: limits, signals, silence, and a reader who goes away.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::capture::records;
use crate::metrics::ask;
use crate::namespaces::{Path3, are_possible, filter};
use crate::program::Live;
use crate::traffic::{connect, download, inside, serve};

#[test]
fn a_number_of_frames_ends_the_capture() {
    if !are_possible("the end after a number of frames") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("count.pcap");
    let live = Live::start(&path.client(), &["-i", "c", "--count", "25", "--write", file.to_str().unwrap()]);
    let mut stream = connect(&path.client());
    download(&mut stream, 500_000);
    let outcome = live.end();
    outcome.assert_success();
    assert_eq!(outcome.of("capture")[0]["frames"], 25);
    assert_eq!(records(&file).len(), 25);
}

#[test]
fn time_and_sigterm_end_the_capture_with_its_report() {
    if !are_possible("the end after a time, and by SIGTERM") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let mut stream = connect(&path.client());
    let timed = Live::start(&path.client(), &["-i", "c", "--duration", "1500ms"]);
    let told = Live::start(&path.client(), &["-i", "c"]);
    let began = Instant::now();
    download(&mut stream, 500_000);
    let outcome = timed.end();
    outcome.assert_success();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(outcome.of("flow").len(), 1);
    told.signal(Signal::SIGTERM);
    let outcome = told.end();
    outcome.assert_success();
    assert_eq!(outcome.of("flow").len(), 1);
    assert!(outcome.of("capture")[0]["incomplete"].is_null());
}

#[test]
fn a_silent_flow_is_over_while_the_capture_goes_on() {
    if !are_possible("a flow that falls silent") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let live = Live::start(&path.client(), &["-i", "c", "--idle", "1s", "--metrics", "0"]);
    let mut stream = connect(&path.client());
    download(&mut stream, 500_000);
    let over = live.wait_for(Duration::from_secs(20), |line| line["type"] == "flow");
    let (_, flow) = over.expect("the flow was not over after 20 seconds of silence");
    assert_eq!(flow["verdict"], "healthy", "{flow}");
    let address = live.listens_at().unwrap();
    let answer = inside(&path.client(), move || ask(address, "/metrics").unwrap());
    assert!(answer.contains("wscale_flows_total{verdict=\"healthy\"} 1\n"), "{answer}");
    live.interrupt().assert_success();
}

#[test]
fn a_reader_who_goes_away_ends_the_capture_well() {
    if !are_possible("a reader who goes away") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn|ack reset tcp option window");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &path.client(), env!("CARGO_BIN_EXE_wscale"), "live", "-i", "c"]);
    let mut live = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(live.stdout.take());
    let began = Instant::now();
    // Every connection is a finding to print.
    while live.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(10) {
        let mut stream = connect(&path.client());
        download(&mut stream, 10_000);
        thread::sleep(Duration::from_millis(100));
    }
    if live.try_wait().unwrap().is_none() {
        live.kill().unwrap();
        panic!("it went on for nobody");
    }
    let output = live.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
