//! From frames to TCP segments.
//!
//! This stage owns `etherparse`. It goes as far into a frame as the captured bytes allow, through tunnels to
//! the innermost TCP header, and it knows no flows. What it cannot use is returned as a [`Skip`], so that it
//! can be counted by reason: a frame that cannot be read is never fatal. Nothing is allocated per frame.
//!
//! One file per family of headers. Each header's function takes its bytes from the `walk::Walk` and names
//! the header behind it; the loop there calls the next one. So nothing recurses, and a frame cannot nest
//! deeper than the loop allows. TCP in IPv4 in an Ethernet frame, which is nearly all traffic, needs no walk
//! (`link`).

mod checksum;
mod ethernet;
mod gre;
mod gtp;
mod headers;
mod ipv6_over_udp;
mod link;
mod mpls;
mod network;
mod options;
mod outer;
mod overlay;
mod ppp;
mod pseudo;
#[cfg(test)]
mod sample;
mod segment;
mod tcp;
mod udp;
mod walk;
mod wlan;

pub use checksum::{Checksum, Checksums, Verified};
pub use headers::{Headers, OptionBytes};
pub use link::{Decoder, UnsupportedLinkType};
pub use options::{Offer, Options};
pub use outer::{Layer, Outer};
pub use segment::{Endpoint, Flags, Segment};

/// Why a frame holds no TCP segment that could be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Neither IPv4 nor IPv6 (ARP, LLDP, ...), or from an interface that has neither (USB, ...).
    NotIp,
    /// IP, but not TCP.
    NotTcp,
    /// A fragment behind the first: it has no TCP header.
    Fragment,
    /// The snap length cut the frame before the end of the fixed TCP header.
    Truncated,
    /// A header that contradicts itself, or ends with the frame.
    Malformed,
}
