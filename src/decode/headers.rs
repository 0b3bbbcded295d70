//! Every header field that a box can touch, for the comparison of two captures of one segment.
//!
//! The normal path ([`Decoder`](super::Decoder)) reads what judging a window needs and no more. This walk
//! comes after it and finds the IP header by what the decoder said about it (addresses, ports, sequence
//! number), so that it works behind every link layer that the decoder knows.

use std::net::IpAddr;

use etherparse::LaxIpSlice;

use super::Segment;
use super::checksum::{Checksum, PseudoHeader};
use crate::source::Frame;

/// TCP allows 40 bytes of options: a header of 60 bytes (RFC 9293 §3.1).
const OPTION_BYTES_MAX: usize = 40;

const FIXED_BYTES: usize = 20;
const IPV6_HEADER_BYTES: usize = 40;

/// Link layers and tunnels are searched this far for the IP header.
const SEARCH_BYTES: usize = 256;

/// The header fields of one segment, as they were captured.
#[derive(Clone, Copy, Debug)]
pub struct Headers {
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// IPv4 identification; IPv6 has none.
    pub ip_id: Option<u16>,
    /// IPv4's Don't Fragment bit; IPv6 has none.
    pub dont_fragment: Option<bool>,
    /// Differentiated services code point.
    pub dscp: u8,
    /// The two ECN bits (RFC 3168 §5).
    pub ecn: u8,
    /// All control bits of TCP, `CWR` the highest: byte 13 of the header.
    pub control: u8,
    /// Urgent pointer.
    pub urgent: u16,
    /// What the checksum says.
    pub checksum: Checksum,
    /// The option bytes.
    pub options: OptionBytes,
}

/// The option bytes of one segment, as far as they were captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionBytes {
    bytes: [u8; OPTION_BYTES_MAX],
    length: u8,
    /// The snap length took the rest.
    pub cut: bool,
}

impl OptionBytes {
    /// Copies `bytes`.
    pub fn new(bytes: &[u8], cut: bool) -> Self {
        let mut copy = [0; OPTION_BYTES_MAX];
        for (to, from) in copy.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { bytes: copy, length: u8::try_from(bytes.len().min(OPTION_BYTES_MAX)).unwrap_or(0), cut }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl Headers {
    /// The headers of `segment`, which was decoded from `frame`.
    pub fn read(frame: &Frame<'_>, segment: &Segment) -> Option<Self> {
        let last = frame.data.len().min(SEARCH_BYTES);
        (0..last).find_map(|offset| Self::at(frame, segment, offset))
    }

    fn at(frame: &Frame<'_>, segment: &Segment, offset: usize) -> Option<Self> {
        let packet = frame.data.get(offset..)?;
        if !is_between(packet, segment) {
            return None;
        }
        let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
        let tcp = ip.payload().payload;
        let &[
            source_high,
            source_low,
            target_high,
            target_low,
            a,
            b,
            c,
            d,
            _,
            _,
            _,
            _,
            data_offset,
            control,
            _,
            _,
            check_high,
            check_low,
            urgent_high,
            urgent_low,
        ] = tcp.first_chunk::<FIXED_BYTES>()?;
        let ports = [[source_high, source_low], [target_high, target_low]].map(u16::from_be_bytes);
        if ports != [segment.source.port, segment.destination.port]
            || u32::from_be_bytes([a, b, c, d]) != segment.sequence
        {
            return None;
        }
        let header_bytes = usize::from(data_offset >> 4) * 4;
        let options = tcp.get(FIXED_BYTES..header_bytes.min(tcp.len())).unwrap_or_default();
        let (hop_limit, ip_id, dont_fragment, traffic_class, declared) = match &ip {
            LaxIpSlice::Ipv4(ip) => {
                let header = ip.header();
                let traffic_class = header.dcp().value() << 2 | header.ecn().value();
                let total = usize::from(header.total_len());
                (
                    header.ttl(),
                    Some(header.identification()),
                    Some(header.dont_fragment()),
                    traffic_class,
                    total,
                )
            }
            LaxIpSlice::Ipv6(ip) => {
                let header = ip.header();
                let total = match usize::from(header.payload_length()) {
                    0 => 0,
                    payload => payload + IPV6_HEADER_BYTES,
                };
                (header.hop_limit(), None, None, header.traffic_class(), total)
            }
        };
        let before_tcp = tcp.as_ptr().addr() - packet.as_ptr().addr();
        let tcp_bytes = declared.checked_sub(before_tcp).filter(|bytes| *bytes >= header_bytes);
        let stored = u16::from_be_bytes([check_high, check_low]);
        Some(Self {
            hop_limit,
            ip_id,
            dont_fragment,
            dscp: traffic_class >> 2,
            ecn: traffic_class & 3,
            control,
            urgent: u16::from_be_bytes([urgent_high, urgent_low]),
            checksum: tcp_bytes.map_or(Checksum::Unknown, |bytes| {
                let addresses = (segment.source.address, segment.destination.address);
                Checksum::read(PseudoHeader::new(addresses, bytes), tcp, header_bytes, stored)
            }),
            options: OptionBytes::new(options, tcp.len() < header_bytes),
        })
    }
}

/// Whether `packet` begins with an IP header from the segment's source to its destination.
fn is_between(packet: &[u8], segment: &Segment) -> bool {
    let holds = |at: usize, address: IpAddr| match address {
        IpAddr::V4(address) => packet.get(at..at + 4) == Some(address.octets().as_slice()),
        IpAddr::V6(address) => packet.get(at..at + 16) == Some(address.octets().as_slice()),
    };
    let (source, destination) = (segment.source.address, segment.destination.address);
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => source.is_ipv4() && holds(12, source) && holds(16, destination),
        Some(6) => source.is_ipv6() && holds(8, source) && holds(24, destination),
        _ => false,
    }
}
