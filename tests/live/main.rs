//! `wscale live` with real interfaces: pairs of them in namespaces of their own, real TCP, real faults made by
//! the kernel's own packet filter. Needs root; elsewhere one line says what was not run, in CI that is a failure.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "what happens live is timed by the clock")]
#![allow(clippy::print_stderr, reason = "what was measured, and what was not run, is said")]

#[path = "../support/support.rs"]
mod support;

mod capture;
mod drops;
mod ending;
mod faults;
mod interfaces;
mod kernel;
mod metrics;
mod namespaces;
mod pipe;
mod program;
mod terminal;
mod traffic;
