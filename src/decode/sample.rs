//! Packets that the tests of this stage put into their headers.

use super::{Checksums, Decoder, Segment, Skip};
use crate::source::{Frame, LinkType};

/// Ethernet's link type.
pub(super) const ETHERNET: i32 = 1;

/// An Ethernet header up to the EtherType.
pub(super) const MAC: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/// 192.0.2.1:40000 to 198.51.100.2:80, an ACK with window 502 and no data.
pub(super) const TCP_IN_IPV4: [u8; 40] = [
    0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, // IPv4
    0x9c, 0x40, 0, 80, 0, 0, 0, 5, 0, 0, 0, 6, 0x50, 0x10, 1, 0xf6, 0, 0, 0, 0, // TCP
];

/// The same segment in IPv6, 2001:db8::1 to 2001:db8::2.
pub(super) const TCP_IN_IPV6: [u8; 60] = [
    0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0x0d,
    0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, // IPv6
    0x9c, 0x40, 0, 80, 0, 0, 0, 5, 0, 0, 0, 6, 0x50, 0x10, 1, 0xf6, 0, 0, 0, 0, // TCP
];

/// Decodes the parts as one frame that was captured whole.
pub(super) fn decode(link: i32, parts: &[&[u8]]) -> Result<Segment, Skip> {
    let data = parts.concat();
    let wire_bytes = u32::try_from(data.len()).unwrap();
    decode_cut(link, &data, wire_bytes)
}

/// Decodes `data`, captured of a frame of `wire_bytes`.
pub(super) fn decode_cut(link: i32, data: &[u8], wire_bytes: u32) -> Result<Segment, Skip> {
    let link_type = LinkType { number: link, name: String::new() };
    Decoder::new(&link_type).unwrap().decode(&Frame { number: 1, time_us: 0, link, wire_bytes, data })
}

/// Checks an IP packet of `wire_bytes` of which `data` was captured.
pub(super) fn checksums(data: &[u8], wire_bytes: u32) -> Checksums {
    let link_type = LinkType { number: 101, name: String::new() };
    let frame = Frame { number: 1, time_us: 0, link: 101, wire_bytes, data };
    Decoder::new(&link_type).unwrap().checksums(&frame)
}

/// An IPv4 header without options for `payload` of `protocol`, 10.0.0.1 to 10.0.0.2, and the payload.
pub(super) fn ipv4(protocol: u8, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let header = [0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    [&header[..], &payload].concat()
}

/// A UDP datagram to `port` in an IPv4 packet.
pub(super) fn udp(port: u16, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let [high, low] = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    let [port_high, port_low] = port.to_be_bytes();
    ipv4(17, &[&[0xc0, 0, port_high, port_low, high, low, 0, 0], &payload])
}
