//! A TCP segment as it was captured: header fields, raw, with nothing inferred.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::{Options, Outer};

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl Default for Endpoint {
    /// The unspecified address, and no port.
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0 }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => write!(f, "{address}:{}", self.port),
            IpAddr::V6(address) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

/// The control bits that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the bits of the header")]
pub struct Flags {
    /// Synchronize sequence numbers.
    pub syn: bool,
    /// The acknowledgment number means something.
    pub ack: bool,
    /// No more data from the sender.
    pub fin: bool,
    /// Reset the connection.
    pub rst: bool,
}

/// One TCP segment.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// Wireshark's `frame.number`.
    pub frame: u64,
    /// Capture time in microseconds since 1970.
    pub time_us: i64,
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// Sequence number of the first byte.
    pub sequence: u32,
    /// Acknowledgment number; it means something only with [`Flags::ack`].
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: Flags,
    /// The window field as it is on the wire, never scaled.
    pub raw_window: u16,
    /// TCP payload by the IP header's length, not by what was captured.
    pub payload_bytes: u32,
    /// Length of the options, padding included.
    pub option_bytes: u8,
    /// What the options say.
    pub options: Options,
    /// What was around the IP packet: tags and tunnels.
    pub outer: Outer,
}
