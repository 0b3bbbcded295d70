//! Captures at one side: headers only, as an engineer would take them.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::namespaces::{Namespace, join};

pub(crate) const SNAP_BYTES: i32 = 96;

/// Who captures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tool {
    Tcpdump,
    /// libpcap called from here: tcpdump insists on changing its user, which a user namespace with
    /// a single user forbids.
    Libpcap,
}

/// A running capture.
pub(crate) enum Capture {
    /// With what it says in the end.
    Process(Child, JoinHandle<Result<String>>),
    Thread(Arc<AtomicBool>, JoinHandle<Result<u64>>),
}

impl Capture {
    /// Captures `lab0` of a namespace to `file`; at most `frames` of them, if given.
    pub(crate) fn start(space: &Namespace, tool: Tool, file: &Path, frames: Option<u32>) -> Result<Self> {
        match tool {
            Tool::Tcpdump => tcpdump(space, file, frames),
            Tool::Libpcap => libpcap(space, file, frames),
        }
    }

    /// Ends it and says how many frames were dropped; everything captured is in the file afterwards.
    pub(crate) fn stop(self) -> Result<u64> {
        match self {
            Self::Process(mut child, said) => {
                // One that has had its number of frames is gone already.
                kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM).ok();
                child.wait()?;
                dropped(&join(said)?)
            }
            Self::Thread(stop, thread) => {
                stop.store(true, Ordering::Relaxed);
                join(thread)
            }
        }
    }
}

fn tcpdump(space: &Namespace, file: &Path, frames: Option<u32>) -> Result<Capture> {
    let mut argv: Vec<String> =
        ["tcpdump", "-n", "-U", "--immediate-mode", "-B", "8192", "-i", "lab0", "-Z", "root"]
            .map(str::to_owned)
            .to_vec();
    argv.extend(["-s".to_owned(), SNAP_BYTES.to_string()]);
    argv.extend(["-w".to_owned(), file.display().to_string()]);
    if let Some(frames) = frames {
        argv.extend(["-c".to_owned(), frames.to_string()]);
    }
    argv.push("tcp".to_owned());
    let mut child = space.start(argv)?;
    let mut errors = BufReader::new(child.stderr.take().context("no standard error")?);
    let mut said = String::new();
    while !said.contains("listening on") {
        if errors.read_line(&mut said)? == 0 {
            child.wait()?;
            bail!("tcpdump: {}", said.trim().replace('\n', "; "));
        }
    }
    let closing = thread::spawn(move || {
        let mut said = String::new();
        errors.read_to_string(&mut said)?;
        Ok(said)
    });
    Ok(Capture::Process(child, closing))
}

/// `N packets dropped by kernel`, `... by interface`: tcpdump leaves out what there was none of.
fn dropped(said: &str) -> Result<u64> {
    ensure!(said.contains("received by filter"), "tcpdump ended with '{}'", said.trim());
    let counts = said.lines().filter(|line| line.contains("dropped by"));
    counts.map(|line| Ok(line.split_whitespace().next().unwrap_or_default().parse::<u64>()?)).sum()
}

fn libpcap(space: &Namespace, file: &Path, frames: Option<u32>) -> Result<Capture> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut capture = space.within(|| {
        let mut capture = pcap::Capture::from_device("lab0")?
            .snaplen(SNAP_BYTES)
            .immediate_mode(true)
            .timeout(20)
            .buffer_size(8 << 20)
            .open()?
            .setnonblock()?;
        capture.filter("tcp", true)?;
        Ok(capture)
    })?;
    let mut saved = capture.savefile(file)?;
    let thread = thread::spawn(move || {
        let mut left = frames.unwrap_or(u32::MAX);
        while left > 0 {
            match capture.next_packet() {
                Ok(packet) => {
                    saved.write(&packet);
                    left -= 1;
                }
                Err(pcap::Error::TimeoutExpired) if stopped.load(Ordering::Relaxed) => break,
                Err(pcap::Error::TimeoutExpired) => thread::sleep(Duration::from_millis(2)),
                Err(error) => return Err(error.into()),
            }
        }
        saved.flush()?;
        Ok(u64::from(capture.stats()?.dropped))
    });
    Ok(Capture::Thread(stop, thread))
}
