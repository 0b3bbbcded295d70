//! What the kernel of an end says: for flows that began before the capture, and against the wire.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::namespaces::{Path3, are_possible, filter};
use crate::program::Live;
use crate::traffic::{connect, download, inside, serve};

#[test]
fn a_flow_that_began_before_the_capture_is_judged_with_the_kernels_shifts() {
    if !are_possible("a flow that began before the capture") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let mut stream = connect(&path.client());
    for (name, interface) in [(path.client(), "c"), (path.server(), "s")] {
        let live = Live::start(&name, &["-i", interface]);
        for _ in 0..5 {
            download(&mut stream, 1_000_000);
            thread::sleep(Duration::from_millis(300));
        }
        let outcome = live.interrupt();
        outcome.assert_success();
        let flows = outcome.of("flow");
        assert_eq!(flows.len(), 1);
        let flow = flows[0];
        assert_eq!(flow["handshake"], "missing");
        for side in ["client", "server"] {
            assert_eq!(flow["windows"][side]["offer"], "unseen");
            assert_eq!(flow["windows"][side]["shift_source"], "kernel", "{flow}");
            assert!(flow["windows"][side]["declared_shift"].as_u64().unwrap() > 0);
        }
        assert_eq!(flow["verdict"], "healthy", "{flow}");
    }
}

#[test]
fn a_filter_between_the_kernel_and_its_interface_is_found() {
    if !are_possible("a filter between a kernel and its interface") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    filter(&path.server(), "output", "tcp flags & (syn|ack) == syn|ack reset tcp option window");
    let live = Live::start(&path.server(), &["-i", "s"]);
    let mut stream = connect(&path.client());
    download(&mut stream, 20_000);
    let found = live.wait_for(Duration::from_secs(20), |line| line["code"] == "WS009");
    let (_, finding) = found.expect("the kernel scales, the SYN-ACK on its interface says that it does not");
    assert_eq!(finding["confidence"], "proven");
    assert_eq!(finding["box"], "server-side");
    drop(stream);
    live.interrupt().assert_success();
}

#[test]
fn a_connect_that_takes_several_syns_is_no_disagreement() {
    if !are_possible("a connect that takes several SYNs") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    // Three SYNs of 60 bytes: enough to be judged, while the kernel has agreed on nothing yet.
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn quota until 190 bytes drop");
    let live = Live::start(&path.client(), &["-i", "c"]);
    let mut stream = connect(&path.client());
    download(&mut stream, 3_000_000);
    thread::sleep(Duration::from_millis(500));
    let outcome = live.interrupt();
    outcome.assert_success();
    let findings = outcome.of("finding");
    assert!(findings.iter().all(|finding| finding["code"] != "WS009"), "{findings:?}");
    let flow = outcome.of("flow")[0];
    assert_eq!(flow["verdict"], "healthy", "{flow}");
}

#[test]
fn a_connect_without_an_answer_says_nothing_of_scaling() {
    if !are_possible("a connect without an answer") {
        return;
    }
    let path = Path3::new();
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn drop");
    let live = Live::start(&path.client(), &["-i", "c"]);
    inside(&path.client(), || {
        TcpStream::connect_timeout(&"10.8.2.1:8080".parse().unwrap(), Duration::from_millis(3500))
            .unwrap_err()
    });
    let outcome = live.interrupt();
    outcome.assert_success();
    let flow = outcome.of("flow")[0];
    assert!(flow["frames"].as_u64().unwrap() > 2 && flow["verdict"] == "unknown", "{flow}");
}
