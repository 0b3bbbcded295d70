//! Network namespaces without names.
//!
//! A namespace made by `unshare` and held by a file descriptor has no entry under /run/netns: when
//! the process that holds it dies, however it dies, the kernel takes the namespace and its links
//! away. So nothing has to be cleaned up, and cleaning up cannot be forgotten.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};
use nix::sched::{CloneFlags, setns, unshare};

/// One network namespace; it lives as long as a clone of this does.
#[derive(Clone)]
pub(crate) struct Namespace {
    file: Arc<File>,
}

impl Namespace {
    /// Makes a namespace and notes its number in `register`, where the supervisor looks for leftovers.
    pub(crate) fn new(register: &Path) -> Result<Self> {
        let made = thread::spawn(|| -> Result<File> {
            unshare(CloneFlags::CLONE_NEWNET).context("unshare(CLONE_NEWNET)")?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        });
        let file = join(made)?;
        note(register, &format!("net:[{}]", file.metadata()?.ino()))?;
        Ok(Self { file: Arc::new(file) })
    }

    /// A path by which iproute2 can name this namespace while we live.
    pub(crate) fn path(&self) -> Result<String> {
        // Our own number in the pid namespace of /proc, which need not be the one that we live in.
        let me = fs::read_link("/proc/self")?;
        Ok(format!("/proc/{}/fd/{}", me.display(), self.file.as_raw_fd()))
    }

    /// Starts a thread that lives in this namespace, as do the sockets and processes it makes.
    pub(crate) fn spawn<T, F>(&self, work: F) -> JoinHandle<Result<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        thread::spawn(move || {
            setns(&*file, CloneFlags::CLONE_NEWNET).context("setns")?;
            work()
        })
    }

    /// Does something in this namespace and waits for it.
    pub(crate) fn within<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        join(self.spawn(work))
    }

    /// Runs a tool in this namespace, with `input` as its standard input.
    pub(crate) fn run(&self, argv: &[&str], input: &str) -> Result<()> {
        let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
        let input = input.to_owned();
        self.within(move || run_here(&argv, &input))
    }

    /// Starts a tool in this namespace; what it prints can be read.
    pub(crate) fn start(&self, argv: Vec<String>) -> Result<Child> {
        self.within(move || {
            let mut command = command(&argv)?;
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().with_context(|| format!("cannot start {}", argv.join(" ")))
        })
    }

    /// Writes sysctls of this namespace: `net/ipv4/tcp_sack` and the like.
    pub(crate) fn sysctl(&self, settings: Vec<(String, String)>) -> Result<()> {
        self.within(move || {
            for (name, value) in settings {
                fs::write(format!("/proc/sys/{name}"), &value)
                    .with_context(|| format!("cannot set {name} to {value}"))?;
            }
            Ok(())
        })
    }
}

/// Waits for a thread; a panic in it is an error here.
pub(crate) fn join<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread of the lab panicked"))?
}

/// Appends a line to the list of what must be gone in the end.
pub(crate) fn note(register: &Path, line: &str) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(register)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

fn run_here(argv: &[String], input: &str) -> Result<()> {
    let mut command = command(argv)?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // A tool that fails early does not read its input: its own message says more than EPIPE.
        pipe.write_all(input.as_bytes()).ok();
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("{}: {} {}", argv.join(" "), why.trim(), input.trim());
    }
    Ok(())
}

fn command(argv: &[String]) -> Result<Command> {
    let (tool, arguments) = argv.split_first().context("no command")?;
    let mut command = Command::new(tool);
    // Debian keeps ip, nft and ethtool in directories that an ordinary user's PATH lacks.
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(arguments).env("PATH", format!("{path}:/usr/sbin:/sbin"));
    Ok(command)
}
