//! What a finding is about, without what differs from recording to recording.

use std::fmt;
use std::net::IpAddr;

use crate::detect::Finding;
use crate::flow::Side;

use super::FlowReport;

/// The identity of a fault: which rule, on whose window, on which side the box stands, to which shift the
/// window was lowered, and towards which server. Ports, times, frames and the confidence are not part of it: a
/// second recording of the same fault has others. Nor is the declared shift: a kernel update changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Code of the rule.
    pub code: &'static str,
    /// Whose window.
    pub window_of: Option<Side>,
    /// Where the box is.
    pub box_side: Option<Side>,
    /// The smallest shift that anyone on the path acts on.
    pub shift: Option<u8>,
    /// Address of the server.
    pub server: IpAddr,
}

impl Fault {
    /// The fault that `finding` on `flow` is about.
    pub fn of(flow: &FlowReport, finding: &Finding) -> Self {
        let shift = finding.window_of.and_then(|side| {
            let window = flow.windows.of(side);
            let bounds = [window.applied_shift, window.believed_shift];
            let inferred = bounds.into_iter().flatten().map(|bounds| bounds.max);
            inferred.chain(window.declared_shift).min()
        });
        Self {
            code: finding.rule.code,
            window_of: finding.window_of,
            box_side: finding.box_side,
            shift,
            server: flow.endpoints.server.address,
        }
    }

    /// `client-side`, `server-side` or `none`.
    pub fn place(&self) -> &'static str {
        match self.box_side {
            Some(Side::Client) => "client-side",
            Some(Side::Server) => "server-side",
            None => "none",
        }
    }

    /// `client`, `server` or `none`.
    pub fn window(&self) -> &'static str {
        self.window_of.map_or("none", Side::name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shift = self.shift.map_or_else(|| "?".to_owned(), |shift| shift.to_string());
        write!(f, "{}:{}:{}:{shift}:{}", self.code, self.window(), self.place(), self.server)
    }
}
