//! The command line of the lab, which is also that of any test program: `cargo test` and nextest
//! pass their own words.

use std::path::PathBuf;

pub(crate) const HELP: &str = "\
The lab: window scaling between real kernels, through a real box, on one machine.

cargo test --test lab                          the whole matrix
cargo test --test lab -- WORD...               the transfers whose name contains a WORD
cargo test --test lab -- --list                their names
cargo test --test lab -- record CELL DIR       one transfer (or NAME.client, NAME.server) as a capture
                                               and its row in DIR/MANIFEST.tsv
  --jobs N     so many transfers at a time (default 6)
  --keep DIR   keep all captures in DIR
  --exact      the WORDs are whole names";

/// What was asked for.
#[expect(clippy::struct_excessive_bools, reason = "flags are what a command line has")]
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) list: bool,
    pub(crate) terse: bool,
    pub(crate) ignored: bool,
    pub(crate) help: bool,
    pub(crate) exact: bool,
    pub(crate) jobs: usize,
    pub(crate) keep: Option<PathBuf>,
    pub(crate) record: Option<(String, PathBuf)>,
    pub(crate) words: Vec<String>,
    /// From the supervisor to the worker: this is the worker, and its directory.
    pub(crate) worker: Option<PathBuf>,
    /// Also: we are root in a user namespace only.
    pub(crate) user_namespace: bool,
    /// From the lab to itself: do not test how interruption is survived.
    pub(crate) no_interruption: bool,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self { jobs: 6, ..Self::default() };
        let mut arguments = arguments.peekable();
        while let Some(word) = arguments.next() {
            match word.as_str() {
                "--list" => options.list = true,
                "--format" => options.terse = arguments.next().is_some_and(|format| format == "terse"),
                "--ignored" => options.ignored = true,
                "-h" | "--help" => options.help = true,
                "--exact" => options.exact = true,
                "--jobs" => options.jobs = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(6).max(1),
                "--keep" => options.keep = arguments.next().map(PathBuf::from),
                "--worker" => options.worker = arguments.next().map(PathBuf::from),
                "--user-namespace" => options.user_namespace = true,
                "--no-interruption" => options.no_interruption = true,
                "record" => {
                    options.record = arguments.next().zip(arguments.next().map(PathBuf::from));
                    options.help |= options.record.is_none();
                }
                // What else cargo test and nextest say (--nocapture, --test-threads ...) means nothing here.
                _ if word.starts_with('-') => {}
                _ => options.words.push(word),
            }
        }
        options
    }

    /// Whether a transfer of this name was asked for. `matrix` is what nextest calls all of them.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let matches = |word: &String| {
            word == "matrix" || if self.exact { word == name } else { name.contains(word.as_str()) }
        };
        self.words.is_empty() || self.words.iter().any(matches)
    }
}

/// Whether what cannot run here is a failure.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}
