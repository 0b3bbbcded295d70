//! Faults on the path, made by the packet filter of the router: what each side of it says, and when.

use std::thread;
use std::time::{Duration, Instant};

use crate::capture::records;
use crate::namespaces::{Path3, are_possible, filter};
use crate::program::Live;
use crate::traffic::{connect, download, serve};

#[test]
fn both_sides_of_a_box_that_blanks_the_option_of_syn_acks_say_where_it_is() {
    if !are_possible("a box that blanks the option of SYN-ACKs") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn|ack reset tcp option window");
    let folder = tempfile::tempdir().unwrap();
    let evidence = folder.path().join("evidence");
    let near_client =
        Live::start(&path.client(), &["-i", "c", "--write-findings", evidence.to_str().unwrap()]);
    let near_server = Live::start(&path.server(), &["-i", "s"]);
    let mut stream = connect(&path.client());
    let began = Instant::now();
    // The transfer goes on until both have spoken.
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let transfer = thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            download(&mut stream, 10_000);
            thread::sleep(Duration::from_millis(5));
        }
        stream
    });
    for (live, code) in [(&near_client, "WS002"), (&near_server, "WS003")] {
        let found = live.wait_for(Duration::from_secs(20), |line| line["code"] == code);
        let (when, finding) = found.unwrap_or_else(|| panic!("{code} was not found"));
        assert_eq!(finding["window_of"], if code == "WS002" { "server" } else { "client" });
        assert_eq!(finding["box"], if code == "WS002" { "server-side" } else { "client-side" });
        let after = when.duration_since(began);
        eprintln!("{code} while the transfer ran, {after:.1?} after the handshake");
        assert!(after < Duration::from_secs(5), "{code} only after {after:?}");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    drop(transfer.join().unwrap());
    near_client.interrupt().assert_success();
    near_server.interrupt().assert_success();
    let files: Vec<_> = std::fs::read_dir(&evidence).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let frames = records(&files[0]).len();
    assert!((3..600).contains(&frames), "the evidence has {frames} frames");
}

#[test]
fn the_first_problem_ends_the_capture_when_asked_to() {
    if !are_possible("the end at the first problem") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn|ack reset tcp option window");
    let live = Live::start(&path.client(), &["-i", "any", "--until-finding"]);
    let mut stream = connect(&path.client());
    download(&mut stream, 10_000);
    let outcome = live.end();
    outcome.assert_success();
    assert!(outcome.of("finding").iter().any(|finding| finding["severity"] == "problem"));
    assert_eq!(outcome.of("flow")[0]["verdict"], "stripped");
}
