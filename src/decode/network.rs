//! IPv4 and IPv6, and what they carry.

use std::net::Ipv4Addr;

use etherparse::err::ip::LaxHeaderSliceError;
use etherparse::{IpNumber, Ipv4HeaderSlice, LaxIpSlice};

use super::tcp::Carried;
use super::walk::{Next, Walk};
use super::{Layer, Skip};

const IPV6_HEADER_BYTES: usize = 40;

/// An IP header with its extensions.
pub(super) fn ip(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let packet = walk.data;
    walk.packet = packet;
    if let Some(carried) = plain_tcp(packet) {
        let Carried { data, wire_bytes, source, destination } = carried;
        (walk.data, walk.wire_bytes, walk.addresses) =
            (data, wire_bytes, Some((source.into(), destination.into())));
        return Ok(Next::Tcp);
    }
    let (ip, stopped) = LaxIpSlice::from_slice(packet).map_err(|error| match error {
        LaxHeaderSliceError::Len(_) => walk.short(),
        LaxHeaderSliceError::Content(_) => Skip::Malformed,
    })?;
    if is_later_fragment(&ip, packet) {
        return Err(Skip::Fragment);
    }
    if stopped.is_some() {
        return Err(walk.short());
    }
    let payload = ip.payload();
    let header_bytes = payload.payload.as_ptr().addr() - packet.as_ptr().addr();
    // Never the captured bytes: the snap length cuts them, and short Ethernet frames are padded.
    walk.wire_bytes = packet_bytes(&ip).unwrap_or(walk.wire_bytes).saturating_sub(header_bytes);
    walk.data = payload.payload;
    walk.addresses = Some((ip.source_addr(), ip.destination_addr()));
    let next = match payload.ip_number.0 {
        6 => return Ok(Next::Tcp),
        4 | 41 => Next::Ip,
        17 => Next::Udp,
        47 => Next::Gre,
        // EtherIP (RFC 3378): two bytes of version, then the frame.
        97 => {
            walk.skip(2)?;
            Next::Ethernet
        }
        137 => Next::Mpls,
        _ => return Err(Skip::NotTcp),
    };
    walk.outer.tunnel(walk.addresses);
    walk.pass(Layer::Ip);
    Ok(next)
}

/// Nearly every packet: IPv4, whole, with a length, and TCP right behind the header. What is not is taken apart
/// with more care.
#[inline]
pub(super) fn plain_tcp(packet: &[u8]) -> Option<Carried<'_, Ipv4Addr>> {
    let header = Ipv4HeaderSlice::from_slice(packet).ok()?;
    let (header_bytes, total_bytes) = (header.slice().len(), usize::from(header.total_len()));
    if header.protocol() != IpNumber::TCP
        || header.fragments_offset().value() > 0
        || total_bytes < header_bytes
    {
        return None;
    }
    Some(Carried {
        data: packet.get(header_bytes..total_bytes.min(packet.len()))?,
        wire_bytes: total_bytes - header_bytes,
        source: header.source_addr(),
        destination: header.destination_addr(),
    })
}

/// Length of the packet by its header. 0 means that the header does not say it: in jumbograms (RFC 2675), and
/// where the sending host leaves segmentation to the network card. Then the packet goes to the end of what is
/// around it.
fn packet_bytes(ip: &LaxIpSlice<'_>) -> Option<usize> {
    match ip {
        LaxIpSlice::Ipv4(ip) => Some(usize::from(ip.header().total_len())).filter(|&bytes| bytes > 0),
        LaxIpSlice::Ipv6(ip) => Some(usize::from(ip.header().payload_length()))
            .filter(|&bytes| bytes > 0)
            .map(|bytes| bytes + IPV6_HEADER_BYTES),
    }
}

