//! Headers that no wire ever saw: what capturing hosts put in front of a packet.

use super::Skip;
use super::walk::{Next, Walk};

/// Address families: IPv4 is 2 everywhere, IPv6 differs between the BSDs and Linux.
const FAMILY_IPV4: u32 = 2;
const FAMILY_IPV6: [u32; 4] = [10, 24, 28, 30];

fn is_ip(family: u32) -> bool {
    family == FAMILY_IPV4 || FAMILY_IPV6.contains(&family)
}

/// NULL and LOOP: four bytes of address family, in the byte order of the host that captured, which a capture
/// does not tell, or of the network.
pub(super) fn family(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let bytes = walk.take()?;
    if is_ip(u32::from_be_bytes(bytes)) || is_ip(u32::from_le_bytes(bytes)) {
        Ok(Next::Ip)
    } else {
        Err(Skip::NotIp)
    }
}

/// Linux cooked: the EtherType ends the header. Below 1500 it is one of Linux's own numbers; 4 is LLC.
pub(super) fn linux_cooked(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    walk.skip(14)?;
    let kind = walk.take()?;
    Ok(Next::EtherType(u16::from_be_bytes(kind)))
}

/// The second version of it: the EtherType comes first.
pub(super) fn linux_cooked_2(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let kind = walk.take()?;
    walk.skip(18)?;
    Ok(Next::EtherType(u16::from_be_bytes(kind)))
}

/// Linux netfilter's log: attributes in the byte order of the host, one of them the packet.
pub(super) fn nflog(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const PAYLOAD: u16 = 9;
    walk.skip(4)?;
    loop {
        let [a, b, c, d] = walk.take()?;
        // No kind needs more than one byte, so the byte that is set tells the order.
        let (length, kind) = if c == 0 && d != 0 {
            (u16::from_be_bytes([a, b]), u16::from(d))
        } else {
            (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
        };
        if kind == PAYLOAD {
            return Ok(Next::Ip);
        }
        let padded = usize::from(length.max(4)).next_multiple_of(4);
        walk.skip(padded - 4)?;
    }
}

/// OpenBSD's packet filter log: the header says its own length, which is padded to four bytes.
pub(super) fn pflog(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [length, family] = walk.peek()?;
    if !is_ip(u32::from(family)) {
        return Err(Skip::NotIp);
    }
    walk.skip(usize::from(length).next_multiple_of(4))?;
    Ok(Next::Ip)
}

/// Juniper's capture header before Ethernet: a magic number, flags, and attributes behind their length.
pub(super) fn juniper_ethernet(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const HAS_ATTRIBUTES: u8 = 0x80;
    const NO_LINK_HEADER: u8 = 0x02;
    let [b'M', b'G', b'C', flags] = walk.take()? else { return Err(Skip::Malformed) };
    if flags & HAS_ATTRIBUTES != 0 {
        let length = walk.take()?;
        walk.skip(usize::from(u16::from_be_bytes(length)))?;
    }
    if flags & NO_LINK_HEADER == 0 { Ok(Next::Ethernet) } else { Err(Skip::NotIp) }
}

/// The global route header, then the EtherType and two reserved bytes.
pub(super) fn ip_over_infiniband(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    walk.skip(40)?;
    let [high, low, _, _] = walk.take()?;
    Ok(Next::EtherType(u16::from_be_bytes([high, low])))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, TCP_IN_IPV6, decode};
    use super::*;

    #[test]
    fn the_family_is_read_in_both_byte_orders() {
        for family in [[0, 0, 0, 2], [2, 0, 0, 0]] {
            assert!(decode(0, &[&family, &TCP_IN_IPV4]).is_ok());
        }
        for family in [[0, 0, 0, 24], [30, 0, 0, 0], [10, 0, 0, 0]] {
            assert!(decode(108, &[&family, &TCP_IN_IPV6]).is_ok());
        }
        assert_eq!(decode(0, &[&[7, 0, 0, 0], &TCP_IN_IPV4]).unwrap_err(), Skip::NotIp);
    }

    #[test]
    fn cooked_headers_lead_to_the_ether_type() {
        assert!(decode(113, &[&[0; 14], &[8, 0], &TCP_IN_IPV4]).is_ok());
        assert!(decode(113, &[&[0; 14], &[0, 4, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &TCP_IN_IPV4]).is_ok());
        assert!(decode(276, &[&[0x86, 0xdd], &[0; 18], &TCP_IN_IPV6]).is_ok());
    }

    #[test]
    fn the_log_is_searched_for_the_packet() {
        let little = [2, 0, 0, 1, 5, 0, 10, 0, 65, 0, 0, 0, 44, 0, 9, 0];
        let big = [2, 0, 0, 1, 0, 5, 0, 10, 65, 0, 0, 0, 0, 44, 0, 9];
        assert!(decode(239, &[&little, &TCP_IN_IPV4]).is_ok());
        assert!(decode(239, &[&big, &TCP_IN_IPV4]).is_ok());
        assert_eq!(decode(239, &[&little[..12]]).unwrap_err(), Skip::Malformed);
    }

    #[test]
    fn a_packet_filter_log_is_as_long_as_it_says() {
        assert!(decode(117, &[&[61, 2], &[0; 62], &TCP_IN_IPV4]).is_ok());
        assert_eq!(decode(117, &[&[61, 7], &[0; 62], &TCP_IN_IPV4]).unwrap_err(), Skip::NotIp);
    }

    #[test]
    fn juniper_attributes_are_passed() {
        let header = [b'M', b'G', b'C', 0x81, 0, 3, 1, 1, 1];
        assert!(decode(178, &[&header, &[0; 12], &[8, 0], &TCP_IN_IPV4]).is_ok());
        assert!(decode(178, &[b"MGC\x01", &[0; 12], &[8, 0], &TCP_IN_IPV4]).is_ok());
        assert_eq!(decode(178, &[b"ABC\x01", &[0; 60]]).unwrap_err(), Skip::Malformed);
    }

    #[test]
    fn infiniband_has_its_ether_type_behind_the_route_header() {
        assert!(decode(242, &[&[0; 40], &[8, 0, 0, 0], &TCP_IN_IPV4]).is_ok());
    }
}
