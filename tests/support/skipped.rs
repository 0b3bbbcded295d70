//! What a machine cannot run is named, in one line; where `CI` is set it is a failure.

use std::io::{self, Write as _};

/// Says that `what` was not run and why. Not by `println!`: the test harness keeps that to itself while a test
/// passes.
pub(crate) fn not_run(what: &str, why: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must run this: {what}: {why}");
    io::stderr().write_all(format!("not run: {what}: {why}\n").as_bytes()).unwrap();
}
