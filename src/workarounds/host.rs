//! This host as /proc describes it: kernel, buffers, and the addresses by which a report may know it.
//!
//! Every value is checked before it is kept, because it is printed into commands that undo a change: what is not a
//! plain number in the kernel's range is *odd*, said so, and never used.

mod addresses;

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

use super::kernel::Stack;

/// Larger than any of the files read here, small enough for any file that is not one of them.
const MOST_BYTES: u64 = 1 << 20;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// Read, and in the kernel's range.
    Known(T),
    /// Not there, or not readable: with the cause.
    Missing(String),
    /// There, but not what a kernel writes: with what is wrong.
    Odd(String),
}

impl<T: Copy> Reading<T> {
    /// The value, where it is known.
    pub fn value(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Missing(_) | Self::Odd(_) => None,
        }
    }
}

/// What was read of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The kernel's release, for example `6.18.1-arch1-1`.
    pub kernel: Reading<String>,
    /// net.ipv4.tcp_window_scaling.
    pub tcp_window_scaling: Reading<u32>,
    /// net.ipv4.tcp_rmem: minimum, default, limit.
    pub tcp_rmem: Reading<[u32; 3]>,
    /// net.ipv4.tcp_wmem; it does not enter the shift.
    pub tcp_wmem: Reading<[u32; 3]>,
    /// net.core.rmem_max.
    pub rmem_max: Reading<u32>,
    /// net.core.wmem_max; it does not enter the shift.
    pub wmem_max: Reading<u32>,
    /// net.core.rmem_max can only be read here: it belongs to the machine, and this is a network namespace of it.
    pub rmem_max_read_only: bool,
    /// The addresses of this host.
    pub addresses: Vec<IpAddr>,
}

impl Host {
    /// Reads the host whose /proc is at `proc_root`. Nothing in there can make it fail.
    pub fn read(proc_root: &Path) -> Self {
        let sys = |name: &str| text(&proc_root.join("sys").join(name));
        let rmem_max = proc_root.join("sys/net/core/rmem_max");
        Self {
            kernel: parse(sys("kernel/osrelease"), release),
            tcp_window_scaling: parse(sys("net/ipv4/tcp_window_scaling"), number),
            tcp_rmem: parse(sys("net/ipv4/tcp_rmem"), triple),
            tcp_wmem: parse(sys("net/ipv4/tcp_wmem"), triple),
            rmem_max: parse(text(&rmem_max), number),
            wmem_max: parse(sys("net/core/wmem_max"), number),
            rmem_max_read_only: rmem_max.metadata().is_ok_and(|about| about.permissions().readonly()),
            addresses: addresses::read(proc_root),
        }
    }

    /// The part that enters the kernel's formula.
    pub fn stack(&self) -> Stack {
        let rmem = self.tcp_rmem.value();
        Stack {
            scaling: self.tcp_window_scaling.value().map(|value| value != 0),
            rmem_default_bytes: rmem.map(|[_, default, _]| default),
            rmem_limit_bytes: rmem.map(|[_, _, limit]| limit),
            core_rmem_max_bytes: self.rmem_max.value(),
        }
    }

    /// One line for every setting that is missing or odd.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        note(&mut lines, "kernel.osrelease", &self.kernel);
        note(&mut lines, "net.ipv4.tcp_window_scaling", &self.tcp_window_scaling);
        note(&mut lines, "net.ipv4.tcp_rmem", &self.tcp_rmem);
        note(&mut lines, "net.ipv4.tcp_wmem", &self.tcp_wmem);
        note(&mut lines, "net.core.rmem_max", &self.rmem_max);
        note(&mut lines, "net.core.wmem_max", &self.wmem_max);
        lines
    }

    /// Nothing could be read: not Linux, or no /proc.
    pub fn is_unknown(&self) -> bool {
        let known = [self.tcp_window_scaling.value().is_some(), self.tcp_rmem.value().is_some()];
        !matches!(self.kernel, Reading::Known(_)) && !known.contains(&true)
    }
}

fn note<T>(lines: &mut Vec<String>, name: &str, reading: &Reading<T>) {
    match reading {
        Reading::Known(_) => {}
        Reading::Missing(cause) => lines.push(format!("{name} is unknown: {cause}")),
        Reading::Odd(why) => lines.push(format!("{name} is unknown: /proc holds {why}")),
    }
}

/// The text of a regular file: opening a pipe would wait for ever.
fn text(path: &Path) -> Result<String, String> {
    let about = path.metadata().map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse<T>(text: Result<String, String>, parser: fn(&str) -> Result<T, String>) -> Reading<T> {
    match text {
        Err(cause) => Reading::Missing(cause),
        Ok(text) => parser(text.trim()).map_or_else(Reading::Odd, Reading::Known),
    }
}

/// A kernel integer: these settings are C `int`s that are never negative.
fn number(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i32>() {
        Ok(value) if digits => Ok(value.unsigned_abs()),
        _ if digits => Err("a number above 2147483647".to_owned()),
        _ => Err("something that is not a number".to_owned()),
    }
}

fn triple(text: &str) -> Result<[u32; 3], String> {
    let fields = text.split_ascii_whitespace().map(number).collect::<Result<Vec<_>, _>>()?;
    let count = fields.len();
    fields.try_into().map_err(|_| format!("{count} numbers where the kernel writes 3"))
}

/// A release is printed into comments of scripts: one word of harmless characters.
fn release(text: &str) -> Result<String, String> {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(harmless) {
        return Err("no kernel release".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_kernel_writes_is_a_number() {
        assert_eq!(number("2147483647"), Ok(2_147_483_647));
        for odd in
            ["", "-1", "+1", "1 2", "2147483648", "99999999999999999999", "0x10", "1;reboot", "$(id)", "١"]
        {
            assert!(number(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_triple_has_three_fields() {
        assert_eq!(triple("4096\t131072\t6291456"), Ok([4096, 131_072, 6_291_456]));
        for odd in ["", "4096", "4096 87380", "1 2 3 4", "1 2 x"] {
            assert!(triple(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_release_cannot_leave_its_comment() {
        assert!(release("6.18.1-arch1-1").is_ok());
        assert!(release("6.1\nreboot").is_err());
        assert!(release("6.1 `reboot`").is_err());
        assert!(release(&"6".repeat(65)).is_err());
    }
}
