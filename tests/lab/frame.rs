//! The bytes of an Ethernet frame with TCP in it, as the box sees and edits them.
//!
//! Deliberately not the decoder of `src/`: what makes the faults must not share a mistake with what
//! judges them. Every edit ends in [`Segment::seal`], which computes the checksums in full: frames
//! from a host with checksum offload carry a partial one, to which nothing can be added.

use std::ops::Range;

const ETHERNET: usize = 14;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const CWR: u8 = 0x80;

/// A TCP segment in an Ethernet frame.
pub(crate) struct Segment {
    bytes: Vec<u8>,
    ipv6: bool,
    tcp: usize,
    payload: usize,
}

/// One TCP option: its kind and where it lies within the options.
pub(crate) struct TcpOption {
    pub(crate) kind: u8,
    pub(crate) range: Range<usize>,
}

impl Segment {
    /// Takes a frame apart; anything but TCP comes back as it is.
    pub(crate) fn parse(mut bytes: Vec<u8>) -> Result<Self, Vec<u8>> {
        let Some((ipv6, tcp, end)) = locate(&bytes) else { return Err(bytes) };
        let Some(&offset) = bytes.get(tcp + 12) else { return Err(bytes) };
        let payload = tcp + usize::from(offset >> 4) * 4;
        if payload < tcp + 20 || payload > end || end > bytes.len() {
            return Err(bytes);
        }
        bytes.truncate(end); // Ethernet's padding
        Ok(Self { bytes, ipv6, tcp, payload })
    }

    pub(crate) fn is_syn(&self) -> bool {
        self.flags() & (SYN | ACK) == SYN
    }

    pub(crate) fn is_syn_ack(&self) -> bool {
        self.flags() & (SYN | ACK) == SYN | ACK
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.flags() & RST != 0
    }

    pub(crate) fn has_ack(&self) -> bool {
        self.flags() & ACK != 0
    }

    pub(crate) fn seq(&self) -> u32 {
        be32(&self.bytes, self.tcp + 4)
    }

    pub(crate) fn ack(&self) -> u32 {
        be32(&self.bytes, self.tcp + 8)
    }

    pub(crate) fn raw_window(&self) -> u16 {
        be16(&self.bytes, self.tcp + 14)
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        self.bytes.len() - self.payload
    }

    pub(crate) fn options(&self) -> &[u8] {
        self.bytes.get(self.tcp + 20..self.payload).unwrap_or_default()
    }

    pub(crate) fn set_seq(&mut self, seq: u32) {
        put(&mut self.bytes, self.tcp + 4, &seq.to_be_bytes());
    }

    pub(crate) fn set_ack(&mut self, ack: u32) {
        put(&mut self.bytes, self.tcp + 8, &ack.to_be_bytes());
    }

    /// The source (or destination) port and the last byte of that address.
    pub(crate) fn endpoint(&self, source: bool) -> (u16, u8) {
        let (port, address) = self.endpoint_offsets(source);
        (be16(&self.bytes, port), self.bytes.get(address).copied().unwrap_or(0))
    }

    pub(crate) fn set_endpoint(&mut self, source: bool, (port, host): (u16, u8)) {
        let (port_at, address) = self.endpoint_offsets(source);
        put(&mut self.bytes, port_at, &port.to_be_bytes());
        put(&mut self.bytes, address, &[host]);
    }

    /// Replaces the options; the header grows or shrinks with them.
    pub(crate) fn set_options(&mut self, options: &[u8]) {
        let mut options = options.to_vec();
        options.resize(options.len().next_multiple_of(4), 0);
        let start = self.tcp + 20;
        let header = 20 + options.len();
        self.bytes.splice(start..self.payload, options);
        self.payload = self.tcp + header;
        let words = u8::try_from(header / 4).unwrap_or(15);
        put(&mut self.bytes, self.tcp + 12, &[words << 4]);
        self.set_length();
    }

    /// Computes the checksums of both headers and gives the frame back.
    pub(crate) fn seal(mut self) -> Vec<u8> {
        self.set_length();
        if !self.ipv6 {
            put(&mut self.bytes, ETHERNET + 10, &[0, 0]);
            let header = self.bytes.get(ETHERNET..self.tcp).unwrap_or_default();
            let checksum = !fold(sum(header));
            put(&mut self.bytes, ETHERNET + 10, &checksum.to_be_bytes());
        }
        put(&mut self.bytes, self.tcp + 16, &[0, 0]);
        let addresses = if self.ipv6 { ETHERNET + 8..ETHERNET + 40 } else { ETHERNET + 12..ETHERNET + 20 };
        let segment = self.bytes.get(self.tcp..).unwrap_or_default();
        let pseudo = sum(self.bytes.get(addresses).unwrap_or_default()) + 6 + segment.len() as u64;
        let checksum = !fold(pseudo + sum(segment));
        put(&mut self.bytes, self.tcp + 16, &checksum.to_be_bytes());
        self.bytes
    }

