//! What the program says about captures, read from its JSON.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::editing::{Packet, save};

/// Runs the program.
pub(crate) fn wscale(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wscale")).args(arguments).env("COLUMNS", "200").output().unwrap()
}

/// The report on saved captures.
pub(crate) struct Report(pub(crate) Value);

impl Report {
    pub(crate) fn of_files(files: &[&Path]) -> Self {
        let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let output = wscale(&[&["compare", "--format", "json"], files.as_slice()].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Saves the captures as `a.pcap`, `b.pcap`, ... and compares them.
    pub(crate) fn of(captures: &[&[Packet]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = captures
            .iter()
            .zip('a'..)
            .map(|(packets, name)| {
                let file = folder.path().join(format!("{name}.pcap"));
                save(packets, &file);
                file
            })
            .collect();
        Self::of_files(&files.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>())
    }

    pub(crate) fn leg(&self, index: usize) -> &Value {
        &self.0["legs"][index]
    }

    /// The verdict without the names of the files.
    pub(crate) fn verdict(&self) -> String {
        let verdict = self.leg(0)["verdict"].as_str().unwrap();
        verdict.split_once(".pcap ").and_then(|(_, rest)| rest.split_once(".pcap ")).unwrap().1.to_owned()
    }

    pub(crate) fn pairs(&self) -> &[Value] {
        self.leg(0)["pairs"].as_array().unwrap()
    }

    /// `message: frequency`, of all changes.
    pub(crate) fn changes(&self) -> Vec<String> {
        let rows = self.leg(0)["changes"].as_array().unwrap();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.iter().map(|row| format!("{}: {}", text(row, "message"), text(row, "frequency"))).collect()
    }

    /// `CODE confidence window_of`, of all findings.
    pub(crate) fn findings(&self) -> Vec<String> {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        self.pairs()
            .iter()
            .flat_map(|pair| pair["findings"].as_array().unwrap())
            .map(|f| format!("{} {} {}", text(f, "code"), text(f, "confidence"), text(f, "window_of")))
            .collect()
    }

    /// The sum of one kind of segments over all flows, both directions.
    pub(crate) fn segments(&self, kind: &str) -> u64 {
        let of = |pair: &Value, end: &str| pair["passages"][end][kind].as_u64().unwrap();
        self.pairs().iter().map(|pair| of(pair, "client") + of(pair, "server")).sum()
    }
}
