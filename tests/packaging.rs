//! What packagers need: completions that load in their shells, manual pages that render, a binary that depends on
//! little, and a crate that ships what it must.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was not run is said")]

#[path = "packaging/completions.rs"]
mod completions;
#[path = "packaging/man.rs"]
mod man;
#[path = "packaging/package.rs"]
mod package;
#[path = "packaging/program.rs"]
mod program;
#[path = "packaging/version.rs"]
mod version;
