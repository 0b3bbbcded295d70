//! A `wscale live` that is running.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The program and what it has printed.
pub(crate) struct Live {
    child: Child,
    lines: Receiver<(Instant, Value)>,
}

/// How it ended.
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) lines: Vec<(Instant, Value)>,
    pub(crate) errors: String,
}

impl Live {
    /// Starts it in namespace `name`, with JSON Lines, and waits until it has given up its privileges: from
    /// then on it captures.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", name, env!("CARGO_BIN_EXE_wscale"), "live", "--format", "jsonl"]);
        Self::capturing(command.args(arguments))
    }

    /// Starts this command and waits until it captures.
    pub(crate) fn capturing(command: &mut Command) -> Self {
        let live = Self::spawn(command.stdin(Stdio::null()));
        let began = Instant::now();
        while live.status("CapPrm:").is_none_or(|set| set != "0000000000000000") {
            assert!(began.elapsed() < Duration::from_secs(20), "it kept its privileges");
            thread::sleep(Duration::from_millis(10));
        }
        live
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                let _ = sender.send((Instant::now(), value));
            }
        });
        Self { child, lines }
    }

    pub(crate) fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// A line of `/proc/PID/status`.
    pub(crate) fn status(&self, field: &str) -> Option<String> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        text.lines().find_map(|line| line.strip_prefix(field)).map(|value| value.trim().to_owned())
    }

    /// Where it listens, on a port that the kernel chose: nobody else can have it.
    pub(crate) fn listens_at(&self) -> Option<SocketAddr> {
        let process = format!("/proc/{}", self.child.id());
        let files = fs::read_dir(format!("{process}/fd")).ok()?.flatten();
        let files: Vec<_> = files.filter_map(|file| fs::read_link(file.path()).ok()).collect();
        let table = fs::read_to_string(format!("{process}/net/tcp")).ok()?;
        let listening = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ours = listening.filter(|words| words[3] == "0A").find(|words| {
            files.iter().any(|file| file.to_str() == Some(&format!("socket:[{}]", words[9])))
        })?;
        let port = u16::from_str_radix(ours[1].rsplit(':').next()?, 16).ok()?;
        Some((Ipv4Addr::LOCALHOST, port).into())
    }

    /// The first line for which `wanted` holds, if it comes within `time`.
    pub(crate) fn wait_for(
        &self,
        time: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Option<(Instant, Value)> {
        let until = Instant::now() + time;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if wanted(&line.1) {
                return Some(line);
            }
        }
        None
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Ends it with SIGINT.
    pub(crate) fn interrupt(self) -> Outcome {
        self.signal(Signal::SIGINT);
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Outcome {
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let status = self.child.wait().unwrap().code();
        // The other thread hangs up at the end of the output.
        Outcome { status, lines: self.lines.iter().collect(), errors }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Outcome {
    /// All objects of this type.
    pub(crate) fn of(&self, kind: &str) -> Vec<&Value> {
        self.lines.iter().map(|(_, value)| value).filter(|value| value["type"] == kind).collect()
    }

    pub(crate) fn assert_success(&self) {
        assert_eq!(self.status, Some(0), "{}", self.errors);
    }
}
