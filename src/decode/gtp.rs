//! GTP-U, in which mobile networks carry their users' packets (3GPP TS 29.281 §5).

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// Version 1, a message that carries a packet, then optional fields if any of three flags is set.
pub(super) fn gtp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const VERSION_1: u8 = 0x30;
    const PACKET: u8 = 255;
    const OPTIONAL_FIELDS: u8 = 0x07;
    const EXTENDED: u8 = 0x04;
    let [flags, kind, _, _, a, b, c, d] = walk.take()?;
    if flags & 0xf0 != VERSION_1 || kind != PACKET {
        return Err(Skip::NotTcp);
    }
    if flags & OPTIONAL_FIELDS != 0 {
        let [_, _, _, mut extension] = walk.take()?;
        while flags & EXTENDED != 0 && extension != 0 {
            extension = skip_extension(walk)?;
        }
    }
    walk.pass(Layer::Gtp(u32::from_be_bytes([a, b, c, d])));
    Ok(Next::Ip)
}

/// An extension says its length in units of four bytes, and ends with the kind of the next one, which is
/// returned.
fn skip_extension(walk: &mut Walk<'_>) -> Result<u8, Skip> {
    let [units] = walk.peek()?;
    let bytes = usize::from(units) * 4;
    let last = bytes.checked_sub(1).ok_or(Skip::NotTcp)?;
    walk.skip(last)?;
    let [next] = walk.take()?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, TCP_IN_IPV6, decode, udp};
    use super::*;

    fn outer(header: &[u8], packet: &[u8]) -> Result<String, Skip> {
        Ok(decode(228, &[&udp(2152, &[header, packet])])?.outer.to_string())
    }

    #[test]
    fn users_packets_are_opened() {
        let expected = "IP 10.0.0.1 > 10.0.0.2, GTP 0x10";
        assert_eq!(outer(&[0x30, 255, 0, 40, 0, 0, 0, 16], &TCP_IN_IPV4).unwrap(), expected);
        assert_eq!(outer(&[0x32, 255, 0, 64, 0, 0, 0, 16, 0, 1, 0, 9], &TCP_IN_IPV6).unwrap(), expected);
    }

    #[test]
    fn extensions_are_followed() {
        let header = [0x34, 255, 0, 52, 0, 0, 0, 16, 0, 0, 0, 0x85, 1, 0x10, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0];
        assert!(outer(&header, &TCP_IN_IPV4).is_ok());
        let endless = [0x34, 255, 0, 44, 0, 0, 0, 16, 0, 0, 0, 0x85, 0, 0, 0, 0x85];
        assert_eq!(outer(&endless, &TCP_IN_IPV4).unwrap_err(), Skip::NotTcp);
    }

    #[test]
    fn signalling_is_not_tcp() {
        assert_eq!(outer(&[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap_err(), Skip::NotTcp);
        assert_eq!(outer(&[0x48, 255, 0, 40, 0, 0, 0, 16], &TCP_IN_IPV4).unwrap_err(), Skip::NotTcp);
    }
}
