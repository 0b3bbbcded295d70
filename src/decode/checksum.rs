//! Checksums of IPv4 and TCP (RFC 1071).
//!
//! A wrong sum is counted and never judged on: hosts leave the sum to their network card, so what they send is
//! captured before it is there. Sums are taken modulo 65535, where 2^16 is 1: words of any size add up to the
//! same, and a sum that holds its own complement is 0.

use std::net::IpAddr;

use etherparse::LaxIpSlice;

use super::Segment;

/// What a TCP checksum says. The sum over pseudo header, header and payload must be 0 modulo 65535
/// (RFC 9293 §3.1), so header and checksum together say what the payload adds up to, even where the snap
/// length took the payload away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The header was cut, or the length of the packet is not known.
    Unknown,
    /// The sum of the pseudo header alone: the capturing host leaves the rest to its network card.
    Offloaded,
    /// What the payload must add up to, and whether it does where all of it was captured.
    Implies {
        /// Modulo 65535.
        payload_sum: u16,
        /// The captured payload adds up to it.
        verified: Option<bool>,
    },
}

/// The checksums of one segment; `None` where nothing can be said: there is none, the snap length took a part,
/// it is a fragment, or its length is left to the network card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// The one of the IPv4 header.
    pub ipv4_is_right: Option<bool>,
    /// TCP's.
    pub tcp: Option<Verified>,
}

/// A TCP checksum over bytes that are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// As it must be.
    Right,
    /// The sum of the pseudo header alone.
    Offloaded,
    /// Neither.
    Wrong,
}

/// What TCP's checksum covers in front of the segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct PseudoHeader {
    sum: u64,
    /// Some hosts leave the length to the network card as well.
    without_length: u64,
}

impl PseudoHeader {
    pub(super) fn new((source, destination): (IpAddr, IpAddr), tcp_bytes: usize) -> Self {
        const TCP: u64 = 6;
        let without_length = address_sum(source) + address_sum(destination) + TCP;
        Self { sum: without_length + tcp_bytes as u64, without_length }
    }

    fn is_all_of(self, stored: u16) -> bool {
        stored != 0
            && [self.sum, self.without_length].iter().any(|sum| sum % 65535 == u64::from(stored) % 65535)
    }
}

impl Checksum {
    /// What `stored` says about a segment with a header of `header_bytes`, as much of it as was captured.
    pub(super) fn read(pseudo: PseudoHeader, tcp: &[u8], header_bytes: usize, stored: u16) -> Self {
        let Some(header) = tcp.get(..header_bytes) else { return Self::Unknown };
        if pseudo.is_all_of(stored) {
            return Self::Offloaded;
        }
        let tcp_bytes = usize::try_from(pseudo.sum - pseudo.without_length).unwrap_or(usize::MAX);
        let without_payload = (pseudo.sum + sum(header)) % 65535;
        let payload_sum = u16::try_from((65535 - without_payload) % 65535).unwrap_or(0);
        let payload = tcp.get(header_bytes..tcp_bytes);
        let verified = payload.map(|payload| sum(payload) % 65535 == u64::from(payload_sum));
        Self::Implies { payload_sum, verified }
    }
}

/// Checks `segment`, which is in `packet`: what was captured from its IP header on.
pub(super) fn verify(packet: &[u8], segment: &Segment) -> Checksums {
    const CHECKSUM_BYTE: usize = 16;
    let Ok((ip, _)) = LaxIpSlice::from_slice(packet) else { return Checksums::default() };
    let payload = ip.payload();
    let before_tcp = payload.payload.as_ptr().addr() - packet.as_ptr().addr();
    let (ipv4_is_right, declared_bytes) = match &ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            // Without a length the card makes several packets of it, and the sum of each of them.
            let bytes = usize::from(header.total_len());
            (Some(sum(header.slice()).is_multiple_of(65535)).filter(|_| bytes > 0), bytes)
        }
        LaxIpSlice::Ipv6(ip) => match usize::from(ip.header().payload_length()) {
            0 => (None, 0),
            bytes => (None, bytes + ip.header().slice().len()),
        },
    };
    let tcp = declared_bytes
        .checked_sub(before_tcp)
        .filter(|_| !payload.fragmented && !is_on_a_detour(&ip, packet))
        .and_then(|bytes| payload.payload.get(..bytes));
    let tcp = tcp.and_then(|tcp| {
        let stored = u16::from_be_bytes(*tcp.get(CHECKSUM_BYTE..)?.first_chunk()?);
        let addresses = (segment.source.address, segment.destination.address);
        let pseudo = PseudoHeader::new(addresses, tcp.len());
        Some(match pseudo.sum + sum(tcp) {
            total if total.is_multiple_of(65535) => Verified::Right,
            _ if pseudo.is_all_of(stored) => Verified::Offloaded,
            _ => Verified::Wrong,
        })
    });
    Checksums { ipv4_is_right, tcp }
}

