//! Ethernet, the tags behind it, and LLC.

use super::walk::{Next, Walk};
use super::{Layer, Skip, ppp};

/// A frame with addresses: both, then an EtherType or a length.
pub(super) fn ethernet(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    walk.skip(12)?;
    let kind = walk.take()?;
    Ok(Next::EtherType(u16::from_be_bytes(kind)))
}

/// The IP packet in a frame that has no tag.
#[inline]
pub(super) fn plain(frame: &[u8]) -> Option<&[u8]> {
    let (header, packet) = frame.split_first_chunk::<14>()?;
    matches!(header, [.., 0x08, 0x00]).then_some(packet)
}

/// What is behind an EtherType.
pub(super) fn ether_type(walk: &mut Walk<'_>, kind: u16) -> Result<Next, Skip> {
    Ok(match kind {
        0..=1500 => Next::Llc,
        0x0800 | 0x86dd => Next::Ip,
        // 802.1Q, 802.1ad, and the ones that older switches use for the outer tag.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            let [priority, vlan, high, low] = walk.take()?;
            walk.pass(Layer::Vlan(u16::from_be_bytes([priority & 0x0f, vlan])));
            Next::EtherType(u16::from_be_bytes([high, low]))
        }
        0x8847 | 0x8848 => Next::Mpls,
        0x8864 => ppp::pppoe(walk)?,
        0x880b => Next::Ppp,
        // Transparent bridging: NVGRE, Geneve and others carry whole frames under it.
        0x6558 => Next::Ethernet,
        // 802.1ah: priority and service, then the customer's frame.
        0x88e7 => {
            let [_, a, b, c] = walk.take()?;
            walk.pass(Layer::Pbb(u32::from_be_bytes([0, a, b, c])));
            Next::Ethernet
        }
        // FabricPath: ten bits of tag, six of hop count, then the frame.
        0x8903 => {
            let tag = walk.take()?;
            walk.pass(Layer::FabricPath(u16::from_be_bytes(tag) >> 6));
            Next::Ethernet
        }
        0x8926 => {
            let [_, _, _, _, high, low] = walk.take()?;
            walk.pass(Layer::VnTag);
            Next::EtherType(u16::from_be_bytes([high, low]))
        }
        _ => return Err(Skip::NotIp),
    })
}

/// IEEE 802.2, and SNAP where it says so.
pub(super) fn llc(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    match walk.take()? {
        [0xaa, 0xaa, 3] => match walk.take()? {
            // RFC 1042, and the tunnel that 802.1H uses for protocols which bridges would translate.
            [0, 0, 0 | 0xf8, high, low] => Ok(Next::EtherType(u16::from_be_bytes([high, low]))),
            _ => Err(Skip::NotIp),
        },
        [6, 6, 3] => Ok(Next::Ip),
        _ => Err(Skip::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ETHERNET, MAC, TCP_IN_IPV4, TCP_IN_IPV6, decode};
    use super::*;

    fn layers(headers: &[u8]) -> Vec<Layer> {
        decode(ETHERNET, &[&MAC, headers, &TCP_IN_IPV4]).unwrap().outer.layers().collect()
    }

    #[test]
    fn a_plain_frame_has_nothing_around_it() {
        assert_eq!(layers(&[8, 0]), []);
        let ipv6 = decode(ETHERNET, &[&MAC, &[0x86, 0xdd], &TCP_IN_IPV6]).unwrap();
        assert_eq!((ipv6.raw_window, ipv6.payload_bytes, ipv6.outer.is_empty()), (502, 0, true));
    }

    #[test]
    fn tags_nest_in_any_order_and_depth() {
        let tags = [0x88, 0xa8, 0x60, 5, 0x81, 0, 0, 6, 0x91, 0, 0x0f, 0xff, 8, 0];
        assert_eq!(layers(&tags), [Layer::Vlan(5), Layer::Vlan(6), Layer::Vlan(4095)]);
        assert_eq!(layers(&[0x89, 0x26, 1, 2, 3, 4, 0x81, 0, 0, 9, 8, 0]), [Layer::VnTag, Layer::Vlan(9)]);
    }

    #[test]
    fn frames_in_frames_are_opened() {
        let pbb = [&[0x88, 0xa8, 0, 1, 0x88, 0xe7, 0, 1, 2, 3][..], &MAC, &[8, 0]].concat();
        assert_eq!(layers(&pbb), [Layer::Vlan(1), Layer::Pbb(0x01_0203)]);
        let fabric = [&[0x89, 3, 0, 0x7f][..], &MAC, &[8, 0]].concat();
        assert_eq!(layers(&fabric), [Layer::FabricPath(1)]);
    }

    #[test]
    fn llc_with_and_without_snap_leads_to_ip() {
        assert_eq!(layers(&[0, 48, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), []);
        assert_eq!(layers(&[0, 43, 6, 6, 3]), []);
    }

    #[test]
    fn other_frames_are_not_ip() {
        for header in [
            &[8, 6][..],
            &[0x88, 0xcc],
            &[0, 38, 0x42, 0x42, 3],
            &[0, 48, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0],
        ] {
            assert_eq!(decode(ETHERNET, &[&MAC, header, &[0; 46]]).unwrap_err(), Skip::NotIp);
        }
    }
}
