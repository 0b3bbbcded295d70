//! A filter that is asked about frames instead of hiding them.

use pcap::{BpfProgram, Capture, Linktype};

use super::{Error, Frame, LinkType, cause};

/// A compiled filter expression in tcpdump's syntax.
pub struct Selector {
    program: BpfProgram,
}

impl Selector {
    /// Compiles `expression` for frames of `link_type`.
    pub fn compile(link_type: &LinkType, expression: &str) -> Result<Self, Error> {
        let error =
            |error: pcap::Error| Error::Filter { expression: expression.to_owned(), cause: cause(&error) };
        let capture = Capture::dead(Linktype(link_type.number)).map_err(error)?;
        let program = capture.compile(expression, true).map_err(error)?;
        Ok(Self { program })
    }

    /// Whether `frame` matches.
    pub fn matches(&self, frame: &Frame<'_>) -> bool {
        self.program.filter(frame.data)
    }
}
