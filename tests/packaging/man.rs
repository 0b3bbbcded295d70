//! One manual page per command, which formatters take without a warning; and examples wherever help is given.

use std::fs;
use std::process::Command;

use crate::program::{commands, has, quietly, wscale};

#[test]
fn every_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    wscale(&["man", "--output", folder.path().to_str().unwrap()]);
    let mut pages: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut expected: Vec<String> = commands()
        .iter()
        .map(|command| format!("wscale-{command}.1"))
        .chain(["wscale.1".to_owned()])
        .collect();
    expected.sort();
    assert_eq!(pages, expected);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(wscale(&["man"]), read("wscale.1"));
    assert_eq!(wscale(&["man", "analyse"]), read("wscale-analyze.1"), "an alias names the page too");
}

#[test]
fn an_unknown_command_has_none() {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale")).args(["man", "nothing"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("hint: "));
}

#[test]
fn pages_render_without_a_warning() {
    let (mandoc, groff) = (has("mandoc", "mandoc"), has("groff", "groff-base"));
    let folder = tempfile::tempdir().unwrap();
    wscale(&["man", "--output", folder.path().to_str().unwrap()]);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let page = entry.unwrap().path();
        let page = page.to_str().unwrap();
        if mandoc {
            assert_eq!(quietly("mandoc", &["-T", "lint", "-W", "warning", page]), "", "{page}");
            let text = quietly("mandoc", &["-T", "ascii", page]).replace('\u{8}', "");
            assert!(text.contains("EEXXAAMMPPLLEE"), "a section of its own, in bold: {text}");
        }
        if groff {
            quietly("groff", &["-ww", "-man", "-Tutf8", page]);
        }
    }
}

#[test]
fn every_help_has_examples() {
    for command in commands() {
        let help = wscale(&[&command, "--help"]);
        let example = format!("wscale {command}");
        let examples = help.split("\nExample").nth(1).unwrap_or_default();
        assert!(examples.contains(&example), "{help}");
    }
    assert!(wscale(&["--help"]).contains("Examples:\n  wscale "));
}
