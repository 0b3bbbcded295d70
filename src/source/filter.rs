//! tcpdump's filters, compiled by libpcap for every link layer that turns up.

use pcap::{BpfProgram, Capture, Linktype};

use super::{Error, cause};

/// A filter expression.
pub(super) struct Filter {
    expression: String,
    programs: Vec<(i32, BpfProgram)>,
}

impl Filter {
    /// Compiles `expression` for `link`, so that a mistake in it is told before anything is read.
    pub(super) fn new(expression: &str, link: i32) -> Result<Self, Error> {
        let programs = vec![(link, compile(expression, link)?)];
        Ok(Self { expression: expression.to_owned(), programs })
    }

    /// Whether a frame of `link` matches.
    pub(super) fn matches(&mut self, link: i32, data: &[u8]) -> Result<bool, Error> {
        if let Some((_, program)) = self.programs.iter().find(|(number, _)| *number == link) {
            return Ok(program.filter(data));
        }
        let program = compile(&self.expression, link)?;
        let matches = program.filter(data);
        self.programs.push((link, program));
        Ok(matches)
    }
}

fn compile(expression: &str, link: i32) -> Result<BpfProgram, Error> {
    Capture::dead(Linktype(link))
        .and_then(|capture| capture.compile(expression, true))
        .map_err(|error| Error::Filter { expression: expression.to_owned(), cause: cause(&error) })
}
