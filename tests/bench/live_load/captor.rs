//! Who captures, and what that takes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::link::NAME;
use crate::namespaces::{Namespace, join};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcpdump,
    Live,
    LiveWriting,
    /// With little room, and held while the load runs: it must lose frames, and count them.
    LiveHeld,
}

/// A running capture.
pub(crate) struct Captor {
    kind: Kind,
    child: Child,
    output: JoinHandle<Result<String>>,
    errors: JoinHandle<Result<String>>,
}

/// What a capture came to.
pub(crate) struct Taken {
    pub(crate) kind: Kind,
    pub(crate) frames: u64,
    pub(crate) dropped: u64,
    /// Flows that had to go before their end; tcpdump knows none.
    pub(crate) evicted: Option<u64>,
    pub(crate) processor: Duration,
    pub(crate) peak_kib: u64,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Tcpdump, Self::Live, Self::LiveWriting, Self::LiveHeld];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcpdump => "tcpdump -w /dev/null",
            Self::Live => "wscale live",
            Self::LiveWriting => "wscale live --write",
            Self::LiveHeld => "wscale live, held",
        }
    }

    /// Both take 128 bytes of each frame and have 16 MiB for those that wait. Should nobody end them, they do.
    fn argv(self, folder: &Path) -> Vec<String> {
        let tcpdump = ["tcpdump", "-n", "-Z", "root", "-s", "128", "-B", "16384", "-G", "300", "-W", "1"];
        let live = [env!("CARGO_BIN_EXE_wscale"), "live", "--format", "json", "--duration", "5m"];
        let mut argv: Vec<String> = if self == Self::Tcpdump { &tcpdump[..] } else { &live }
            .iter()
            .map(|&word| word.into())
            .collect();
        argv.extend(["-i".to_owned(), NAME.to_owned()]);
        match self {
            Self::Tcpdump => argv.extend(["-w".to_owned(), "/dev/null".to_owned()]),
            Self::Live => {}
            Self::LiveHeld => argv.extend(["--buffer".to_owned(), "1".to_owned()]),
            Self::LiveWriting => {
                let file = folder.join("load.pcap");
                argv.extend(["--write".to_owned(), file.display().to_string()]);
            }
        }
        argv.push("tcp".to_owned());
        argv
    }
}

impl Captor {
    /// Captures once this returns.
    pub(crate) fn start(kind: Kind, space: &Namespace, folder: &Path) -> Result<Self> {
        let mut child = space.start(kind.argv(folder))?;
        let output = child.stdout.take().context("no standard output")?;
        let mut errors = BufReader::new(child.stderr.take().context("no standard error")?);
        if kind == Kind::Tcpdump {
            let mut said = String::new();
            while !said.contains("listening on") {
                ensure!(errors.read_line(&mut said)? > 0, "tcpdump: {}", said.trim());
            }
        } else {
            let patience = Instant::now() + Duration::from_secs(20);
            while status(&child, "CapPrm:").is_none_or(|set| set != "0000000000000000") {
                ensure!(Instant::now() < patience, "wscale live kept its privileges");
                thread::sleep(Duration::from_millis(5));
            }
        }
        let (output, errors) = (drain(output), drain(errors));
        Ok(Self { kind, child, output, errors })
    }

    /// Holds it, or lets it go on.
    pub(crate) fn hold(&self, held: bool) -> Result<()> {
        if self.kind == Kind::LiveHeld {
            let signal = if held { Signal::SIGSTOP } else { Signal::SIGCONT };
            kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?;
        }
        Ok(())
    }

    /// Waits until it has nothing left to do.
    pub(crate) fn settle(&self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(60);
        let mut before = None;
        while Instant::now() < patience {
            thread::sleep(Duration::from_millis(700));
            let now = processor(&self.child)?;
            // Looking at a clock now and then takes a little.
            if before.is_some_and(|before| now.saturating_sub(before) <= Duration::from_millis(5)) {
                return Ok(());
            }
            before = Some(now);
        }
        anyhow::bail!("{} does not come to rest", self.kind.name())
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(mut self) -> Result<Taken> {
        let mut taken = Taken {
            kind: self.kind,
            frames: 0,
            dropped: 0,
            evicted: None,
            processor: processor(&self.child)?,
            peak_kib: 0,
        };
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGINT)?;
        // The report at the end takes memory too.
        while self.child.try_wait()?.is_none() {
            let peak = status(&self.child, "VmHWM:").and_then(|peak| peak.split(' ').next()?.parse().ok());
            taken.peak_kib = taken.peak_kib.max(peak.unwrap_or(0));
            thread::sleep(Duration::from_millis(1));
        }
        let (output, errors) = (join(self.output)?, join(self.errors)?);
        if self.kind == Kind::Tcpdump {
            let count = |words: &str| {
                errors.lines().find(|line| line.contains(words))?.split(' ').next()?.parse::<u64>().ok()
            };
            taken.frames = count("captured").context("tcpdump counts nothing")?;
            taken.dropped = count("dropped by kernel").context("tcpdump counts no drops")?;
        } else {
            let report: Value = serde_json::from_str(&output).with_context(|| errors.clone())?;
            let count = |name: &str| report.pointer(&format!("/captures/0/{name}")).and_then(Value::as_u64);
            taken.frames = count("frames").context("no frames")?;
            taken.dropped = count("dropped").context("no drops")?;
            taken.evicted = Some(count("evicted_flows").context("no evicted flows")?);
            ensure!(taken.dropped == 0 || errors.contains("dropped"), "drops are counted and not said");
        }
        Ok(taken)
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Result<String>> {
    thread::spawn(move || {
        let mut said = String::new();
        pipe.read_to_string(&mut said)?;
        Ok(said)
    })
}

/// A line of `/proc/PID/status`.
fn status(child: &Child, field: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    text.lines().find_map(|line| line.strip_prefix(field)).map(|value| value.trim().to_owned())
}

/// Time on the processor, its own and the kernel's for it: the first number of schedstat, in nanoseconds. The
/// clock ticks of `stat` are too coarse for a process that wakes up shortly and often.
fn processor(child: &Child) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{}/task", child.id()))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().context("no schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
