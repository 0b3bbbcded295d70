//! tcpdump's filters, compiled by libpcap for every link layer that turns up.

use pcap::{BpfProgram, Capture, Linktype};

use super::{Error, Frame, LinkType, cause};

/// A filter expression in tcpdump's syntax.
pub struct Filter {
    expression: String,
    /// By link layer; `None` where the expression means nothing, as `port 80` does on USB: no frame matches.
    programs: Vec<(i32, Option<BpfProgram>)>,
}

impl Filter {
    /// Compiles `expression`, so that a mistake in it is told before anything is read: one of `links` must take it.
    pub fn new(expression: &str, links: &[LinkType]) -> Result<Self, Error> {
        let mut programs = Vec::new();
        let mut refused = None;
        for link in links {
            let program = compile(expression, link.number);
            programs.push((link.number, program.map_err(|error| refused.get_or_insert(error)).ok()));
        }
        match refused {
            Some(error) if programs.iter().all(|(_, program)| program.is_none()) => Err(error),
            _ => Ok(Self { expression: expression.to_owned(), programs }),
        }
    }

    /// Whether `frame` matches.
    pub fn matches(&mut self, frame: &Frame<'_>) -> bool {
        let known = self.programs.iter().position(|(link, _)| *link == frame.link);
        let at = known.unwrap_or_else(|| {
            self.programs.push((frame.link, compile(&self.expression, frame.link).ok()));
            self.programs.len() - 1
        });
        let program = self.programs.get(at).and_then(|(_, program)| program.as_ref());
        program.is_some_and(|program| program.filter(frame.data))
    }
}

fn compile(expression: &str, link: i32) -> Result<BpfProgram, Error> {
    Capture::dead(Linktype(link))
        .and_then(|capture| capture.compile(expression, true))
        .map_err(|error| Error::Filter { expression: expression.to_owned(), cause: cause(&error) })
}
