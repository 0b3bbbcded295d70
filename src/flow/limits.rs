//! How long a flow is followed, and how it ends.

use super::Flow;

/// How many flows are followed at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows at once.
    pub max_flows: usize,
    /// A flow without a frame for this long is over.
    pub idle_us: i64,
    /// So is one that had a RST or the FINs of both sides, after this.
    pub closed_us: i64,
    /// Of those that had, at most so many are waited for.
    pub max_closing: usize,
    /// Of those whose FINs are acknowledged, at most so many.
    pub max_closed: usize,
}

impl Limits {
    /// For a saved capture: as for Wireshark, no flow ends by silence. Times in a file may jump by hours, and
    /// connections go on behind a RST that nobody believed; so the closed ones are only bounded in number.
    pub const SAVED: Self = Self { max_flows: 50_000, max_closing: 256, max_closed: 16, ..Self::NONE };

    /// Every flow is kept to the end of the capture.
    pub const NONE: Self = Self {
        max_flows: usize::MAX,
        idle_us: i64::MAX,
        closed_us: i64::MAX,
        max_closing: usize::MAX,
        max_closed: usize::MAX,
    };
}

/// Why a flow left the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A RST or both FINs, and then silence.
    Closed,
    /// No frame for long.
    Idle,
    /// A new connection on the same 4-tuple.
    Reused,
    /// The table was full, and this flow was silent for longest.
    Evicted,
    /// The capture ended.
    CaptureEnded,
}

/// A flow that leaves the table.
#[derive(Debug)]
pub struct Ended {
    /// Position in the order of first frames.
    pub index: u64,
    /// The flow.
    pub flow: Box<Flow>,
    /// Why.
    pub end: End,
}
