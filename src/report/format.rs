//! What a format is, and the registry of all formats. To add one: a file beside this one, and a line in
//! [`FORMATS`].

use std::io::{self, Write};

use super::{CaptureReport, json, jsonl, text};

/// How a report for people is laid out. Machine formats ignore it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// How many flows the table shows.
    pub top: usize,
    /// Whether escape sequences for colour are written.
    pub color: bool,
}

/// One output format.
#[derive(Debug)]
pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    /// One line for the help.
    pub summary: &'static str,
    /// Writes the captures.
    pub write: fn(&mut dyn Write, &[CaptureReport], &Layout) -> io::Result<()>,
}

/// All formats; the first is the default.
pub static FORMATS: [&Format; 3] = [&text::FORMAT, &json::FORMAT, &jsonl::FORMAT];

/// The format of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}
