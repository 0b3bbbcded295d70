//! What a format is, and the registry of all formats. To add one: a file beside this one, and a line in
//! [`FORMATS`].

use std::io::{self, Write};

use super::{CaptureReport, FlowReport, Outcome, github, json, jsonl, junit, markdown, sarif, text};

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

/// Prints one report, capture by capture, so that only one need be held.
pub trait Printer {
    /// Prints a flow of a capture that is still being read; only where the format needs
    /// [each](Needs::Each).
    fn flow(&mut self, _out: &mut dyn Write, _source: &str, _flow: &FlowReport) -> io::Result<()> {
        Ok(())
    }

    /// Prints a capture, without the flows that were printed before.
    fn capture(&mut self, out: &mut dyn Write, report: &CaptureReport) -> io::Result<()>;

    /// Ends the report.
    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()>;
}

/// Which flows of a capture a format needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Each as soon as it is over, and none of them again.
    Each,
    /// Those with findings; of those without, this many of each verdict, the worst, and how many more there are.
    Worst(usize),
    /// All of them, in order.
    All,
}

impl Needs {
    /// What two formats of one run need. What was handed out as it ended is not there for another format.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Each, Self::Each) => Self::Each,
            (Self::Worst(one), Self::Worst(other)) => Self::Worst(one.max(other)),
            _ => Self::All,
        }
    }
}

/// One output format.
#[derive(Debug)]
pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    /// One line for the help.
    pub summary: &'static str,
    /// What must be kept of a capture until it is printed.
    pub needs: fn(&Layout) -> Needs,
    /// Begins a report.
    pub printer: fn(&Layout) -> Box<dyn Printer>,
}

impl Format {
    /// Prints a report whose captures are all there.
    pub fn write(&self, out: &mut dyn Write, captures: &[CaptureReport], layout: &Layout) -> io::Result<()> {
        let mut printer = (self.printer)(layout);
        for report in captures {
            printer.capture(out, report)?;
        }
        printer.finish(out, &Outcome::default())
    }
}

/// All formats; the first is the default.
pub static FORMATS: [&Format; 7] = [
    &text::FORMAT,
    &json::FORMAT,
    &jsonl::FORMAT,
    &junit::FORMAT,
    &sarif::FORMAT,
    &github::FORMAT,
    &markdown::FORMAT,
];

/// The format of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_formats_get_what_each_of_them_needs() {
        use Needs::{All, Each, Worst};
        assert_eq!(Each.and(Each), Each);
        assert_eq!([Worst(3).and(Worst(20)), Worst(20).and(Worst(0))], [Worst(20), Worst(20)]);
        for needs in [Each, Worst(3), All] {
            assert_eq!([needs.and(All), All.and(needs)], [All, All]);
        }
        assert_eq!([Each.and(Worst(3)), Worst(3).and(Each)], [All, All]);
    }
}
