//! GRE and the mirrors that travel in it.

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// RFC 2784 and RFC 2890; version 1 is PPTP's (RFC 2637 §4.1). The flags say which fields there are.
pub(super) fn gre(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const CHECKSUM: u8 = 0x80;
    const ROUTING: u8 = 0x40;
    const KEY: u8 = 0x20;
    const SEQUENCE: u8 = 0x10;
    const ACKNOWLEDGMENT: u8 = 0x80;
    let [flags, version, high, low] = walk.take()?;
    let has_sequence = flags & SEQUENCE != 0;
    if flags & ROUTING != 0 {
        return Err(Skip::NotTcp);
    }
    let fields = [flags & CHECKSUM != 0, flags & KEY != 0, has_sequence];
    let fields = fields.iter().filter(|&&present| present).count();
    walk.skip(4 * fields)?;
    match version & 7 {
        0 => {}
        // Without a number it is a bare acknowledgment.
        1 if !has_sequence => return Err(Skip::NotTcp),
        1 => walk.skip(if version & ACKNOWLEDGMENT != 0 { 4 } else { 0 })?,
        _ => return Err(Skip::NotTcp),
    }
    walk.pass(Layer::Gre);
    match u16::from_be_bytes([high, low]) {
        0x883e => wccp(walk),
        // The first version of ERSPAN has neither a number nor a header.
        0x88be if !has_sequence => Ok(Next::Ethernet),
        0x88be => erspan_2(walk),
        0x22eb => erspan_3(walk),
        // Aruba's access points.
        0x8200..=0x82ff => Ok(Next::Wlan),
        kind => Ok(Next::EtherType(kind)),
    }
}

/// Redirected web traffic: its second version has four bytes before the packet.
fn wccp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [first] = walk.peek()?;
    if first >> 4 != 4 {
        walk.skip(4)?;
    }
    Ok(Next::Ip)
}

fn erspan_2(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [_, _, high, low, _, _, _, _] = walk.take()?;
    walk.pass(Layer::Erspan(u16::from_be_bytes([high & 3, low])));
    Ok(Next::Ethernet)
}

/// The last bit says that eight bytes of platform data follow.
fn erspan_3(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [_, _, high, low, _, _, _, _, _, _, _, flags] = walk.take()?;
    walk.pass(Layer::Erspan(u16::from_be_bytes([high & 3, low])));
    walk.skip(if flags & 1 == 1 { 8 } else { 0 })?;
    Ok(Next::Ethernet)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{MAC, TCP_IN_IPV4, TCP_IN_IPV6, decode, ipv4, udp};
    use super::*;

    fn outer(header: &[u8]) -> Result<Vec<Layer>, Skip> {
        let segment = decode(228, &[&ipv4(47, &[header, &TCP_IN_IPV4])])?;
        Ok(segment.outer.layers().skip(1).collect())
    }

    #[test]
    fn the_fields_follow_the_flags() {
        for fields in 0..8u8 {
            let header = [&[fields.reverse_bits() >> 1 & 0x30 | fields << 7, 0, 8, 0][..], &[0; 12]].concat();
            let present = 4 * usize::try_from((header[0] & 0xb0).count_ones()).unwrap();
            assert_eq!(outer(&header[..4 + present]).unwrap(), [Layer::Gre], "{:#x}", header[0]);
        }
        assert_eq!(outer(&[0x40, 0, 8, 0]).unwrap_err(), Skip::NotTcp);
        assert!(decode(228, &[&ipv4(47, &[&[0, 0, 0x86, 0xdd], &TCP_IN_IPV6])]).is_ok());
    }

    #[test]
    fn pptp_carries_ppp() {
        let header = [0x30, 0x81, 0x88, 0x0b, 0, 44, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21];
        assert!(outer(&header).is_ok());
        assert_eq!(outer(&[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1]).unwrap_err(), Skip::NotTcp);
    }

    #[test]
    fn mirrored_frames_are_opened() {
        let frame = [&MAC[..], &[8, 0]].concat();
        assert_eq!(outer(&[&[0, 0, 0x65, 0x58][..], &frame].concat()).unwrap(), [Layer::Gre]);
        assert_eq!(outer(&[&[0, 0, 0x88, 0xbe][..], &frame].concat()).unwrap(), [Layer::Gre]);
        let second = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0x19, 5, 0, 0, 0, 0];
        assert_eq!(outer(&[&second[..], &frame].concat()).unwrap(), [Layer::Gre, Layer::Erspan(261)]);
        let mut third = [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 5][..], &[0; 8]].concat();
        assert_eq!(outer(&[&third[..], &frame].concat()).unwrap(), [Layer::Gre, Layer::Erspan(5)]);
        third[19] = 1;
        assert!(outer(&[&third[..], &[0; 8], &frame].concat()).is_ok());
    }

    #[test]
    fn redirected_traffic_may_have_a_header() {
        assert!(outer(&[0, 0, 0x88, 0x3e]).is_ok());
        assert!(outer(&[0, 0, 0x88, 0x3e, 5, 0x59, 0, 0x48]).is_ok());
    }

    #[test]
    fn it_travels_in_udp_too() {
        let packet = udp(4754, &[&[0, 0, 8, 0], &TCP_IN_IPV4]);
        assert_eq!(decode(228, &[&packet]).unwrap().outer.to_string(), "IP 10.0.0.1 > 10.0.0.2, GRE");
    }
}
