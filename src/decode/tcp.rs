//! The TCP header, where the way through a frame ends.

use std::net::IpAddr;

use etherparse::TcpHeaderSlice;

use super::{Endpoint, Flags, Outer, Segment, Skip};
use crate::source::Frame;

const FIXED_BYTES: usize = 20;
const DATA_OFFSET_BYTE: usize = 12;

/// What an IP header that carries TCP says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried<'a, A = IpAddr> {
    /// What was captured behind it.
    pub(super) data: &'a [u8],
    /// How much there was on the wire.
    pub(super) wire_bytes: usize,
    pub(super) source: A,
    pub(super) destination: A,
}

impl<A: Copy + Into<IpAddr>> Carried<'_, A> {
    /// Writes the segment to `segment`, field by field. None is built elsewhere and copied, and the addresses stay
    /// in registers: to load at once what was just stored in pieces, a core waits until all its stores are done,
    /// and these go to memory that another core has read.
    #[expect(clippy::inline_always, reason = "the compiler would pass the addresses in memory")]
    #[inline(always)]
    pub(super) fn segment(&self, outer: Outer, frame: &Frame<'_>, segment: &mut Segment) -> Result<(), Skip> {
        let Self { data, wire_bytes, source, destination } = *self;
        let is_cut = data.len() < wire_bytes;
        let mut fixed: [u8; FIXED_BYTES] =
            *data.first_chunk().ok_or(if is_cut { Skip::Truncated } else { Skip::Malformed })?;
        let header_bytes = usize::from(fixed[DATA_OFFSET_BYTE] >> 4) * 4;
        if header_bytes < FIXED_BYTES {
            return Err(Skip::Malformed);
        }
        // The slice type wants the options too, and the snap length may have cut them: it is shown a header
        // without options, and the walk over them takes what was captured.
        fixed[DATA_OFFSET_BYTE] = 0x50 | (fixed[DATA_OFFSET_BYTE] & 0x0f);
        let header = TcpHeaderSlice::from_slice(&fixed).map_err(|_| Skip::Malformed)?;
        let options = data.get(FIXED_BYTES..header_bytes.min(data.len())).unwrap_or_default();
        segment.frame = frame.number;
        segment.time_us = frame.time_us;
        segment.source = Endpoint { address: source.into(), port: header.source_port() };
        segment.destination = Endpoint { address: destination.into(), port: header.destination_port() };
        segment.sequence = header.sequence_number();
        segment.acknowledgment = header.acknowledgment_number();
        segment.flags = Flags { syn: header.syn(), ack: header.ack(), fin: header.fin(), rst: header.rst() };
        segment.raw_window = header.window_size();
        segment.payload_bytes = u32::try_from(wire_bytes.saturating_sub(header_bytes)).unwrap_or(u32::MAX);
        segment.option_bytes = u8::try_from(header_bytes - FIXED_BYTES).unwrap_or(u8::MAX);
        segment.options.read(options, data.len() < header_bytes);
        segment.outer = outer;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Offer;
    use super::super::sample::{TCP_IN_IPV4, decode, decode_cut};
    use super::*;

    const RAW: i32 = 228;

    #[test]
    fn the_fields_are_as_on_the_wire() {
        let segment = decode(RAW, &[&TCP_IN_IPV4]).unwrap();
        assert_eq!(segment.source.to_string(), "192.0.2.1:40000");
        assert_eq!(segment.destination.to_string(), "198.51.100.2:80");
        assert_eq!((segment.sequence, segment.acknowledgment, segment.raw_window), (5, 6, 502));
        assert_eq!(segment.flags, Flags { ack: true, ..Flags::default() });
    }

    #[test]
    fn a_syn_cut_in_its_options_is_used_and_its_offer_unseen() {
        let mut syn = TCP_IN_IPV4.to_vec();
        syn.splice(2..4, [0, 48]);
        syn[32] = 0x70;
        syn[33] = 2;
        syn.extend([2, 4, 5, 180, 1, 3, 3, 7]);
        assert_eq!(decode(RAW, &[&syn]).unwrap().options.window_scale, Offer::Shift(7));
        let cut = decode_cut(RAW, &syn[..45], 48).unwrap();
        assert_eq!((cut.options.window_scale, cut.option_bytes, cut.payload_bytes), (Offer::Unseen, 8, 0));
        assert_eq!(decode_cut(RAW, &syn[..39], 48).unwrap_err(), Skip::Truncated);
    }

    #[test]
    fn a_header_shorter_than_itself_is_malformed() {
        let mut packet = TCP_IN_IPV4;
        packet[32] = 0x40;
        assert_eq!(decode(RAW, &[&packet]).unwrap_err(), Skip::Malformed);
    }
}
