//! Where the headers of a frame are: just enough to edit it, and nothing from `src/decode`.

use super::capture::Capture;

/// Numbers of link types in files.
pub(crate) mod link {
    pub(crate) const NULL: u32 = 0;
    pub(crate) const ETHERNET: u32 = 1;
    pub(crate) const RAW: u32 = 101;
    pub(crate) const LOOP: u32 = 108;
    pub(crate) const SLL: u32 = 113;
    pub(crate) const SLL2: u32 = 276;
}

/// Raw IP has many numbers.
const RAW_IP: [u32; 5] = [12, 14, link::RAW, 228, 229];

/// Frames of this link type can be edited.
pub(crate) fn is_known(link: u32) -> bool {
    use link::{ETHERNET, LOOP, NULL, SLL, SLL2};
    RAW_IP.contains(&link) || [ETHERNET, LOOP, NULL, SLL, SLL2].contains(&link)
}

/// The EtherTypes of VLAN tags.
const TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];

/// Where the IP header is, and which it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ip {
    pub(crate) at: usize,
    pub(crate) is_v6: bool,
    /// Behind the header and its extensions.
    pub(crate) payload_at: usize,
    pub(crate) protocol: u8,
    /// Length of the payload by the header; `None` where the header says 0.
    pub(crate) payload_bytes: Option<usize>,
    /// Part of a packet in fragments.
    pub(crate) is_fragment: bool,
    pub(crate) is_later_fragment: bool,
}

/// A TCP header that was captured at least up to its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp {
    pub(crate) ip: Ip,
    pub(crate) at: usize,
    /// Behind the options.
    pub(crate) end: usize,
    pub(crate) flags: u8,
    pub(crate) payload_bytes: Option<usize>,
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

impl Tcp {
    pub(crate) fn acknowledges(&self) -> bool {
        self.flags & ACK != 0
    }

    /// An ACK with nothing else.
    pub(crate) fn is_pure_ack(&self) -> bool {
        self.flags & (FIN | SYN | RST) == 0 && self.acknowledges() && self.payload_bytes == Some(0)
    }

    pub(crate) fn is_syn(&self) -> bool {
        self.flags & SYN != 0
    }
}

pub(crate) fn be16(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

pub(crate) fn be32(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

/// The EtherType and where its payload begins, behind any tags; raw and loopback frames get the EtherType
/// that their first byte means.
pub(crate) fn network(link: u32, data: &[u8]) -> Option<(u16, usize)> {
    let (mut type_at, mut at) = match link {
        link::ETHERNET => (12, 14),
        link::SLL => (14, 16),
        link::SLL2 => (0, 20),
        link::NULL | link::LOOP => return by_version(data, 4),
        _ => return by_version(data, 0),
    };
    while TAGS.contains(&be16(data, type_at)?) {
        type_at = at + 2;
        at += 4;
    }
    Some((be16(data, type_at)?, at))
}

fn by_version(data: &[u8], at: usize) -> Option<(u16, usize)> {
    match data.get(at)? >> 4 {
        4 => Some((0x0800, at)),
        6 => Some((0x86dd, at)),
        _ => None,
    }
}

pub(crate) fn ip(link: u32, data: &[u8]) -> Option<Ip> {
    match network(link, data)? {
        (0x0800, at) => {
            let header = usize::from(data.get(at)? & 0x0f) * 4;
            let total = usize::from(be16(data, at + 2)?);
            let fragment = be16(data, at + 6)?;
            Some(Ip {
                at,
                is_v6: false,
                payload_at: at + header,
                protocol: *data.get(at + 9)?,
                payload_bytes: (total > 0).then(|| total.saturating_sub(header)),
                is_fragment: fragment & 0x3fff != 0,
                is_later_fragment: fragment & 0x1fff != 0,
            })
        }
        (0x86dd, at) => {
            let mut protocol = *data.get(at + 6)?;
            let total = usize::from(be16(data, at + 4)?);
            let (mut payload_at, mut is_fragment, mut is_later_fragment) = (at + 40, false, false);
            while let 0 | 43 | 44 | 60 = protocol {
                if protocol == 44 {
                    is_fragment = true;
                    is_later_fragment |= be16(data, payload_at + 2)? >> 3 != 0;
                }
                let length = if protocol == 44 { 8 } else { usize::from(*data.get(payload_at + 1)?) * 8 + 8 };
                protocol = *data.get(payload_at)?;
                payload_at += length;
            }
            let extensions = payload_at - at - 40;
            let payload_bytes = (total > 0).then(|| total.saturating_sub(extensions));
            Some(Ip { at, is_v6: true, payload_at, protocol, payload_bytes, is_fragment, is_later_fragment })
        }
        _ => None,
    }
}

pub(crate) fn tcp(link: u32, data: &[u8]) -> Option<Tcp> {
    let ip = ip(link, data)?;
    if ip.protocol != 6 || ip.is_later_fragment {
        return None;
    }
    let at = ip.payload_at;
    let header = usize::from(data.get(at + 12)? >> 4) * 4;
    data.get(at..at + 20)?;
    Some(Tcp {
        ip,
        at,
        end: at + header,
        flags: *data.get(at + 13)?,
        payload_bytes: ip.payload_bytes.map(|bytes| bytes.saturating_sub(header)),
    })
}

/// Address and port of the sender, as bytes.
pub(crate) fn sender(data: &[u8], tcp: &Tcp) -> Vec<u8> {
    let [source, _] = addresses(&tcp.ip);
    [&data[source], &data[tcp.at..tcp.at + 2]].concat()
}

/// Where both addresses are.
pub(crate) fn addresses(ip: &Ip) -> [std::ops::Range<usize>; 2] {
    let (first, length) = if ip.is_v6 { (ip.at + 8, 16) } else { (ip.at + 12, 4) };
    [first..first + length, first + length..first + 2 * length]
}

/// The TCP header of every frame that has one.
pub(crate) fn segments(capture: &Capture) -> Vec<Option<Tcp>> {
    capture.frames.iter().map(|frame| tcp(capture.link, &frame.data)).collect()
}
