//! Colours, used sparingly: the verdict and the headline.

use anstyle::{AnsiColor, Style};

use crate::detect::Verdict;

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
