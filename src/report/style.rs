//! How text for people looks: colours, used sparingly for the verdict and the headline, and paragraphs with a
//! label on the left.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::detect::Verdict;

use super::Layout;

/// Width of the labels on the left.
pub(super) const LABEL: usize = 9;

/// Paints text, or leaves it plain.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    pub(super) fn apply(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();

pub(super) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Stripped | Verdict::Blocked => BAD,
        Verdict::Suspect => AnsiColor::Yellow.on_default(),
        Verdict::Healthy => GOOD,
        Verdict::Off | Verdict::Unproven | Verdict::Unknown => Style::new(),
    }
}

/// `text` wrapped beside `label`.
pub(super) fn labelled(out: &mut dyn Write, label: &str, text: &str, layout: &Layout) -> io::Result<()> {
    let first = format!("  {label:LABEL$}");
    let rest = " ".repeat(first.len());
    let options = textwrap::Options::new(layout.width).initial_indent(&first).subsequent_indent(&rest);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