    /// Cuts what a host with segmentation offload sent in one piece into frames that fit `mtu`, as
    /// its network card would.
    ///
    /// The card cuts at the size the kernel chose, which a packet socket does not tell; this cuts at
    /// the largest that fits, so segments of a sender that had shrunk them may come out too large.
    pub(crate) fn split(self, mtu: usize) -> Vec<Vec<u8>> {
        let headers = self.payload - ETHERNET;
        let room = mtu.saturating_sub(headers).max(1);
        if self.payload_bytes() <= room {
            return vec![self.seal()];
        }
        let head = self.bytes.get(..self.payload).unwrap_or_default().to_vec();
        let payload = self.bytes.get(self.payload..).unwrap_or_default();
        let (flags, seq) = (self.flags(), self.seq());
        let id = be16(&self.bytes, ETHERNET + 4);
        let pieces = payload.len().div_ceil(room);
        let mut frames = Vec::with_capacity(pieces);
        let mut done = 0_u32;
        for (index, piece) in payload.chunks(room).enumerate() {
            let mut bytes = head.clone();
            bytes.extend_from_slice(piece);
            let mut segment = Self { bytes, ..self };
            segment.set_seq(seq.wrapping_add(done));
            done += u32::try_from(piece.len()).unwrap_or(0);
            let keep_last = if index + 1 == pieces { flags } else { flags & !(FIN | PSH) };
            let keep_first = if index == 0 { keep_last } else { keep_last & !CWR };
            put(&mut segment.bytes, segment.tcp + 13, &[keep_first]);
            if !segment.ipv6 {
                let id = id.wrapping_add(u16::try_from(index).unwrap_or(0));
                put(&mut segment.bytes, ETHERNET + 4, &id.to_be_bytes());
            }
            frames.push(segment.seal());
        }
        frames
    }

    fn flags(&self) -> u8 {
        self.bytes.get(self.tcp + 13).copied().unwrap_or(0)
    }

    fn endpoint_offsets(&self, source: bool) -> (usize, usize) {
        let port = if source { self.tcp } else { self.tcp + 2 };
        let address = match (self.ipv6, source) {
            (false, true) => ETHERNET + 15,
            (false, false) => ETHERNET + 19,
            (true, true) => ETHERNET + 23,
            (true, false) => ETHERNET + 39,
        };
        (port, address)
    }

    fn set_length(&mut self) {
        let (at, from) = if self.ipv6 { (ETHERNET + 4, ETHERNET + 40) } else { (ETHERNET + 2, ETHERNET) };
        let length = u16::try_from(self.bytes.len() - from).unwrap_or(u16::MAX);
        put(&mut self.bytes, at, &length.to_be_bytes());
    }
}

/// The options of a TCP header in order; it ends at the end-of-list option or at nonsense.
pub(crate) fn walk(options: &[u8]) -> Vec<TcpOption> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let length = match kind {
            0 => break,
            1 => 1,
            _ => options.get(at + 1).copied().map_or(0, usize::from).max(2),
        };
        if at + length > options.len() {
            break;
        }
        found.push(TcpOption { kind, range: at..at + length });
        at += length;
    }
    found
}

/// IP version 6 or not, where TCP begins and where the packet ends.
fn locate(bytes: &[u8]) -> Option<(bool, usize, usize)> {
    let ip = ETHERNET;
    let version = bytes.get(ip)? >> 4;
    match (be16(bytes, 12), version) {
        (0x0800, 4) if bytes.get(ip + 9) == Some(&6) => {
            let tcp = ip + usize::from(bytes.get(ip)? & 15) * 4;
            Some((false, tcp, ip + usize::from(be16(bytes, ip + 2))))
        }
        (0x86dd, 6) if bytes.get(ip + 6) == Some(&6) => {
            Some((true, ip + 40, ip + 40 + usize::from(be16(bytes, ip + 4))))
        }
        _ => None,
    }
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_be_bytes)
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// RFC 1071: the sum of 16-bit words, an odd byte padded with zero.
fn sum(bytes: &[u8]) -> u64 {
    bytes
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u64::from(u16::from_be_bytes([high, low])),
            [high] => u64::from(high) << 8,
            _ => 0,
        })
        .sum()
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(0)
}