/// A fragment behind the first has none of the headers that the first one has.
///
/// The extensions are walked here: the library's iterator over them reads beyond their end where slicing them
/// stopped early, as it does when the snap length cuts them.
fn is_later_fragment(ip: &LaxIpSlice<'_>, packet: &[u8]) -> bool {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION_OPTIONS: u8 = 60;
    let ip = match ip {
        LaxIpSlice::Ipv4(ip) => return ip.header().fragments_offset().value() > 0,
        LaxIpSlice::Ipv6(ip) => ip,
    };
    let mut kind = ip.header().next_header().0;
    let mut rest = packet.get(IPV6_HEADER_BYTES..).unwrap_or_default();
    while let [next, length, high, low, ..] = *rest {
        let bytes = match kind {
            FRAGMENT => return u16::from_be_bytes([high, low]) >> 3 > 0,
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => (usize::from(length) + 1) * 8,
            AUTHENTICATION => (usize::from(length) + 2) * 4,
            _ => return false,
        };
        kind = next;
        rest = rest.get(bytes..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ETHERNET, MAC, TCP_IN_IPV4, TCP_IN_IPV6, decode, decode_cut, ipv4};
    use super::*;

    const RAW: i32 = 228;

    /// The sample segment in IPv6 with an extension header before it.
    fn extended(kind: u8, extension: &[u8], payload_length: u16) -> Vec<u8> {
        let [high, low] = payload_length.to_be_bytes();
        let mut packet = TCP_IN_IPV6.to_vec();
        packet.splice(4..7, [high, low, kind]);
        packet.splice(40..40, extension.iter().copied());
        packet
    }

    #[test]
    fn packets_in_packets_are_opened() {
        for (protocol, inner) in [(4, &TCP_IN_IPV4[..]), (41, &TCP_IN_IPV6)] {
            let segment = decode(RAW, &[&ipv4(protocol, &[inner])]).unwrap();
            assert_eq!(segment.outer.to_string(), "IP 10.0.0.1 > 10.0.0.2");
            assert_ne!(segment.source.address.to_string(), "10.0.0.1");
        }
        let inner = extended(4, &[], 40);
        let four_in_six = [&inner[..40], &TCP_IN_IPV4].concat();
        assert!(decode(RAW, &[&four_in_six]).unwrap().source.address.is_ipv4());
        let ether_ip = ipv4(97, &[&[0x30, 0], &MAC, &[8, 0], &TCP_IN_IPV4]);
        assert!(decode(RAW, &[&ether_ip]).is_ok());
        assert!(decode(RAW, &[&ipv4(137, &[&[0, 0, 0x11, 64], &TCP_IN_IPV4])]).is_ok());
    }

    #[test]
    fn a_first_fragment_is_used_and_a_later_one_counted() {
        let mut packet = TCP_IN_IPV4;
        packet[6] = 0x20;
        assert!(decode(RAW, &[&packet]).is_ok());
        packet[7] = 1;
        assert_eq!(decode(RAW, &[&packet]).unwrap_err(), Skip::Fragment);

        let first = extended(44, &[6, 0, 0, 1, 0, 0, 0, 9], 28);
        assert_eq!(decode(RAW, &[&first]).unwrap().payload_bytes, 0);
        let later = extended(44, &[6, 0, 0, 9, 0, 0, 0, 9], 28);
        assert_eq!(decode(RAW, &[&later]).unwrap_err(), Skip::Fragment);
        let behind_options = extended(60, &[44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 9, 0, 0, 0, 9], 36);
        assert_eq!(decode(RAW, &[&behind_options]).unwrap_err(), Skip::Fragment);
    }

    #[test]
    fn extensions_may_be_cut_anywhere() {
        let extensions = [60, 0, 1, 4, 0, 0, 0, 0, 43, 2, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let packet = extended(0, &extensions, 44);
        for end in 0..packet.len() {
            assert!(decode_cut(RAW, &packet[..end], 500).is_err(), "{end}");
        }
    }

    #[test]
    fn a_length_of_zero_is_taken_from_the_wire() {
        let mut packet = TCP_IN_IPV4;
        packet[3] = 0;
        assert_eq!(decode_cut(RAW, &packet, 40_040).unwrap().payload_bytes, 40_000);
        let jumbo = extended(0, &[6, 0, 0xc2, 4, 0, 1, 0x86, 0xa0], 0);
        assert_eq!(decode_cut(RAW, &jumbo, 100_040).unwrap().payload_bytes, 100_000 - 28);
    }

    #[test]
    fn padding_is_no_payload() {
        let padded = [&MAC[..], &[8, 0], &TCP_IN_IPV4, &[0; 6]].concat();
        assert_eq!(decode(ETHERNET, &[&padded]).unwrap().payload_bytes, 0);
    }

    #[test]
    fn the_length_of_the_innermost_header_counts() {
        let tunnel = ipv4(4, &[&TCP_IN_IPV4, b"trailer"]);
        assert_eq!(decode(RAW, &[&tunnel]).unwrap().payload_bytes, 0);
    }

    #[test]
    fn other_protocols_and_versions_are_told_apart() {
        assert_eq!(decode(RAW, &[&ipv4(1, &[&[8, 0]])]).unwrap_err(), Skip::NotTcp);
        assert_eq!(decode(RAW, &[&[0x50; 40]]).unwrap_err(), Skip::Malformed);
        assert_eq!(decode_cut(RAW, &TCP_IN_IPV4[..12], 40).unwrap_err(), Skip::Truncated);
        assert_eq!(decode_cut(RAW, &extended(44, &[6, 0, 0], 28)[..43], 68).unwrap_err(), Skip::Truncated);
    }
}
