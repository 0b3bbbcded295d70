//! What the kernel of one end says about the connection: the strongest evidence there is, but only where the
//! capture was taken on that very host.

use super::Side;

/// Whether the kernel was asked, and what it said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// Not asked, or not yet.
    #[default]
    Unasked,
    /// Neither end is a connection of this host.
    Unknown,
    /// One end is.
    Knows(KernelView),
}

/// What one end's kernel said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelView {
    /// The end that is this host.
    pub side: Side,
    /// The shift of its own window, and the one that it applies to its peer's; `None` when scaling is off.
    pub shifts: Option<(u8, u8)>,
    /// Its round trip.
    pub rtt_us: Option<i64>,
    /// The maximum segment size that it announced.
    pub maximum_segment_size: Option<u16>,
}

impl Kernel {
    /// What it said, if anything.
    pub fn view(&self) -> Option<&KernelView> {
        match self {
            Self::Knows(view) => Some(view),
            Self::Unasked | Self::Unknown => None,
        }
    }
}

impl KernelView {
    /// The shift under which this end handles the window of `side`: 0 when scaling is off.
    pub fn shift(&self, side: Side) -> u8 {
        let (own, peer) = self.shifts.unwrap_or((0, 0));
        if side == self.side { own } else { peer }
    }
}
