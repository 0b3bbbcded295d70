//! The recipes of the README, run as they stand there; what belongs to somebody else (`sudo`, `ssh`, the tests that
//! are recorded) is played by a script. `tests/fleet.rs` runs the one for many captures.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use super::root;

/// Ends what would go on for ever, as Ctrl-C does.
const SUDO: &str = "#!/bin/sh\nexec timeout --foreground --preserve-status --signal INT 2 \"$@\"\n";
const SSH: &str = "#!/bin/sh\nexec cat slow.pcap\n";

/// A download over the loopback interface.
const TESTS: &str = r"#!/usr/bin/perl
use IO::Socket::INET;
my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
if (fork) {
    my $client = $server->accept;
    print $client 'x' x 500_000;
    close $client;
    wait;
} else {
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $server->sockport) or die;
    1 while read $client, my $bytes, 65_536;
}
";

/// The block in which `words` stand.
fn block(words: &str) -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let found = readme.split("\n```").skip(1).step_by(2).find(|block| block.contains(words));
    let block = found.unwrap_or_else(|| panic!("no block with {words}"));
    block.split_once('\n').unwrap().1.to_owned()
}

/// A folder with a capture and the programs that others play.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let recording = root().join("fixtures/recordings/syn-set0-download.client.pcap");
    fs::copy(recording, folder.path().join("slow.pcap")).unwrap();
    for (name, script) in [("sudo", SUDO), ("ssh", SSH), ("run-tests", TESTS)] {
        let path = folder.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_wscale")).parent().unwrap();
    let path = format!("{}:{}:{}", folder.display(), bin.display(), std::env::var("PATH").unwrap());
    Command::new(program).args(arguments).current_dir(folder).env("PATH", path).output().unwrap()
}

/// Whether network namespaces can be made. In CI they must be.
fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    assert!(root || std::env::var_os("CI").is_none(), "only root can capture");
    if !root {
        eprintln!("not run: only root can capture");
    }
    root
}

#[test]
fn commands_on_saved_captures_run() {
    for words in ["wscale plot slow.pcap -o", "wscale workarounds --peer 203"] {
        let folder = folder();
        let output = run("sh", &["-euxc", &block(words)], folder.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let written = words.contains("plot");
        assert_eq!(folder.path().join("slow.svg").exists(), written);
        assert_eq!(folder.path().join("report/index.html").exists(), written);
    }
}

#[test]
fn live_commands_run() {
    if !is_root() {
        return;
    }
    let folder = folder();
    let script = format!(
        "ip link set lo up; ip link add eth0 type veth peer name eth1; ip link set eth0 up; ip link set eth1 up\n{}",
        block("sudo wscale live")
    );
    let output = run("unshare", &["--net", "sh", "-euxc", &script], folder.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("WS001"), "what ssh brings is judged: {said}");
}

#[test]
fn the_policy_is_accepted() {
    let folder = folder();
    fs::write(folder.path().join(".wscale.toml"), block("fail-on = ")).unwrap();
    let output = run("wscale", &["check", "slow.pcap", "--allow-empty"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

/// With the arguments of the job for GitHub Actions.
#[test]
fn the_gate_records_and_judges() {
    if !is_root() {
        return;
    }
    let job = block("runs-on:");
    let (_, arguments) = job.split_once("sh gate.sh").unwrap();
    let arguments = arguments.split("\n      - ").next().unwrap();
    let folder = folder();
    fs::write(folder.path().join("gate.sh"), block("./run-tests")).unwrap();
    for (more, status) in [("", 0), ("--min-shift 14", 1)] {
        let arguments = arguments.replace('\n', " ");
        let script = format!("ip link set lo up; exec sh gate.sh {arguments} {more}");
        let output = run("unshare", &["--net", "sh", "-euc", &script], folder.path());
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
        for report in ["wscale.xml", "wscale.sarif", "wscale.md"] {
            let text = fs::read_to_string(folder.path().join(report)).unwrap();
            assert!(text.contains("traces/test.pcap"), "{report}: {text}");
        }
    }
}
