//! Privileges are for opening the capture. They are given up before the first packet is parsed: a packet is
//! what an attacker can send.

use std::{env, fs};

use anyhow::{Context, anyhow, bail};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, geteuid, getresuid, setgroups, setresgid, setresuid};

/// Who the process is once the capture is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

/// The account for later: `name`, else whoever called sudo, else `nobody`. `None` when this process is not
/// root: then it stays who it is.
pub(super) fn later_account(name: Option<&str>) -> anyhow::Result<Option<Account>> {
    if !geteuid().is_root() {
        if let Some(name) = name {
            bail!("cannot become '{name}': only root can become another user");
        }
        return Ok(None);
    }
    let account = match (name, sudo_caller()) {
        (Some(name), _) => find(name)?,
        (None, Some(caller)) => caller,
        (None, None) => find("nobody")?,
    };
    Ok(Some(account))
}

fn find(name: &str) -> anyhow::Result<Account> {
    let user = User::from_name(name).with_context(|| format!("cannot look up user '{name}'"))?;
    let user = user.ok_or_else(|| anyhow!("no user '{name}'\nhint: --user NAME names the user to become"))?;
    Ok(Account { uid: user.uid, gid: user.gid })
}

/// Whoever called sudo; root calling it is nobody to go back to.
fn sudo_caller() -> Option<Account> {
    let number = |name: &str| env::var(name).ok()?.parse().ok();
    let (uid, gid) = (number("SUDO_UID")?, number("SUDO_GID")?);
    (uid != 0).then(|| Account { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid) })
}

const FAILED: &str = "cannot give up privileges";

/// Becomes `account` and drops every capability, for good.
pub(super) fn give_up(account: Option<&Account>) -> anyhow::Result<()> {
    drop_bounding_set();
    if let Some(Account { uid, gid }) = account {
        if !groups_are_fixed() {
            setgroups(&[*gid]).context(FAILED)?;
        }
        setresgid(*gid, *gid, *gid).map_err(|cause| refused(cause, *uid))?;
        setresuid(*uid, *uid, *uid).map_err(|cause| refused(cause, *uid))?;
        let now = getresuid().context(FAILED)?;
        if [now.real, now.effective, now.saved].iter().any(|now| now != uid) {
            bail!("{FAILED}: the process is still user {}", now.effective);
        }
    }
    drop_capabilities().context(FAILED)
}

/// Root of an ordinary user's namespace (`unshare -r`) has that user's groups, and may neither change them nor
/// become anybody else: what there is to give up are capabilities (user_namespaces(7)).
fn groups_are_fixed() -> bool {
    fs::read_to_string("/proc/self/setgroups").is_ok_and(|word| word.trim() == "deny")
}

fn refused(cause: Errno, uid: Uid) -> anyhow::Error {
    if cause == Errno::EINVAL {
        return anyhow!(
            "{FAILED}: user {uid} does not exist in this user namespace\nhint: --user root keeps the user and drops the capabilities"
        );
    }
    anyhow::Error::new(cause).context(FAILED)
}

/// What a program that is executed later could gain. Only root may drop it, and without the other sets it is
/// worth nothing: a refusal is no error.
#[cfg(target_os = "linux")]
fn drop_bounding_set() {
    let _ = caps::clear(None, caps::CapSet::Bounding);
}

#[cfg(target_os = "linux")]
fn drop_capabilities() -> anyhow::Result<()> {
    use caps::CapSet;
    nix::sys::prctl::set_no_new_privs()?;
    let _ = caps::clear(None, CapSet::Ambient);
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    let left = caps::read(None, CapSet::Permitted)?;
    if left.is_empty() { Ok(()) } else { bail!("{} capabilities are left", left.len()) }
}

#[cfg(not(target_os = "linux"))]
fn drop_bounding_set() {}

#[cfg(not(target_os = "linux"))]
fn drop_capabilities() -> anyhow::Result<()> {
    Ok(())
}
