//! `wscale check` as a CI job meets it: every option of the policy in every format, schemas, baselines, and
//! names that try to break out.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "check/baseline.rs"]
mod baseline;
#[path = "check/cases.rs"]
mod cases;
#[path = "check/config.rs"]
mod config;
#[path = "check/folder.rs"]
mod folder;
#[path = "support/golden.rs"]
mod golden;
#[path = "check/outputs.rs"]
mod outputs;
#[path = "check/schemas.rs"]
mod schemas;
#[path = "support/support.rs"]
mod support;
