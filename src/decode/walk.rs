//! The way through a frame, header by header.

use std::net::IpAddr;

use super::tcp::Carried;
use super::{Layer, Outer, Segment, Skip, ethernet, gre, mpls, network, ppp, udp, wlan};
use crate::source::Frame;

/// Headers in one frame; a frame that nests deeper is not worth reading.
const STEPS: usize = 32;

/// The header that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Addresses, then an EtherType.
    Ethernet,
    /// Behind an EtherType; up to 1500 it is a length, and an LLC header follows.
    EtherType(u16),
    Llc,
    Wlan,
    Ppp,
    Mpls,
    Ip,
    Gre,
    Udp,
    Tcp,
}

/// Where the walk stands, and what it has passed.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// What was captured of the rest.
    pub(super) data: &'a [u8],
    /// Length of the rest on the wire, by the frame or by the last IP header.
    pub(super) wire_bytes: usize,
    /// What was captured from the last IP header on.
    pub(super) packet: &'a [u8],
    /// Source and destination of the last IP header.
    pub(super) addresses: Option<(IpAddr, IpAddr)>,
    /// What is around that IP header.
    pub(super) outer: Outer,
    /// Only a UDP port says that this is a tunnel.
    pub(super) guessed: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(frame: &Frame<'a>) -> Self {
        Self {
            data: frame.data,
            wire_bytes: usize::try_from(frame.wire_bytes).unwrap_or(usize::MAX),
            packet: &[],
            addresses: None,
            outer: Outer::default(),
            guessed: false,
        }
    }

    /// Goes from header to header up to TCP, whose fields go to `segment`.
    pub(super) fn run(&mut self, first: Next, frame: &Frame<'_>, segment: &mut Segment) -> Result<(), Skip> {
        let mut next = first;
        for _ in 0..STEPS {
            let step = match next {
                Next::Ethernet => ethernet::ethernet(self),
                Next::EtherType(kind) => ethernet::ether_type(self, kind),
                Next::Llc => ethernet::llc(self),
                Next::Wlan => wlan::wlan(self),
                Next::Ppp => ppp::ppp(self),
                Next::Mpls => mpls::mpls(self),
                Next::Ip => network::ip(self),
                Next::Gre => gre::gre(self),
                Next::Udp => udp::udp(self),
                Next::Tcp => return self.carried()?.segment(std::mem::take(&mut self.outer), frame, segment),
            };
            next = step.map_err(|skip| match skip {
                // Not everything on a tunnel's port is a tunnel: then it was UDP and nothing else.
                Skip::NotIp | Skip::Malformed if self.guessed => Skip::NotTcp,
                skip => skip,
            })?;
        }
        Err(Skip::Malformed)
    }

    fn carried(&self) -> Result<Carried<'a>, Skip> {
        let (source, destination) = self.addresses.ok_or(Skip::NotIp)?;
        Ok(Carried { data: self.data, wire_bytes: self.wire_bytes, source, destination })
    }

    /// The next `N` bytes, without going there.
    pub(super) fn peek<const N: usize>(&self) -> Result<[u8; N], Skip> {
        self.data.first_chunk().copied().ok_or_else(|| self.short())
    }

    /// Takes the next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Skip> {
        let bytes = self.peek()?;
        self.skip(N)?;
        Ok(bytes)
    }

    /// Goes on by `bytes`.
    pub(super) fn skip(&mut self, bytes: usize) -> Result<(), Skip> {
        self.data = self.data.get(bytes..).ok_or_else(|| self.short())?;
        self.wire_bytes = self.wire_bytes.saturating_sub(bytes);
        Ok(())
    }

    /// Remembers a header around the packet.
    pub(super) fn pass(&mut self, layer: Layer) {
        self.outer.push(layer);
    }

    /// Why a header is not there: cut by the snap length, or never on the wire.
    pub(super) fn short(&self) -> Skip {
        if self.data.len() < self.wire_bytes { Skip::Truncated } else { Skip::Malformed }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ETHERNET, TCP_IN_IPV4, decode};
    use super::*;

    #[test]
    fn endless_nesting_ends() {
        let tags: Vec<u8> = [0x81, 0, 0, 1].repeat(100);
        let frame = [&[0; 12][..], &tags, &[8, 0], &TCP_IN_IPV4].concat();
        assert_eq!(decode(ETHERNET, &[&frame]).unwrap_err(), Skip::Malformed);
    }

    #[test]
    fn the_end_of_the_frame_is_no_snap_length() {
        let frame = Frame { number: 1, time_us: 0, link: ETHERNET, wire_bytes: 2, data: &[1, 2] };
        let short = Walk::new(&frame);
        assert_eq!(short.peek::<4>().unwrap_err(), Skip::Malformed);
        assert_eq!(Walk { wire_bytes: 60, ..short }.peek::<4>().unwrap_err(), Skip::Truncated);
    }
}
