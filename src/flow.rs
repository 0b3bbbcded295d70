//! Flows: what both sides of one connection said and did, as evidence.
//!
//! Evidence is collected here and judged in `detect`: this stage never decides who is at fault. State per
//! flow is bounded, nothing grows with the number of segments: [`FLOW_BYTES_MAX`].

mod advertised;
mod changed;
mod closing;
mod connection;
mod granted;
mod handshake;
mod history;
mod index;
mod kernel;
mod key;
mod ledger;
mod limits;
mod observed;
mod order;
mod overshoot;
mod retired;
mod sequence;
mod stops;
mod table;
mod transmissions;
mod twins;
mod window;

pub use advertised::Advertised;
pub use connection::Flow;
pub use granted::Granted;
pub use handshake::{Altered, Handshake, Syn, Twin};
pub use kernel::{Kernel, KernelView};
pub use key::{Key, Keys};
pub use limits::{End, Ended, Limits};
pub use observed::Observed;
pub use overshoot::{Overshoot, Overshoots};
pub use stops::{Stop, Stops};
pub use table::{FlowTable, Noted};
pub use transmissions::Transmissions;
pub use window::{Sent, Window};

use crate::decode::Outer;

/// Shifts that RFC 7323 §2.3 allows: 0 to 14.
pub const MAX_SHIFT: u8 = 14;

/// How many shifts there are.
pub const SHIFTS: usize = MAX_SHIFT as usize + 1;

/// No flow takes more memory than this: itself, and for each direction the grants that are not settled, the
/// samples of what was sent, the transmissions whose fate is open, and the stops by shift. A flow that carries
/// no data takes a quarter of it.
pub const FLOW_BYTES_MAX: usize = 26 * 1024;

const _: () = {
    let lists = ledger::BYTES_MAX + history::BYTES_MAX + transmissions::BYTES_MAX + stops::BYTES_MAX;
    assert!(size_of::<Flow>() + size_of::<Sides<Outer>>() + 2 * lists <= FLOW_BYTES_MAX);
    assert!(size_of::<Flow>() <= FLOW_BYTES_MAX / 4);
};

/// One end of a connection, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Sent the SYN.
    Client,
    /// Answered it.
    Server,
}

impl Side {
    /// Both sides, the client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other side.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// One value for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> Sides<T> {
    /// The value of `side`.
    pub fn of(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The value of `side`, to change it.
    pub fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}
