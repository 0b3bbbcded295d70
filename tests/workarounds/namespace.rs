//! Two network namespaces joined by a veth pair, and SYNs captured in them.
//!
//! Each namespace lives as long as a `cat` that waits for the end of its input: when this process ends, in whatever
//! way, the input ends, `cat` ends, and the kernel removes the namespace with all that is in it. The machine's rmem_max
//! is put back in the same way.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::skipped::not_run;

/// The addresses of the two ends.
pub(crate) const HERE: [&str; 2] = ["10.9.0.1", "fd09::1"];
pub(crate) const THERE: [&str; 2] = ["10.9.0.2", "fd09::2"];

/// net.core.rmem_max is one for the machine, so the tests take turns.
static MACHINE: Mutex<()> = Mutex::new(());

const RMEM_MAX: &str = "/proc/sys/net/core/rmem_max";

/// A shell that has said that it is ready and waits for the end of its input.
struct Waiting(Child);

impl Waiting {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{program} {arguments:?}");
        Self(child)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The turn of one test to change settings of the machine.
pub(crate) struct Machine {
    /// Puts rmem_max back when dropped, before another test may look.
    _rmem_max: Waiting,
    _turn: MutexGuard<'static, ()>,
}

impl Machine {
    /// `None` without root, after one line that names what was not run. In CI that is a failure.
    pub(crate) fn new(test: &str) -> Option<Self> {
        if std::fs::metadata("/proc/self").map_or(1, |about| about.uid()) != 0 {
            not_run(test, "root is needed for network namespaces");
            return None;
        }
        let turn = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
        let restore = format!("old=$(cat {RMEM_MAX}); echo ready; cat >&2; echo $old > {RMEM_MAX}");
        Some(Self { _rmem_max: Waiting::start("sh", &["-c", &restore]), _turn: turn })
    }
}

pub(crate) struct Namespaces {
    here: Waiting,
    there: Waiting,
    _machine: Machine,
}

impl Namespaces {
    /// `None` where the machine does not let us.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let machine = Machine::new(test)?;
        let hold = ["--net", "sh", "-c", "echo ready; exec cat >&2"];
        let [here, there] = [Waiting::start("unshare", &hold), Waiting::start("unshare", &hold)];
        let pair = Self { here, there, _machine: machine };
        let other = pair.there.0.id();
        pair.here(&format!("ip link add v0 type veth peer name v0 netns {other}"));
        for (run, [v4, v6]) in [(&pair.here, HERE), (&pair.there, THERE)] {
            within(
                run,
                &format!(
                    "ip link set lo up; ip link set v0 up; ip addr add {v4}/24 dev v0; ip addr add {v6}/64 dev v0 nodad"
                ),
            );
        }
        Some(pair)
    }

    /// Runs a line of shell in the first namespace; it must succeed. Returns its standard output.
    pub(crate) fn here(&self, line: &str) -> String {
        within(&self.here, line)
    }

    /// The same in the second one.
    pub(crate) fn there(&self, line: &str) -> String {
        within(&self.there, line)
    }

    /// Runs a line outside, where rmem_max can be set.
    pub(crate) fn outside(line: &str) -> String {
        finished(line, Command::new("sh").args(["-c", line]).output().unwrap())
    }

    /// Until these namespaces are dropped.
    pub(crate) fn set_rmem_max(bytes: u32) {
        Self::outside(&format!("echo {bytes} > {RMEM_MAX}"));
    }

    /// Runs `wscale workarounds` in the first namespace.
    pub(crate) fn workarounds(&self, arguments: &str) -> String {
        self.here(&format!("{} workarounds {arguments}", env!("CARGO_BIN_EXE_wscale")))
    }

    /// The first segment that leaves the first namespace when `action` connects to or from `port`, as tcpdump says it.
    pub(crate) fn first_segment(&self, filter: &str, action: impl FnOnce()) -> String {
        let pid = self.here.0.id().to_string();
        let mut tcpdump = Command::new("timeout")
            .args(["20", "nsenter", "-t", &pid, "-n", "tcpdump", "--immediate-mode", "-l", "-n", "-c", "1"])
            .args(["-Q", "out", "-i", "v0", filter])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut messages = BufReader::new(tcpdump.stderr.take().unwrap()).lines();
        let listening =
            messages.find(|line| line.as_ref().map_or(true, |line| line.contains("listening on")));
        assert!(listening.is_some_and(|line| line.is_ok()), "tcpdump does not listen");
        action();
        let output = tcpdump.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The shift in the SYN of a connection to `address`, with the socket options given (0: not set).
    pub(crate) fn shift_in_syn(&self, address: &str, so_rcvbuf: u32, window_clamp: u32) -> Option<u8> {
        let connect = format!("perl -MSocket=:all -e '{CONNECT}' {address} 4000 {so_rcvbuf} {window_clamp}");
        let line = self.first_segment("tcp dst port 4000", || {
            self.here(&connect);
        });
        assert!(line.contains("Flags [S]"), "{address}: {line:?}");
        shift_of(&line)
    }
}

/// A connection that may well be refused: its SYN has been sent. 10 is TCP_WINDOW_CLAMP.
const CONNECT: &str = r#"my ($h, $p, $r, $c) = @ARGV;
    my ($e, @a) = getaddrinfo($h, $p, {socktype => SOCK_STREAM, flags => AI_NUMERICHOST}); die $e if $e;
    socket(my $s, $a[0]{family}, SOCK_STREAM, 0) or die;
    !$r or setsockopt($s, SOL_SOCKET, SO_RCVBUF, pack("i", $r)) or die;
    !$c or setsockopt($s, IPPROTO_TCP, 10, pack("i", $c)) or die;
    connect($s, $a[0]{addr});"#;

/// The number after `wscale` in a line of tcpdump.
pub(crate) fn shift_of(line: &str) -> Option<u8> {
    assert!(line.contains("options ["), "no segment with options: {line:?}");
    let rest = line.split("wscale ").nth(1)?;
    Some(rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap())
}

fn within(namespace: &Waiting, line: &str) -> String {
    let pid = namespace.0.id().to_string();
    finished(line, Command::new("nsenter").args(["-t", &pid, "-n", "sh", "-c", line]).output().unwrap())
}

fn finished(line: &str, output: Output) -> String {
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
