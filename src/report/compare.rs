//! The report of a comparison: text and JSON.

mod json;
mod table;
mod text;

use std::io::{self, Write};

use crate::compare::Comparison;

use super::{Layout, Outcome};

/// One output format of `wscale compare`.
#[derive(Debug)]
pub struct ComparisonFormat {
    /// The name on the command line, the same as for other commands.
    pub name: &'static str,
    /// One line for the help.
    pub summary: &'static str,
    /// Writes the comparison.
    pub write: fn(&mut dyn Write, &Comparison, &Layout) -> io::Result<()>,
    /// Writes what a check makes of it.
    pub finish: fn(&mut dyn Write, &Outcome, &Layout) -> io::Result<()>,
}

/// All formats of a comparison; the first is the default.
pub static COMPARISON_FORMATS: [&ComparisonFormat; 2] = [&text::FORMAT, &json::FORMAT];
