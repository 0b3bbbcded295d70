//! wscale's own capture code, beside tcpdump: `wscale live --write` on the same interface, so that a
//! cell is judged from what either saved, by what was said while the transfer ran, and by whether both
//! saw the same frames.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::capture::SNAP_BYTES;
use crate::judge::Verdict;
use crate::namespaces::Namespace;

/// The kernel hands frames over in batches, the last of them after this time at the latest.
pub(crate) const BATCH: Duration = Duration::from_millis(150);

/// A running `wscale live`.
pub(crate) struct Own {
    child: Child,
    file: PathBuf,
}

/// What it saved and said.
pub(crate) struct Seen {
    pub(crate) file: PathBuf,
    /// Frames that it lost, by its own account.
    pub(crate) dropped: u64,
    /// The verdict at the end, and every finding that was reported on the way there.
    pub(crate) said: Result<Verdict>,
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
        Ok(Self { child, file: file.to_owned() })
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn stop(self) -> Result<Seen> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGINT)?;
        let output = self.child.wait_with_output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wscale live: {}: {}", output.status, errors.trim());
        let lines: Vec<Value> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(serde_json::from_slice)
            .collect::<Result<_, _>>()
            .context("wscale's JSON Lines")?;
        let of = |kind: &str| {
            lines.iter().filter(|line| line.get("type").is_some_and(|word| word == kind)).collect::<Vec<_>>()
        };
        let dropped = of("capture").first().and_then(|capture| capture.get("dropped")?.as_u64());
        let said = match of("flow").as_slice() {
            [flow] => Ok(Verdict::new(flow, of("finding"))),
            flows => Err(anyhow::anyhow!("wscale live saw {} flows instead of one", flows.len())),
        };
        Ok(Seen { file: self.file, dropped: dropped.context("wscale live counts no drops")?, said })
    }
}
