//! The lab runs itself and interrupts itself: Ctrl-C must leave nothing behind either.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Starts a small run in a temporary directory of its own, ends it in the middle of a transfer and
/// looks at what it says and leaves.
pub(crate) fn survive() -> Result<()> {
    let directory = tempfile::Builder::new().prefix("wscale-lab-").tempdir()?;
    let mut lab = Command::new("/proc/self/exe")
        .args(["--no-interruption", "--exact", "syn-set0-download-s10"])
        .env("TMPDIR", directory.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = BufReader::new(lab.stdout.take().context("no output")?);
    let mut said = String::new();
    while !said.contains("at a time") && !said.contains("not run") && output.read_line(&mut said)? > 0 {}
    // By now the namespaces are being made; a moment later packets flow.
    thread::sleep(Duration::from_millis(700));
    kill(Pid::from_raw(i32::try_from(lab.id())?), Signal::SIGTERM).ok();
    output.read_to_string(&mut said)?;
    let status = lab.wait()?;
    if said.contains("not run") {
        return Ok(());
    }
    ensure!(status.code() == Some(128 + Signal::SIGTERM as i32), "{status}: {}", said.trim());
    let left: Vec<_> = fs::read_dir(directory.path())?.flatten().map(|entry| entry.path()).collect();
    ensure!(left.is_empty(), "files: {left:?}");
    Ok(())
}
