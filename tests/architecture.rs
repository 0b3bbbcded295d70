//! The layout is a rule, not a wish: one direction of data, and one owner per foreign crate.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each module of the library may import from the others. The stages come in order, each knows only what
/// is before it; `units` is a leaf, `pipeline` and the commands put things together, `workarounds` stands apart:
/// it knows hosts, not packets.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("source", &[]),
    ("decode", &["source"]),
    ("flow", &["decode", "units"]),
    ("detect", &["decode", "flow", "units"]),
    ("compare", &["decode", "detect", "flow", "source", "units"]),
    ("report", &["compare", "decode", "detect", "flow", "units"]),
    ("policy", &["decode", "detect", "flow", "report"]),
    ("plot", &["decode", "detect", "flow", "report", "units"]),
    ("pipeline", &["decode", "detect", "flow", "plot", "report", "source", "units"]),
    ("workarounds", &["units"]),
    ("cli", CLI_MAY_IMPORT),
];

/// The commands put everything together.
const CLI_MAY_IMPORT: &[&str] = &[
    "compare",
    "decode",
    "detect",
    "flow",
    "pipeline",
    "plot",
    "policy",
    "report",
    "source",
    "units",
    "workarounds",
];

/// Where each foreign crate may be named.
const OWNERS: &[(&str, &[&str])] = &[
    ("anstream", &["cli"]),
    ("anstyle", &["report"]),
    ("anyhow", &["cli", "workarounds"]),
    ("caps", &["cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("crossterm", &["cli"]),
    ("csv", &["report"]),
    ("etherparse", &["decode"]),
    ("flate2", &["source"]),
    ("foldhash", &["flow", "compare"]),
    ("hashbrown", &["flow"]),
    ("indicatif", &["cli"]),
    ("netlink_packet_core", &["source"]),
    ("netlink_packet_sock_diag", &["source"]),
    ("netlink_sys", &["source"]),
    ("nix", &["cli", "source"]),
    ("lz4_flex", &["source"]),
    ("pcap", &["source"]),
    ("plotters", &["plot"]),
    ("prometheus_client", &["cli"]),
    ("quick_junit", &["report"]),
    ("ruzstd", &["source"]),
    ("serde", &["report", "policy", "workarounds"]),
    ("serde_json", &["report", "cli", "workarounds"]),
    ("signal_hook", &["cli"]),
    ("strsim", &["policy"]),
    ("tabled", &["report"]),
    ("terminal_size", &["cli"]),
    ("textwrap", &["report", "cli", "workarounds"]),
    ("thiserror", &["source", "decode"]),
    ("toml", &["policy"]),
];

#[test]
fn data_flows_in_one_direction() {
    let mut faults = Vec::new();
    for (file, module, line) in lines() {
        let allowed = allowed(MAY_IMPORT, &module);
        for other in MAY_IMPORT.iter().map(|(name, _)| *name).filter(|name| *name != module) {
            if names(&line, &format!("crate::{other}")) && !allowed.contains(&other) {
                faults.push(format!("{}: {module} must not know {other}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_foreign_crate_is_named_by_its_owner_only() {
    let mut faults = Vec::new();
    for (file, module, line) in lines() {
        for (name, owners) in OWNERS {
            let path = format!("{name}::");
            if (names(&line, &path) || names(&line, &format!("use {name}")))
                && !owners.contains(&module.as_str())
            {
                faults.push(format!("{}: {name} belongs to {owners:?}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_dependency_has_an_owner() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = |heading: &str| {
        manifest.split(&format!("\n{heading}\n")).nth(1).unwrap().split("\n[").next().unwrap().lines()
    };
    let dependencies: Vec<String> = section("[dependencies]")
        .chain(section("[target.'cfg(target_os = \"linux\")'.dependencies]"))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect();
    let owned: Vec<&str> = OWNERS.iter().map(|(name, _)| *name).collect();
    for dependency in &dependencies {
        assert!(owned.contains(&dependency.as_str()), "{dependency} has no owner in this test");
    }
    for name in owned {
        assert!(dependencies.iter().any(|dependency| dependency == name), "{name} is no dependency any more");
    }
}

#[test]
fn every_module_is_in_its_place() {
    let library = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut known: Vec<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(declared, known);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], module: &str) -> &'a [&'a str] {
    let table: BTreeMap<&str, &[&str]> = table.iter().copied().collect();
    table.get(module).copied().unwrap_or(&[])
}

/// Whether `line` names `path`, and not something that only ends or begins alike.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !part(before) && before != Some(':') && (path.ends_with("::") || !part(after))
    })
}

/// Every line of code of the library, with its file and module; comments are left out.
fn lines() -> Vec<(PathBuf, String, String)> {
    let mut lines = Vec::new();
    let sources = root().join("src");
    for file in files(&sources) {
        let relative = file.strip_prefix(&sources).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "main" || module == "lib" {
            continue;
        }
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            if !line.trim_start().starts_with("//") {
                lines.push((file.clone(), module.clone(), line.to_owned()));
            }
        }
    }
    assert!(lines.len() > 1000, "the sources were found");
    lines
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
