//! PPP and what it travels in: Ethernet, serial lines, L2TP.

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// PPP: address and control where they were not left out (RFC 1661), then the protocol, in one byte if it is
/// odd.
pub(super) fn ppp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const ADDRESS_AND_CONTROL: [u8; 2] = [0xff, 3];
    if walk.peek()? == ADDRESS_AND_CONTROL {
        walk.skip(2)?;
    }
    let [first] = walk.take()?;
    let protocol = if first & 1 == 1 {
        u16::from(first)
    } else {
        let [second] = walk.take()?;
        u16::from_be_bytes([first, second])
    };
    match protocol {
        0x0021 | 0x0057 => Ok(Next::Ip),
        0x0281 | 0x0283 => Ok(Next::Mpls),
        _ => Err(Skip::NotIp),
    }
}

/// PPP over Ethernet (RFC 2516): version and type, the code of session data, the session, a length.
pub(super) fn pppoe(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [0x11, 0, high, low, _, _] = walk.take()? else { return Err(Skip::NotIp) };
    walk.pass(Layer::Pppoe(u16::from_be_bytes([high, low])));
    Ok(Next::Ppp)
}

/// A serial line with PPP or with Cisco's HDLC; the first byte tells.
pub(super) fn serial(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    match walk.peek()? {
        [0x0f | 0x8f] => cisco_hdlc(walk),
        _ => Ok(Next::Ppp),
    }
}

/// Cisco's HDLC: address, control, an EtherType.
pub(super) fn cisco_hdlc(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [_, _, high, low] = walk.take()?;
    Ok(Next::EtherType(u16::from_be_bytes([high, low])))
}

/// L2TP over UDP (RFC 2661 §3.1): the flags say which fields there are. Control messages hold no packets.
pub(super) fn l2tp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const CONTROL: u8 = 0x80;
    const LENGTH: u8 = 0x40;
    const SEQUENCE: u8 = 0x08;
    const OFFSET: u8 = 0x02;
    let [flags, version] = walk.take()?;
    if flags & CONTROL != 0 || version & 0x0f != 2 {
        return Err(Skip::NotTcp);
    }
    if flags & LENGTH != 0 {
        walk.skip(2)?;
    }
    let [_, _, high, low] = walk.take()?;
    if flags & SEQUENCE != 0 {
        walk.skip(4)?;
    }
    if flags & OFFSET != 0 {
        let offset = walk.take()?;
        walk.skip(usize::from(u16::from_be_bytes(offset)))?;
    }
    walk.pass(Layer::L2tp(u16::from_be_bytes([high, low])));
    Ok(Next::Ppp)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ETHERNET, MAC, TCP_IN_IPV4, TCP_IN_IPV6, decode, udp};
    use super::*;

    #[test]
    fn the_header_may_be_compressed() {
        for header in [&[0xff, 3, 0, 0x21][..], &[0xff, 3, 0x21], &[0, 0x21], &[0x21]] {
            assert!(decode(9, &[header, &TCP_IN_IPV4]).is_ok(), "{header:?}");
        }
        assert!(decode(9, &[&[0x57], &TCP_IN_IPV6]).is_ok());
        assert!(decode(9, &[&[2, 0x81, 0, 0, 0x11, 64], &TCP_IN_IPV4]).is_ok());
        assert_eq!(decode(9, &[&[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]]).unwrap_err(), Skip::NotIp);
    }

    #[test]
    fn a_session_over_ethernet_is_opened_and_discovery_is_not() {
        let session = [0x88, 0x64, 0x11, 0, 0, 7, 0, 42, 0, 0x21];
        let segment = decode(ETHERNET, &[&MAC, &session, &TCP_IN_IPV4]).unwrap();
        assert_eq!(segment.outer.to_string(), "PPPoE 7");
        let padi = [0x88, 0x64, 0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0];
        assert_eq!(decode(ETHERNET, &[&MAC, &padi]).unwrap_err(), Skip::NotIp);
    }

    #[test]
    fn serial_lines_speak_both() {
        assert!(decode(50, &[&[0x0f, 0, 8, 0], &TCP_IN_IPV4]).is_ok());
        assert!(decode(50, &[&[0xff, 3, 0, 0x21], &TCP_IN_IPV4]).is_ok());
        assert!(decode(104, &[&[0x8f, 0, 0x86, 0xdd], &TCP_IN_IPV6]).is_ok());
        assert!(decode(166, &[&[1, 3, 0, 0x21], &TCP_IN_IPV4]).is_ok());
    }

    #[test]
    fn l2tp_fields_follow_its_flags() {
        let bare = udp(1701, &[&[0, 2, 0, 1, 0, 9, 0xff, 3, 0, 0x21], &TCP_IN_IPV4]);
        let full = [0x4a, 2, 0, 62, 0, 1, 0, 9, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0x21];
        let full = udp(1701, &[&full, &TCP_IN_IPV4]);
        for packet in [bare, full] {
            let segment = decode(228, &[&packet]).unwrap();
            assert_eq!(segment.outer.to_string(), "IP 10.0.0.1 > 10.0.0.2, L2TP 9");
        }
        let control = udp(1701, &[&[0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(decode(228, &[&control]).unwrap_err(), Skip::NotTcp);
    }
}
