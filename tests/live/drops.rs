//! Frames that the capture dropped: counted, said, and nothing is concluded from their absence.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::namespaces::{Path3, are_possible, must};
use crate::program::Live;
use crate::traffic::{connect, download, serve};

#[test]
fn drops_are_counted_and_accuse_nobody() {
    if !are_possible("a capture that drops frames") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    // Many small frames, a small buffer, and a process that does not read it for a while.
    must(&format!("ip -n {} link set s gso_max_segs 1", path.server()));
    let live = Live::start(&path.client(), &["-i", "c", "-B", "1"]);
    let mut stream = connect(&path.client());
    download(&mut stream, 1_000_000);
    live.signal(Signal::SIGSTOP);
    download(&mut stream, 60_000_000);
    live.signal(Signal::SIGCONT);
    download(&mut stream, 1_000_000);
    thread::sleep(Duration::from_millis(500));
    let outcome = live.interrupt();
    outcome.assert_success();
    let dropped = outcome.of("capture")[0]["dropped"].as_u64().unwrap();
    assert!(dropped > 0, "nothing was dropped");
    assert!(outcome.errors.contains("dropped"), "{}", outcome.errors);
    let sure = |finding: &&&serde_json::Value| {
        finding["severity"] == "problem" && finding["confidence"] != "possible"
    };
    let findings = outcome.of("finding");
    assert!(findings.iter().find(sure).is_none(), "{findings:?}");
    let flow = outcome.of("flow")[0];
    assert!(["healthy", "unproven", "suspect"].contains(&flow["verdict"].as_str().unwrap()), "{flow}");
    eprintln!("{dropped} frames dropped: {}", flow["verdict"]);
}
