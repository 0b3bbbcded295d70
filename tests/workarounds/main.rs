//! `wscale workarounds`: what it prints, and that real kernels agree with it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the lab lives in real time")]

mod cures;
mod from_report;
mod golden;
mod kernel;
mod namespace;
mod odd_proc;
mod undo;

#[path = "../support/skipped.rs"]
mod skipped;

// The lab's hosts and boxes; it has more in it than the cures need.
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/faults.rs"]
mod faults;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/forwarder.rs"]
mod forwarder;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/frame.rs"]
mod frame;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/namespaces.rs"]
mod namespaces;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/scenario.rs"]
mod scenario;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/topology.rs"]
mod topology;
#[allow(dead_code, clippy::cast_precision_loss, clippy::unnecessary_to_owned, reason = "as in the lab")]
#[path = "../lab/traffic.rs"]
mod traffic;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A file below fixtures/.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Runs `wscale workarounds` on a fixture of /proc.
fn workarounds(proc_root: &str, arguments: &[&str]) -> Output {
    let root = fixture("proc").join(proc_root);
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.arg("workarounds").arg("--proc-root").arg(root).args(arguments).output().unwrap()
}

/// Its standard output, which must have come with exit status 0.
fn printed(proc_root: &str, arguments: &[&str]) -> String {
    let output = workarounds(proc_root, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Words with single spaces, so that a test does not depend on where lines break.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs a command with `input` on its standard input.
fn fed(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
