//! What `--version` says, and what the binary needs.

use std::path::Path;
use std::process::Command;

use crate::program::{has, quietly, wscale};

#[test]
fn the_version_names_the_crate_and_libpcap() {
    let said = wscale(&["--version"]);
    let lines: Vec<&str> = said.lines().collect();
    let [version, libpcap] = lines[..] else { panic!("{said}") };
    let version = version.strip_prefix(concat!("wscale ", env!("CARGO_PKG_VERSION"))).unwrap();
    if !version.is_empty() {
        let commit = version.strip_prefix(" (commit ").unwrap().strip_suffix(')').unwrap();
        assert!(commit.len() >= 7 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{said}");
    }
    // The name of the file is what the version was read from; its content confirms it.
    let (number, file) = libpcap.strip_prefix("libpcap ").unwrap().split_once(" (").unwrap();
    let content = std::fs::read(file.strip_suffix(')').unwrap()).unwrap();
    let words = format!("libpcap version {number}");
    assert!(content.windows(words.len()).any(|bytes| bytes == words.as_bytes()), "{said}");
    assert_eq!(wscale(&["-V"]), said);
}

/// Debug builds do not ask git. A checkout without git, such as an unpacked archive, has no commit to name.
#[test]
fn a_release_from_a_clone_names_its_commit() {
    let head = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("GIT_CEILING_DIRECTORIES", Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .output();
    let head = head.ok().filter(|output| output.status.success());
    let said = wscale(&["--version"]);
    match (head, cfg!(debug_assertions)) {
        (Some(head), false) => {
            let head = String::from_utf8(head.stdout).unwrap();
            assert!(said.contains(&format!("(commit {})", head.trim())), "{said}");
        }
        (None, false) => eprintln!("not run: there is no clone whose commit could be named"),
        (_, true) => assert!(!said.contains("commit") || option_env!("WSCALE_COMMIT").is_some(), "{said}"),
    }
}

/// Direct dependencies; libpcap has its own (libdbus and what that needs, in Debian).
#[test]
fn the_binary_needs_libpcap_and_libc_only() {
    if !has("readelf", "binutils") {
        return;
    }
    let dynamic = quietly("readelf", &["--dynamic", "--wide", env!("CARGO_BIN_EXE_wscale")]);
    let needed = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    let names: Vec<&str> =
        needed.map(|line| line.rsplit('[').next().unwrap().trim_end_matches(']')).collect();
    assert!(names.iter().any(|name| name.starts_with("libpcap.so.")), "{names:?}");
    // libm, libgcc_s (the unwinder) and the loader come with libc wherever it runs.
    let usual = ["libpcap.so.", "libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"];
    for name in &names {
        assert!(usual.iter().any(|usual| name.starts_with(usual)), "{name}");
    }
}
