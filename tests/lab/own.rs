//! wscale's own capture code, beside tcpdump: `wscale live --write` on the same interface, so that a
//! cell is judged from what either saved, by what was said while the transfer ran, and by whether both
//! saw the same frames.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::capture::SNAP_BYTES;
use crate::judge::Verdict;
use crate::namespaces::{Namespace, join};
use crate::promptness::Report;

/// The kernel hands frames over in batches, the last of them after this time at the latest.
pub(crate) const BATCH: Duration = Duration::from_millis(150);

/// A running `wscale live`.
pub(crate) struct Own {
    child: Child,
    file: PathBuf,
    lines: JoinHandle<Result<Vec<(u64, Value)>>>,
}

/// What it saved and said.
pub(crate) struct Seen {
    pub(crate) file: PathBuf,
    /// Frames that it lost, by its own account.
    pub(crate) dropped: u64,
    /// The verdict at the end, and every finding that was reported on the way there.
    pub(crate) said: Result<Verdict>,
    /// When it reported them.
    pub(crate) reports: Vec<Report>,
}

impl Own {
    /// Captures `lab0` of a namespace to `file`, once this returns.
    pub(crate) fn start(space: &Namespace, file: &Path, user_namespace: bool) -> Result<Self> {
        let mut argv: Vec<String> = [env!("CARGO_BIN_EXE_wscale"), "live", "-i", "lab0", "--format", "jsonl"]
            .map(str::to_owned)
            .into();
        argv.extend(["--snaplen".to_owned(), SNAP_BYTES.to_string()]);
        argv.extend(["--write".to_owned(), file.display().to_string()]);
        if user_namespace {
            // There is no other user to become.
            argv.extend(["--user".to_owned(), "root".to_owned()]);
        }
        argv.push("tcp".to_owned());
        let mut child = space.start(argv)?;
        let output = child.stdout.take().context("no standard output")?;
        let lines =
            thread::spawn(move || BufReader::new(output).lines().map(|line| stamped(&line?)).collect());
        let patience = Instant::now() + Duration::from_secs(20);
        // The header is written once the capture is open and the privileges are gone.
        while fs::metadata(file).map_or(0, |file| file.len()) == 0 {
            if child.try_wait()?.is_some() || Instant::now() > patience {
                child.kill().ok();
                let mut said = String::new();
                child.stderr.take().context("no standard error")?.read_to_string(&mut said)?;
                bail!("wscale live does not capture: {}", said.trim());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(Self { child, file: file.to_owned(), lines })
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn stop(self) -> Result<Seen> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGINT)?;
        let output = self.child.wait_with_output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wscale live: {}: {}", output.status, errors.trim());
        let lines = join(self.lines)?;
        let of = |kind: &'static str| {
            lines.iter().filter(move |(_, line)| line.get("type").is_some_and(|word| word == kind))
        };
        let dropped = of("capture").next().and_then(|(_, capture)| capture.get("dropped")?.as_u64());
        let said = match of("flow").collect::<Vec<_>>().as_slice() {
            [(_, flow)] => Ok(Verdict::new(flow, of("finding").map(|(_, finding)| finding))),
            flows => Err(anyhow!("wscale live saw {} flows instead of one", flows.len())),
        };
        let reports = of("finding").map(|(at_us, finding)| Report::new(*at_us, finding)).collect();
        let dropped = dropped.context("wscale live counts no drops")?;
        Ok(Seen { file: self.file, dropped, said, reports })
    }
}

/// A line of JSON, and when it was read: it is flushed as soon as it is known.
fn stamped(line: &str) -> Result<(u64, Value)> {
    let at_us = u64::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_micros())?;
    Ok((at_us, serde_json::from_str(line).context("wscale's JSON Lines")?))
}
