//! Finds the commit that is built, for `wscale --version`.
//!
//! WSCALE_COMMIT says it where nothing else can; a package of the registry names the commit that it was made of;
//! a clone asks git. Without an answer the version has no commit, and nothing fails.
//!
//! Debug builds do not ask git: what they are made of changes all the time, and every commit would build anew.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println("rerun-if-env-changed=WSCALE_COMMIT");
    println("rerun-if-changed=src/build.rs");
    let commit = env::var("WSCALE_COMMIT").ok().or_else(packaged).or_else(cloned);
    let short: Option<String> = commit
        .map(|commit| commit.trim().chars().take(12).collect())
        .filter(|commit: &String| commit.len() >= 7 && commit.chars().all(|c| c.is_ascii_hexdigit()));
    let commit = short.map(|commit| format!(" (commit {commit})")).unwrap_or_default();
    println(&format!("rustc-env=WSCALE_VERSION={}{commit}", env!("CARGO_PKG_VERSION")));
}

fn println(instruction: &str) {
    println!("cargo::{instruction}");
}

/// The commit in the file that `cargo package` adds.
fn packaged() -> Option<String> {
    const FILE: &str = ".cargo_vcs_info.json";
    let facts = std::fs::read_to_string(FILE).ok()?;
    // `cargo package` checks the package in the target directory of the clone: what it finds there must not stay.
    println(&format!("rerun-if-changed={FILE}"));
    let behind = facts.split("\"sha1\"").nth(1)?;
    behind.split('"').nth(1).map(str::to_owned)
}

/// The commit that is checked out here.
fn cloned() -> Option<String> {
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return None;
    }
    // Every commit and every checkout adds a line to this file.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println(&format!("rerun-if-changed={}", log.trim()));
    git(&["rev-parse", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let here = env::current_dir().ok()?;
    // Sources that were unpacked below a repository are not of its commit.
    let above = here.parent().unwrap_or(Path::new("/"));
    let output = Command::new("git").args(arguments).env("GIT_CEILING_DIRECTORIES", above).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
