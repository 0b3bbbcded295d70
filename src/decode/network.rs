//! IPv4 or IPv6 with a TCP header behind it.

use etherparse::{IpNumber, Ipv6ExtensionSlice, LaxIpSlice, TcpHeaderSlice};

use super::{Endpoint, Flags, Options, Segment, Skip};
use crate::source::Frame;

const TCP_FIXED_BYTES: usize = 20;
const DATA_OFFSET_BYTE: usize = 12;
const IPV6_HEADER_BYTES: usize = 40;

/// Decodes the IP packet that starts `offset` bytes into `frame`.
pub(super) fn segment(frame: &Frame<'_>, offset: usize) -> Result<Segment, Skip> {
    let packet = frame.data.get(offset..).ok_or(Skip::Truncated)?;
    let Ok((ip, stopped)) = LaxIpSlice::from_slice(packet) else {
        return Err(if packet.len() < 40 { Skip::Truncated } else { Skip::Malformed });
    };
    let payload = ip.payload();
    if payload.ip_number != IpNumber::TCP {
        return Err(if stopped.is_some() { Skip::Truncated } else { Skip::NotTcp });
    }
    if is_later_fragment(&ip) {
        return Err(Skip::Fragment);
    }
    let tcp = payload.payload;
    let mut fixed: [u8; TCP_FIXED_BYTES] = tcp.first_chunk().copied().ok_or(Skip::Truncated)?;
    let header_bytes = usize::from(fixed[DATA_OFFSET_BYTE] >> 4) * 4;
    if header_bytes < TCP_FIXED_BYTES {
        return Err(Skip::Malformed);
    }
    // The slice type wants the options too, and the snap length may have cut them: it is shown a header
    // without options, and the walk takes what was captured of them.
    fixed[DATA_OFFSET_BYTE] = 0x50 | (fixed[DATA_OFFSET_BYTE] & 0x0f);
    let header = TcpHeaderSlice::from_slice(&fixed).map_err(|_| Skip::Malformed)?;
    let options = tcp.get(TCP_FIXED_BYTES..header_bytes.min(tcp.len())).unwrap_or_default();

    // Never the captured bytes: the snap length cuts them, and short Ethernet frames are padded.
    let before_tcp = tcp.as_ptr().addr() - packet.as_ptr().addr();
    let payload_bytes = packet_bytes(&ip, frame, offset).saturating_sub(before_tcp + header_bytes);
    Ok(Segment {
        frame: frame.number,
        time_us: frame.time_us,
        source: Endpoint { address: ip.source_addr(), port: header.source_port() },
        destination: Endpoint { address: ip.destination_addr(), port: header.destination_port() },
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        flags: Flags { syn: header.syn(), ack: header.ack(), fin: header.fin(), rst: header.rst() },
        raw_window: header.window_size(),
        payload_bytes: u32::try_from(payload_bytes).unwrap_or(u32::MAX),
        option_bytes: u8::try_from(header_bytes - TCP_FIXED_BYTES).unwrap_or(u8::MAX),
        options: Options::walk(options, tcp.len() < header_bytes),
    })
}

/// Length of the IP packet by its header. It is 0 where the sending host leaves segmentation to the network
/// card (and in jumbograms): then the frame's length on the wire says it.
fn packet_bytes(ip: &LaxIpSlice<'_>, frame: &Frame<'_>, offset: usize) -> usize {
    let declared = match ip {
        LaxIpSlice::Ipv4(ip) => usize::from(ip.header().total_len()),
        LaxIpSlice::Ipv6(ip) => match usize::from(ip.header().payload_length()) {
            0 => 0,
            payload => payload + IPV6_HEADER_BYTES,
        },
    };
    let on_the_wire = usize::try_from(frame.wire_bytes).unwrap_or(usize::MAX).saturating_sub(offset);
    if declared == 0 { on_the_wire } else { declared }
}

/// A fragment behind the first has no TCP header.
fn is_later_fragment(ip: &LaxIpSlice<'_>) -> bool {
    match ip {
        LaxIpSlice::Ipv4(ip) => ip.header().fragments_offset().value() > 0,
        LaxIpSlice::Ipv6(ip) => ip.extensions().clone().into_iter().any(|extension| match extension {
            Ipv6ExtensionSlice::Fragment(fragment) => fragment.fragment_offset().value() > 0,
            _ => false,
        }),
    }
}
