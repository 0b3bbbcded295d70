//! `wscale compare`: recorded pairs, and the same pairs edited as boxes and captures edit them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod boxes;
mod captures;
mod command;
mod editing;
mod recordings;
mod report;
