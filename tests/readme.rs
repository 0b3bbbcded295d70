//! What the README shows is what the program prints.
//!
//! A block that begins with `$ wscale ...` is run and compared; UPDATE_GOLDEN=1 rewrites what follows the command.
//! The other blocks are run as they stand in `readme/recipes.rs`.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not run is said")]

#[path = "readme/recipes.rs"]
mod recipes;

use std::path::PathBuf;
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &str) -> String {
    let arguments = command.strip_prefix("wscale ").unwrap().split_whitespace();
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(arguments)
        .current_dir(root())
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_console_block_is_what_the_program_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut rewritten = String::new();
    let mut blocks = 0;
    let mut rest = readme.as_str();
    while let Some(start) = rest.find("```console\n") {
        let (before, block) = rest.split_at(start + "```console\n".len());
        let (block, after) = block.split_at(block.find("```").unwrap());
        let command = block.lines().next().unwrap().strip_prefix("$ ").unwrap();
        rewritten.push_str(before);
        rewritten.extend(["$ ", command, "\n", &run(command)]);
        rest = after;
        blocks += 1;
    }
    rewritten.push_str(rest);
    assert!(blocks >= 2);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(root().join("README.md"), &rewritten).unwrap();
    }
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(readme, rewritten, "UPDATE_GOLDEN=1 rewrites the blocks");
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let command = readme.lines().find(|line| line.contains("cargo test")).unwrap();
    let command = command.rsplit("&& ").next().unwrap();
    assert!(ci.lines().any(|line| line == command), "{command}");
}
