//! The half of the lab that survives: it starts the worker as the first process of a pid namespace,
//! so that the kernel ends everything the worker started when the worker ends, for whatever reason;
//! and then looks whether anything is left behind.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getegid, geteuid};

use crate::worker::Told;

/// How a run of the worker ended.
pub(crate) enum Ending {
    /// By itself, well or not.
    Done(bool),
    /// We were told to stop.
    Interrupted(Signal),
    /// There is no lab on this machine.
    Refused(String),
}

/// What a run came to.
pub(crate) struct Report {
    pub(crate) ending: Ending,
    pub(crate) told: Told,
    /// Everything that should be gone and is not.
    pub(crate) left_behind: Vec<String>,
}

/// Runs the worker and waits for it. `directory` is removed in the end.
///
/// To be called once: this process cannot have threads nor other children afterwards.
pub(crate) fn run(directory: tempfile::TempDir, arguments: &[String]) -> Result<Report> {
    let signals: SigSet =
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD].into_iter().collect();
    signals.thread_block()?;
    let ending = match enter() {
        Err(why) => Ending::Refused(why),
        Ok(user_namespace) => {
            let mut command = Command::new("/proc/self/exe");
            command.arg("--worker").arg(directory.path()).args(arguments);
            if user_namespace {
                command.arg("--user-namespace");
            }
            wait(command.spawn().context("cannot start the worker")?, &signals)?
        }
    };
    let told = Told::read(directory.path());
    let ending = match (ending, &told.refusal) {
        (Ending::Done(_), Some(why)) => Ending::Refused(why.clone()),
        (ending, _) => ending,
    };
    let path = directory.path().to_owned();
    let mut left_behind = holders(&told.spaces);
    if let Err(error) = directory.close() {
        left_behind.push(format!("{}: {error}", path.display()));
    }
    Ok(Report { ending, told, left_behind })
}

/// Makes our next child the first process of a pid namespace, as root or as root of a user namespace.
fn enter() -> Result<bool, String> {
    let (user, group) = (geteuid(), getegid());
    if user.is_root() && unshare(CloneFlags::CLONE_NEWPID).is_ok() {
        // Root of a container may be root of a user namespace already.
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        return Ok(map.split_whitespace().next_back() != Some("4294967295"));
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID)
        .map_err(|error| format!("cannot make a user or pid namespace: {error}"))?;
    let maps = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {user} 1")),
        ("gid_map", format!("0 {group} 1")),
    ];
    for (file, content) in maps {
        fs::write(format!("/proc/self/{file}"), content)
            .map_err(|error| format!("cannot write {file}: {error}"))?;
    }
    Ok(true)
}

fn wait(mut worker: Child, signals: &SigSet) -> Result<Ending> {
    loop {
        match signals.wait()? {
            Signal::SIGCHLD => {
                if let Some(status) = worker.try_wait()? {
                    return Ok(Ending::Done(status.success()));
                }
            }
            signal => {
                worker.kill().ok();
                // The kernel ends all the worker's processes before this returns.
                worker.wait()?;
                return Ok(Ending::Interrupted(signal));
            }
        }
    }
}

/// Who still lives in these namespaces, or holds them by a descriptor or a mount, and which links
/// escaped into ours.
fn holders(spaces: &[String]) -> Vec<String> {
    let is_ours = |target: &Path| spaces.iter().any(|space| target.as_os_str() == space.as_str());
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if process.file_name().as_encoded_bytes().iter().any(|byte| !byte.is_ascii_digit()) {
            continue;
        }
        // Not pid_for_children: that of ours names the namespace for ever, empty as it is.
        let descriptors = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let links = ["ns/net", "ns/pid"].map(|link| process.path().join(link));
        for link in descriptors.map(|descriptor| descriptor.path()).chain(links) {
            if let Ok(target) = fs::read_link(&link)
                && is_ours(&target)
            {
                found.push(format!("{} is held by {}", target.display(), link.display()));
            }
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    found.extend(
        mounts
            .lines()
            .filter(|line| spaces.iter().any(|space| line.contains(space.as_str())))
            .map(str::to_owned),
    );
    let links = ["lab0", "to-client", "to-server"].map(|name| Path::new("/sys/class/net").join(name));
    found.extend(links.iter().filter(|link| link.exists()).map(|link| link.display().to_string()));
    found
}
