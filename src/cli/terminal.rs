//! The terminal: its width, colour, error messages and progress.

use std::io::IsTerminal;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::units;

/// Width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 100;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether standard output gets colour.
    pub(crate) fn is_on(self) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => std::io::stdout().is_terminal() && !set("NO_COLOR"),
        }
    }
}

/// Columns of standard output; COLUMNS says it where there is no terminal.
pub(crate) fn width() -> usize {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal_size::terminal_size()
        .map(|(width, _)| usize::from(width.0))
        .or_else(columns)
        .unwrap_or(DEFAULT_WIDTH)
}

/// One line on standard error: `wscale: what: cause`, and a line with a hint where there is one.
pub(crate) fn complain(error: &anyhow::Error) {
    say(&format!("{error:#}"));
}

/// The same with a text. Names in it come from elsewhere: they must not act on the terminal or the log.
pub(crate) fn say(text: &str) {
    const HINT: &str = "\nhint: ";
    let parts: Vec<_> = text.split(HINT).map(units::visible).collect();
    anstream::eprintln!("wscale: {}", parts.join(HINT));
}

/// A progress bar on standard error for inputs that take longer than a second; only on a terminal, and only
/// where the size is known.
pub(crate) fn progress(name: &str, size_bytes: Option<u64>) -> ProgressBar {
    let Some(size) = size_bytes.filter(|_| std::io::stderr().is_terminal()) else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(units::visible(name).into_owned());
    bar
}

/// Adds what was read, and shows it once a second has passed.
pub(crate) fn advance(bar: &ProgressBar, bytes: u64) {
    if bar.is_hidden()
        && bar.length().is_some()
        && bar.elapsed().as_secs() >= 1
        && std::io::stderr().is_terminal()
    {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar.inc(bytes);
}