/// A source route that is not at its end: the sum covers the last address of it, and the header has the next
/// (RFC 8200 §8.1). So do IPv4's loose and strict source routes.
fn is_on_a_detour(ip: &LaxIpSlice<'_>, packet: &[u8]) -> bool {
    const ROUTING: u8 = 43;
    match ip {
        LaxIpSlice::Ipv4(ip) => ip.header().options().iter().any(|byte| matches!(byte, 131 | 137)),
        LaxIpSlice::Ipv6(ip) => {
            let header = ip.header().slice();
            let mut kind = ip.header().next_header().0;
            let mut rest = packet.get(header.len()..).unwrap_or_default();
            while let ([next, length, _, left, ..], 0 | ROUTING | 60) = (rest, kind) {
                if kind == ROUTING && *left > 0 {
                    return true;
                }
                kind = *next;
                rest = rest.get((usize::from(*length) + 1) * 8..).unwrap_or_default();
            }
            false
        }
    }
}

fn address_sum(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    }
}

/// The sum of `bytes`, the last word filled up with 0; as many as a frame may have do not overflow it.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    words.iter().chain([&last]).map(|word| u64::from(u32::from_be_bytes(*word))).sum()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, TCP_IN_IPV6, checksums};
    use super::*;

    /// The sample with both of its sums filled in; computed by hand.
    fn right() -> Vec<u8> {
        let mut packet = TCP_IN_IPV4.to_vec();
        packet[10..12].copy_from_slice(&[0x4e, 0x99]);
        packet[36..38].copy_from_slice(&[0x25, 0x0c]);
        packet
    }

    #[test]
    fn sums_are_checked_by_themselves() {
        let all_right = Checksums { ipv4_is_right: Some(true), tcp: Some(Verified::Right) };
        assert_eq!(checksums(&right(), 40), all_right);
        let mut other_hop = right();
        other_hop[8] -= 1;
        assert_eq!(checksums(&other_hop, 40), Checksums { ipv4_is_right: Some(false), ..all_right });
        let mut other_window = right();
        other_window[35] ^= 1;
        assert_eq!(checksums(&other_window, 40), Checksums { tcp: Some(Verified::Wrong), ..all_right });
    }

    #[test]
    fn a_sum_left_to_the_network_card_is_not_wrong() {
        let mut packet = right();
        packet[36..38].copy_from_slice(&[0xec, 0x51]);
        assert_eq!(checksums(&packet, 40).tcp, Some(Verified::Offloaded));
        packet[36..38].copy_from_slice(&[0xec, 0x3d]);
        assert_eq!(checksums(&packet, 40).tcp, Some(Verified::Offloaded));
    }

    #[test]
    fn nothing_is_said_about_what_is_not_there() {
        let unknown = Checksums { ipv4_is_right: Some(true), tcp: None };
        let mut cut = right();
        cut[3] = 41;
        cut[11] -= 1;
        assert_eq!(checksums(&cut, 41), unknown);
        let mut fragment = right();
        fragment[6..8].copy_from_slice(&[0x20, 0]);
        fragment[10..12].copy_from_slice(&[0x6e, 0x99]);
        assert_eq!(checksums(&fragment, 40), unknown);
        let mut super_segment = right();
        super_segment[3] = 0;
        assert_eq!(checksums(&super_segment, 40), Checksums::default());
    }

    #[test]
    fn ipv6_has_only_tcps() {
        let mut packet = TCP_IN_IPV6.to_vec();
        assert_eq!(checksums(&packet, 60), Checksums { ipv4_is_right: None, tcp: Some(Verified::Wrong) });
        let sum = 0xffff - u16::try_from((sum(&packet[8..]) + 26) % 65535).unwrap();
        packet[56..58].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(checksums(&packet, 60).tcp, Some(Verified::Right));
        packet.splice(40..40, [6, 0, 0, 1, 0, 0, 0, 0]);
        packet[5] += 8;
        packet[6] = 43;
        assert_eq!(checksums(&packet, 68).tcp, None);
        packet[43] = 0;
        assert_eq!(checksums(&packet, 68).tcp, Some(Verified::Right));
    }

    #[test]
    fn the_sum_of_a_source_route_is_for_another_address() {
        let mut packet = right();
        packet[0] = 0x47;
        packet[3] = 48;
        packet[10..12].copy_from_slice(&[0, 0]);
        packet.splice(20..20, [131, 7, 4, 10, 0, 0, 9, 0]);
        assert_eq!(checksums(&packet, 48), Checksums { ipv4_is_right: Some(false), tcp: None });
        packet[20] = 7;
        assert_eq!(checksums(&packet, 48).tcp, Some(Verified::Right));
    }

    #[test]
    fn an_odd_byte_is_the_high_one() {
        assert_eq!(sum(&[1, 2, 3]) % 65535, 0x0102 + 0x0300);
        assert_eq!(sum(&[1, 2, 3, 4, 5]) % 65535, 0x0102 + 0x0304 + 0x0500);
    }
}
