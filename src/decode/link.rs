//! The link layer: from the frame's first byte to the IP header.

use super::{Segment, Skip, network};
use crate::source::{Frame, LinkType};

/// libpcap's `DLT_` numbers. The raw IP ones differ between systems, hence three of them.
const NULL: i32 = 0;
const ETHERNET: i32 = 1;
const RAW: [i32; 3] = [12, 14, 101];
const LOOP: i32 = 108;
const LINUX_SLL: i32 = 113;
const IPV4: i32 = 228;
const IPV6: i32 = 229;
const LINUX_SLL2: i32 = 276;

/// EtherTypes.
const TYPE_IPV4: u16 = 0x0800;
const TYPE_IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad, and the ones that older switches use for the outer tag.
const TYPE_VLAN: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];

/// Address families in NULL and LOOP headers: IPv4 is 2 everywhere, IPv6 differs between the BSDs and Linux.
const FAMILY_IPV4: u32 = 2;
const FAMILY_IPV6: [u32; 4] = [10, 24, 28, 30];

/// The capture's link layer is none that can be decoded.
#[derive(Debug, thiserror::Error)]
#[error("link type {name} is not supported")]
pub struct UnsupportedLinkType {
    /// libpcap's name of it.
    pub name: String,
}

/// Decodes the frames of one capture.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    link: Link,
}

#[derive(Clone, Copy, Debug)]
enum Link {
    Ethernet,
    /// An EtherType at `type_at`, the payload at `payload_at`: the Linux cooked headers.
    Cooked {
        type_at: usize,
        payload_at: usize,
    },
    /// Four bytes of address family, in the byte order of the capturing host or of the network.
    Family,
    RawIp,
}

impl Decoder {
    /// A decoder for captures of `link_type`.
    pub fn new(link_type: &LinkType) -> Result<Self, UnsupportedLinkType> {
        let link = match link_type.number {
            ETHERNET => Link::Ethernet,
            LINUX_SLL => Link::Cooked { type_at: 14, payload_at: 16 },
            LINUX_SLL2 => Link::Cooked { type_at: 0, payload_at: 20 },
            NULL | LOOP => Link::Family,
            IPV4 | IPV6 => Link::RawIp,
            raw if RAW.contains(&raw) => Link::RawIp,
            _ => return Err(UnsupportedLinkType { name: link_type.name.clone() }),
        };
        Ok(Self { link })
    }

    /// The TCP segment in `frame`, or why there is none.
    pub fn decode(&self, frame: &Frame<'_>) -> Result<Segment, Skip> {
        match self.link {
            Link::Ethernet => ether_type(frame, 12, 14),
            Link::Cooked { type_at, payload_at } => ether_type(frame, type_at, payload_at),
            Link::Family => family(frame),
            Link::RawIp => network::segment(frame, 0),
        }
    }
}

/// Reads the EtherType at `type_at`, goes through any number of VLAN tags, and decodes what is behind them.
fn ether_type(frame: &Frame<'_>, mut type_at: usize, mut payload_at: usize) -> Result<Segment, Skip> {
    loop {
        match be16(frame, type_at)? {
            TYPE_IPV4 | TYPE_IPV6 => return network::segment(frame, payload_at),
            tag if TYPE_VLAN.contains(&tag) => {
                // A tag is two bytes of priority and VLAN, then the EtherType of what is behind it.
                type_at = payload_at + 2;
                payload_at += 4;
            }
            _ => return Err(Skip::NotIp),
        }
    }
}

fn family(frame: &Frame<'_>) -> Result<Segment, Skip> {
    let bytes: [u8; 4] = frame.data.first_chunk().copied().ok_or(Skip::Truncated)?;
    let known = |family: u32| family == FAMILY_IPV4 || FAMILY_IPV6.contains(&family);
    // NULL is in the byte order of the host that captured, which a capture does not tell; LOOP is big endian.
    if known(u32::from_be_bytes(bytes)) || known(u32::from_le_bytes(bytes)) {
        network::segment(frame, 4)
    } else {
        Err(Skip::NotIp)
    }
}

fn be16(frame: &Frame<'_>, at: usize) -> Result<u16, Skip> {
    match frame.data.get(at..at + 2) {
        Some(&[high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Skip::Truncated),
    }
}
