//! All JSON there is: golden files, and what the program says about every fixture.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support;

/// A kind of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `--format json` of analyze and check.
    Document,
    /// A line of `--format jsonl` of analyze and check.
    Line,
    /// `compare --format json`.
    Comparison,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Document, Self::Line, Self::Comparison];

    /// The file of the schema.
    pub(crate) fn schema(self) -> &'static str {
        if self == Self::Comparison { "compare/schema.json" } else { "json/schema.json" }
    }

    /// Its definition in the file; without one it is the whole.
    pub(crate) fn definition(self) -> Option<&'static str> {
        match self {
            Self::Document => Some("document"),
            Self::Line => Some("line"),
            Self::Comparison => None,
        }
    }

    /// How many there must be at least in the golden files.
    pub(crate) fn golden(self) -> usize {
        match self {
            Self::Document => 28,
            Self::Line => 60,
            Self::Comparison => 0,
        }
    }
}

/// All golden JSON, with the names of its files.
pub(crate) fn golden(kind: Kind) -> Vec<(String, Value)> {
    let extension = match kind {
        Kind::Document => "json",
        Kind::Line => "jsonl",
        Kind::Comparison => return Vec::new(),
    };
    let mut found = Vec::new();
    for folder in ["analyze", "check"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|other| other == extension) {
                let name = path.display().to_string();
                found.extend(
                    values(kind, &fs::read_to_string(&path).unwrap()).map(|value| (name.clone(), value)),
                );
            }
        }
    }
    found
}

/// What the program says now about every fixture: the recordings, and the texts, compiled.
pub(crate) fn live(kind: Kind) -> Vec<(String, Value)> {
    if kind == Kind::Comparison {
        return comparisons();
    }
    let folder = tempfile::tempdir().unwrap();
    for path in support::files("text", "txt") {
        let compiled = support::compile_file(&path);
        let file = folder.path().join(format!("{}.{}", support::name(&path), compiled.capture.extension()));
        fs::write(&file, compiled.capture.bytes()).unwrap();
    }
    let recordings = support::fixtures().join("recordings");
    let (folder, recordings) = (folder.path().to_str().unwrap(), recordings.to_str().unwrap());
    let format = if kind == Kind::Line { "jsonl" } else { "json" };
    let mut said = Vec::new();
    for arguments in [
        &["analyze", "--checksums", "--format", format, recordings, folder][..],
        &["check", "--no-config", "--min-shift", "11", "--format", format, recordings, folder],
    ] {
        said.extend(values(kind, &wscale(arguments)).map(|value| (arguments.join(" "), value)));
    }
    assert!(!said.is_empty());
    said
}

/// Both sides of every box in the recordings.
fn comparisons() -> Vec<(String, Value)> {
    let mut said = Vec::new();
    for client in support::files("recordings", "pcap") {
        let Some(name) = support::name(&client).strip_suffix(".client").map(str::to_owned) else { continue };
        let server = client.with_file_name(format!("{name}.server.pcap"));
        let arguments = ["compare", "--format", "json", client.to_str().unwrap(), server.to_str().unwrap()];
        said.extend(values(Kind::Comparison, &wscale(&arguments)).map(|value| (name.clone(), value)));
    }
    assert!(said.len() >= 20, "{} pairs", said.len());
    said
}

fn wscale(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_wscale")).args(arguments).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn values(kind: Kind, text: &str) -> impl Iterator<Item = Value> {
    let parts: Vec<&str> = if kind == Kind::Line { text.lines().collect() } else { vec![text] };
    let parsed: Vec<Value> = parts.into_iter().map(|part| serde_json::from_str(part).unwrap()).collect();
    parsed.into_iter()
}
