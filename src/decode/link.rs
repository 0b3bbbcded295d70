//! The link layer: which header a frame of the capture begins with.

use super::walk::{Next, Walk};
use super::{Checksums, Outer, Segment, Skip, checksum, ethernet, network, ppp, pseudo, wlan};
use crate::source::{Frame, LinkType};

/// The capture's link layer is none that can be decoded.
#[derive(Debug, thiserror::Error)]
#[error("link type {name} is not supported")]
pub struct UnsupportedLinkType {
    /// libpcap's name of it.
    pub name: String,
}

/// Nearly every frame is one; what is plain needs no walk.
const ETHERNET: i32 = 1;

/// What takes a link layer's own header and names the next one.
type Begin = fn(&mut Walk<'_>) -> Result<Next, Skip>;

/// Every link layer that can be decoded, by libpcap's `DLT_` number. Raw IP has several: the numbers differ
/// between systems.
const LINKS: [(i32, Begin); 24] = [
    (0, pseudo::family),
    (ETHERNET, |_| Ok(Next::Ethernet)),
    (9, |_| Ok(Next::Ppp)),
    (10, |walk| behind(walk, 13, Next::Llc)), // FDDI
    (12, |_| Ok(Next::Ip)),
    (14, |_| Ok(Next::Ip)),
    (50, ppp::serial),
    (51, ppp::pppoe),
    (101, |_| Ok(Next::Ip)),
    (104, ppp::cisco_hdlc),
    (105, |_| Ok(Next::Wlan)),
    (108, pseudo::family),
    (109, |walk| behind(walk, 12, Next::Ip)), // OpenBSD enc
    (113, pseudo::linux_cooked),
    (117, pseudo::pflog),
    (127, wlan::radiotap),
    (166, |walk| behind(walk, 2, Next::Ppp)), // pppd: a direction in place of the address,
    (178, pseudo::juniper_ethernet),
    (219, |_| Ok(Next::Mpls)),
    (228, |_| Ok(Next::Ip)),
    (229, |_| Ok(Next::Ip)),
    (239, pseudo::nflog),
    (242, pseudo::ip_over_infiniband),
    (276, pseudo::linux_cooked_2),
];

fn behind(walk: &mut Walk<'_>, bytes: usize, next: Next) -> Result<Next, Skip> {
    walk.skip(bytes)?;
    Ok(next)
}

/// Decodes the frames of one capture.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    link: i32,
    begin: Begin,
}

impl Decoder {
    /// A decoder for captures of `link_type`.
    pub fn new(link_type: &LinkType) -> Result<Self, UnsupportedLinkType> {
        match begin(link_type.number) {
            Some(begin) => Ok(Self { link: link_type.number, begin }),
            None => Err(UnsupportedLinkType { name: link_type.name.clone() }),
        }
    }

    /// A decoder for captures of several interfaces, and the first link type that it can decode. An error only
    /// if there is none: the frames of the others are counted as not IP.
    pub fn for_any(link_types: &[LinkType]) -> Result<(Self, &LinkType), UnsupportedLinkType> {
        let mut unsupported = UnsupportedLinkType { name: "none".to_owned() };
        for link_type in link_types {
            match Self::new(link_type) {
                Ok(decoder) => return Ok((decoder, link_type)),
                Err(error) => unsupported = error,
            }
        }
        Err(unsupported)
    }

    /// The TCP segment in `frame`, or why there is none.
    pub fn decode(&self, frame: &Frame<'_>) -> Result<Segment, Skip> {
        let mut segment = Segment::default();
        self.decode_to(frame, &mut segment).map(|()| segment)
    }

    /// The same, written to `segment`: where segments wait in a row, none is copied there. Without a segment in
    /// `frame` it is left as it was.
    pub fn decode_to(&self, frame: &Frame<'_>, segment: &mut Segment) -> Result<(), Skip> {
        if frame.link == ETHERNET
            && let Some(carried) = ethernet::plain(frame.data).and_then(network::plain_tcp)
        {
            return carried.segment(Outer::default(), frame, segment);
        }
        self.walk(&mut Walk::new(frame), frame, segment)
    }

    /// The checksums of the segment in `frame`. They cost more than all the rest of a long frame, so nobody
    /// pays for them who does not ask.
    pub fn checksums(&self, frame: &Frame<'_>) -> Checksums {
        let mut walk = Walk::new(frame);
        let mut segment = Segment::default();
        let walked = self.walk(&mut walk, frame, &mut segment);
        walked.map_or_else(|_| Checksums::default(), |()| checksum::verify(walk.packet, &segment))
    }

    fn walk<'a>(&self, walk: &mut Walk<'a>, frame: &Frame<'a>, segment: &mut Segment) -> Result<(), Skip> {
        let begin =
            if frame.link == self.link { self.begin } else { begin(frame.link).ok_or(Skip::NotIp)? };
        let first = begin(walk)?;
        walk.run(first, frame, segment)
    }
}

fn begin(link: i32) -> Option<Begin> {
    LINKS.iter().find(|(number, _)| *number == link).map(|&(_, begin)| begin)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, decode};
    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(LINKS.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn plain_links_lead_to_tcp() {
        let before: [(i32, &[u8]); 5] = [
            (101, &[]),
            (10, &[0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
            (109, &[2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
            (219, &[0, 0, 0x11, 64]),
            (228, &[]),
        ];
        for (link, before) in before {
            assert_eq!(decode(link, &[before, &TCP_IN_IPV4]).unwrap().raw_window, 502, "{link}");
        }
    }

    #[test]
    fn a_link_type_without_ip_is_refused() {
        let usb = LinkType { number: 220, name: "USB_LINUX_MMAPPED".to_owned() };
        assert_eq!(Decoder::new(&usb).unwrap_err().name, "USB_LINUX_MMAPPED");
    }

    #[test]
    fn interfaces_may_differ() {
        let types = [220, 1].map(|number| LinkType { number, name: number.to_string() });
        let (decoder, link_type) = Decoder::for_any(&types).unwrap();
        assert_eq!(link_type.number, 1);
        let frame = Frame { number: 1, time_us: 0, link: 228, wire_bytes: 40, data: &TCP_IN_IPV4 };
        assert!(decoder.decode(&frame).is_ok());
        assert_eq!(decoder.decode(&Frame { link: 220, ..frame }).unwrap_err(), Skip::NotIp);
        assert_eq!(Decoder::for_any(&types[..1]).unwrap_err().name, "220");
    }
}
