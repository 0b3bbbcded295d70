//! `wscale compare`: recorded pairs, and the same pairs edited as boxes and captures edit them.

mod boxes;
mod captures;
mod command;
mod editing;
mod recordings;
mod report;
