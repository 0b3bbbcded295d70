//! The copy of this program that a package installs for those who may capture.
//!
//! A capability of a file is for everyone who may execute it. A package that lets a group capture, and everyone
//! judge what is saved, therefore needs two files: this program, and a copy with the capability that only the group
//! may execute (`.debian/postinst`). Whoever calls the former and may not capture becomes the latter.

use std::env;
use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The copy, and its group.
const PROGRAM: &str = "/usr/libexec/wscale/wscale-live";
const GROUP: &str = "wscale";

/// Becomes the copy, with the same arguments. It returns only where that is not possible, with what to do.
pub(super) fn capture_instead() -> String {
    let this = env::current_exe().ok();
    if this.as_deref() == Some(Path::new(PROGRAM)) {
        return setcap(PROGRAM);
    }
    match become_copy().kind() {
        ErrorKind::PermissionDenied => {
            format!("sudo adduser \"$USER\" {GROUP}    and log in again, or run it with sudo")
        }
        _ => {
            setcap(&this.map_or_else(|| "$(command -v wscale)".to_owned(), |path| path.display().to_string()))
        }
    }
}

fn setcap(program: &str) -> String {
    format!("sudo setcap cap_net_raw=ep {program}    or run it with sudo")
}

fn become_copy() -> io::Error {
    Command::new(PROGRAM).arg0("wscale").args(env::args_os().skip(1)).exec()
}
