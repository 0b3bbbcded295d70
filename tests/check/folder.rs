//! A folder with the captures of a test run, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support;

/// The formats, as `--format` knows them.
pub(crate) const FORMATS: [&str; 7] = ["text", "json", "jsonl", "junit", "sarif", "github", "markdown"];

pub(crate) const RECORDINGS: [&str; 13] = [
    "ok-download.client",
    "rr-ok.client",
    "smallrcvbuf.client",
    "srv-noscale-download.client",
    "syn-set0-download.client",
    "syn-set0-download.server",
    "syn-set2-download.client",
    "synack-set0-upload.client",
    "synack-set0-upload.server",
    "synack-nop-upload.client",
    "loss2-syn-set0-download.client",
    "w6-set0.client",
    "syn-nop-download.server",
];

pub(crate) struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    /// The recordings, a thinned handshake, a truncated capture, an empty one and a refused connection.
    pub(crate) fn new() -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        for name in RECORDINGS {
            let file = format!("{name}.pcap");
            fs::copy(support::fixtures().join("recordings").join(&file), folder.path(&file)).unwrap();
        }
        for name in ["kernel-2.6.17-post", "trap-refused"] {
            let compiled =
                support::compile_file(&support::fixtures().join("text").join(format!("{name}.txt")));
            folder.write(&format!("{name}.pcap"), compiled.capture.bytes());
        }
        let fault = fs::read(folder.path("syn-set0-download.client.pcap")).unwrap();
        folder.write("truncated.pcap", &fault[..fault.len() - 10]);
        folder.write("empty.pcap", &fault[..24]);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `wscale check`.
    pub(crate) fn check(&self, arguments: &[&str]) -> Answer {
        self.check_in(Path::new("."), arguments)
    }

    pub(crate) fn check_in(&self, below: &Path, arguments: &[&str]) -> Answer {
        command(&self.folder.path().join(below)).args(arguments).output().unwrap().into()
    }
}

/// `wscale check`, to be run in `folder`.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscale"));
    command.arg("check").current_dir(folder).env("COLUMNS", "100").env_remove("NO_COLOR");
    command.stdin(Stdio::null());
    command
}

pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
