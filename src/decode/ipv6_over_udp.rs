//! How hosts without IPv6 reached it: AYIYA and Teredo.

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// AYIYA: lengths of identity and signature, methods, the protocol inside, a time, then both fields.
pub(super) fn ayiya(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const FORWARD: u8 = 1;
    const INSIDE: [u8; 2] = [4, 41];
    let [identity, signature, operation, protocol, _, _, _, _] = walk.take()?;
    if operation & 0x0f != FORWARD || !INSIDE.contains(&protocol) {
        return Err(Skip::NotTcp);
    }
    walk.skip((1 << (identity >> 4)) + usize::from(signature >> 4) * 4)?;
    walk.pass(Layer::Ayiya);
    Ok(Next::Ip)
}

/// Teredo (RFC 4380 §5.1.1): the packet, with authentication or the origin before it where they are needed.
pub(super) fn teredo(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const AUTHENTICATION: [u8; 2] = [0, 1];
    const ORIGIN: [u8; 2] = [0, 0];
    if walk.peek()? == AUTHENTICATION {
        let [_, _, identifier, value] = walk.take()?;
        // Both fields, a nonce of eight bytes, and a confirmation.
        walk.skip(usize::from(identifier) + usize::from(value) + 9)?;
    }
    if walk.peek()? == ORIGIN {
        walk.skip(8)?;
    }
    let [first] = walk.peek()?;
    if first >> 4 != 6 {
        return Err(Skip::NotTcp);
    }
    walk.pass(Layer::Teredo);
    Ok(Next::Ip)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, TCP_IN_IPV6, decode, udp};
    use super::*;

    fn outer(port: u16, header: &[u8], packet: &[u8]) -> Result<Vec<Layer>, Skip> {
        let segment = decode(228, &[&udp(port, &[header, packet])])?;
        Ok(segment.outer.layers().skip(1).collect())
    }

    #[test]
    fn ayiya_fields_are_as_long_as_they_say() {
        let header = [&[0x41, 0x52, 0x11, 41, 0, 0, 0, 0][..], &[0; 16 + 20]].concat();
        assert_eq!(outer(5072, &header, &TCP_IN_IPV6).unwrap(), [Layer::Ayiya]);
        let heartbeat = [&[0x41, 0x52, 0x10, 59, 0, 0, 0, 0][..], &[0; 16 + 20]].concat();
        assert_eq!(outer(5072, &heartbeat, &TCP_IN_IPV6).unwrap_err(), Skip::NotTcp);
    }

    #[test]
    fn teredo_indications_are_passed() {
        let authentication = [&[0, 1, 2, 3][..], &[9; 2 + 3 + 9]].concat();
        let origin = [0, 0, 1, 2, 3, 4, 5, 6];
        for header in [&[][..], &authentication, &origin, &[&authentication[..], &origin].concat()] {
            assert_eq!(outer(3544, header, &TCP_IN_IPV6).unwrap(), [Layer::Teredo]);
        }
        assert_eq!(outer(3544, &[], &TCP_IN_IPV4).unwrap_err(), Skip::NotTcp);
    }
}
