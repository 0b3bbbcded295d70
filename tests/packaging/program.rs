//! Programs: the one that is tested, and those that it is tested with.

use std::process::Command;

/// What `wscale ARGUMENTS` prints; it succeeds.
pub(crate) fn wscale(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands, as `wscale --help` lists them.
pub(crate) fn commands() -> Vec<String> {
    let help = wscale(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // What goes on from the line before is indented further.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect();
    assert!(names.len() >= 10, "{names:?}");
    names
}

/// Whether `program` is here. In CI a missing one is a failure: a test that is skipped there proves nothing.
pub(crate) fn has(program: &str, package: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    let found = found.status.success();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing: install {package}");
    if !found {
        eprintln!("not run: {program} is not installed (package {package})");
    }
    found
}

/// What `program` prints; it succeeds, and complains of nothing.
pub(crate) fn quietly(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.is_empty(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}
