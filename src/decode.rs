//! From frames to TCP segments.
//!
//! This stage owns `etherparse`. It goes as far into a frame as the captured bytes allow, and it knows no
//! flows. What it cannot use is returned as a [`Skip`], so that it can be counted by reason: a frame that
//! cannot be read is never fatal. Nothing is allocated per frame.

mod headers;
mod link;
mod network;
mod options;
mod segment;

pub use headers::{Checksum, Headers, OptionBytes};
pub use link::{Decoder, UnsupportedLinkType};
pub use options::{Offer, Options};
pub use segment::{Endpoint, Flags, Segment};

/// Why a frame holds no TCP segment that could be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Neither IPv4 nor IPv6 (ARP, LLDP, ...).
    NotIp,
    /// IP, but not TCP.
    NotTcp,
    /// A fragment behind the first: it has no TCP header.
    Fragment,
    /// The snap length cut the frame before the end of the fixed TCP header.
    Truncated,
    /// A header that contradicts itself.
    Malformed,
}
