//! Frames in UDP: VXLAN, Geneve, and TZSP mirrors.

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// The bit that says that there is a network identifier.
const HAS_IDENTIFIER: u8 = 0x08;

/// VXLAN (RFC 7348 §5).
pub(super) fn vxlan(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [flags, _, _, _, a, b, c, _] = walk.take()?;
    if flags & HAS_IDENTIFIER == 0 {
        return Err(Skip::NotTcp);
    }
    walk.pass(Layer::Vxlan(u32::from_be_bytes([0, a, b, c])));
    Ok(Next::Ethernet)
}

/// VXLAN's extension, which says what follows.
pub(super) fn vxlan_gpe(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [flags, _, _, protocol, a, b, c, _] = walk.take()?;
    let next = match protocol {
        1 | 2 => Next::Ip,
        3 => Next::Ethernet,
        _ => return Err(Skip::NotTcp),
    };
    if flags & HAS_IDENTIFIER == 0 {
        return Err(Skip::NotTcp);
    }
    walk.pass(Layer::Vxlan(u32::from_be_bytes([0, a, b, c])));
    Ok(next)
}

/// Geneve (RFC 8926 §3.4): version 0, options in units of four bytes, an EtherType.
pub(super) fn geneve(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [first, _, high, low, a, b, c, _] = walk.take()?;
    if first >> 6 != 0 {
        return Err(Skip::NotTcp);
    }
    walk.skip(usize::from(first & 0x3f) * 4)?;
    walk.pass(Layer::Geneve(u32::from_be_bytes([0, a, b, c])));
    Ok(Next::EtherType(u16::from_be_bytes([high, low])))
}

/// TaZmen Sniffer Protocol: version 1, a received or sent packet, what it is, tags up to the end tag.
pub(super) fn tzsp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    let [1, 0 | 1, 0, protocol] = walk.take()? else { return Err(Skip::NotTcp) };
    loop {
        match walk.take()? {
            [PADDING] => {}
            [END] => break,
            _ => {
                let [length] = walk.take()?;
                walk.skip(usize::from(length))?;
            }
        }
    }
    let next = match protocol {
        1 => Next::Ethernet,
        18 => Next::Wlan,
        _ => return Err(Skip::NotTcp),
    };
    walk.pass(Layer::Tzsp);
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{MAC, TCP_IN_IPV4, TCP_IN_IPV6, decode, udp};
    use super::*;

    fn outer(port: u16, header: &[u8], packet: &[u8]) -> Result<Vec<Layer>, Skip> {
        let segment = decode(228, &[&udp(port, &[header, packet])])?;
        Ok(segment.outer.layers().skip(1).collect())
    }

    fn frame() -> Vec<u8> {
        [&MAC[..], &[8, 0], &TCP_IN_IPV4].concat()
    }

    #[test]
    fn vxlan_needs_its_identifier() {
        for port in [4789, 8472] {
            let header = [0x88, 0, 0, 9, 0, 1, 0, 0];
            assert_eq!(outer(port, &header, &frame()).unwrap(), [Layer::Vxlan(256)]);
        }
        assert_eq!(outer(4789, &[0, 0, 0, 0, 0, 1, 0, 0], &frame()).unwrap_err(), Skip::NotTcp);
        assert!(outer(4790, &[0x0c, 0, 0, 2, 0, 0, 7, 0], &TCP_IN_IPV6).is_ok());
        assert!(outer(4790, &[0x0c, 0, 0, 3, 0, 0, 7, 0], &frame()).is_ok());
        assert_eq!(outer(4790, &[0x0c, 0, 0, 9, 0, 0, 7, 0], &frame()).unwrap_err(), Skip::NotTcp);
    }

    #[test]
    fn geneve_options_are_passed() {
        let header = [2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 0, 0, 0, 0, 0];
        assert_eq!(outer(6081, &header, &frame()).unwrap(), [Layer::Geneve(5)]);
        assert!(outer(6081, &[0, 0, 8, 0, 0, 0, 5, 0], &TCP_IN_IPV4).is_ok());
        assert_eq!(outer(6081, &[0x40, 0, 8, 0, 0, 0, 5, 0], &TCP_IN_IPV4).unwrap_err(), Skip::NotTcp);
    }

    #[test]
    fn mirrored_tags_are_passed() {
        assert_eq!(outer(37008, &[1, 0, 0, 1, 0, 10, 1, 77, 1], &frame()).unwrap(), [Layer::Tzsp]);
        assert_eq!(outer(37008, &[1, 4, 0, 1, 1], &frame()).unwrap_err(), Skip::NotTcp);
    }
}
