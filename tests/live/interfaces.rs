//! Interfaces that are missing, that go down, that vanish; and a user who may not capture.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::namespaces::{Path3, are_possible, must};
use crate::program::Live;
use crate::traffic::{connect, download, serve};

fn wscale(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.arg("live").args(arguments);
    command
}

fn complaint(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_missing_interface_is_an_error_with_a_hint() {
    if are_possible("a missing interface") {
        let said = complaint(&mut wscale(&["-i", "nowhere0"]));
        assert!(said.contains("no such interface") && said.contains("--list-interfaces"), "{said}");
    }
}

#[test]
fn without_privileges_the_hint_names_setcap() {
    let mut command = wscale(&["-i", "lo"]);
    if nix::unistd::geteuid().is_root() {
        // The binary may be where only root can read: a copy is not.
        let folder = tempfile::Builder::new().permissions(mode(0o755)).tempdir().unwrap();
        let copy = folder.path().join("wscale");
        std::fs::copy(env!("CARGO_BIN_EXE_wscale"), &copy).unwrap();
        command = Command::new(&copy);
        command.args(["live", "-i", "lo"]).uid(65534).gid(65534);
        let said = complaint(&mut command);
        assert!(said.contains("permission denied") && said.contains("setcap cap_net_raw=ep"), "{said}");
    } else {
        let said = complaint(&mut command);
        assert!(said.contains("permission denied") && said.contains("setcap cap_net_raw=ep"), "{said}");
    }
}

fn mode(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

#[test]
fn interfaces_are_listed_with_addresses_and_states() {
    if !are_possible("the list of interfaces") {
        return;
    }
    let path = Path3::new();
    must(&format!("ip -n {} link set s down", path.server()));
    let list = |name: &str| {
        let program = env!("CARGO_BIN_EXE_wscale");
        let said = must(&format!("ip netns exec {name} {program} live --list-interfaces"));
        said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let client = list(&path.client());
    let up = client.iter().find(|line| line.starts_with("c up")).unwrap_or_else(|| panic!("{client:?}"));
    assert!(up.contains("10.8.1.1"), "{up}");
    assert!(client.iter().any(|line| line.starts_with("any ")), "{client:?}");
    let server = list(&path.server());
    let down = server.iter().find(|line| line.starts_with("s ")).unwrap_or_else(|| panic!("{server:?}"));
    assert!(down.starts_with("s down"), "{down}");
}

#[test]
fn no_interface_is_an_error_with_a_hint() {
    let said = complaint(&mut wscale(&[]));
    assert!(said.contains("no interface") && said.contains("--list-interfaces"), "{said}");
}

#[test]
fn an_interface_that_comes_back_goes_on_and_one_that_vanishes_is_an_error() {
    if !are_possible("an interface that goes down, comes back and vanishes") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let live = Live::start(&path.client(), &["-i", "c", "tcp"]);
    must(&format!("ip -n {} link set c down", path.client()));
    thread::sleep(Duration::from_millis(500));
    must(&format!("ip -n {} link set c up", path.client()));
    must(&format!("ip -n {} route add default via 10.8.1.254", path.client()));
    let mut stream = connect(&path.client());
    download(&mut stream, 100_000);
    thread::sleep(Duration::from_millis(500));
    must(&format!("ip -n {} link del c", path.client()));
    let outcome = live.end();
    assert_eq!(outcome.status, Some(2));
    assert!(outcome.errors.contains("the capture on 'c' ended"), "{}", outcome.errors);
    assert_eq!(outcome.of("flow").len(), 1, "what came after the pause is in the report");
    assert!(outcome.of("capture")[0]["incomplete"].is_string());
}
