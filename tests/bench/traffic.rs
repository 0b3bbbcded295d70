//! Captures of a known shape, the same bytes every time: what the benchmarks read.
//!
//! Written by hand rather than by a library, like the fixtures: it shares no code with `src/`. Checksums are
//! left 0, as a capture on a sending host with checksum offload shows them.

use std::io::{self, Write};

/// The shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Eight downloads at once: two full segments, then one acknowledgment, cut by a snap length of 96.
    Bulk,
    /// One connection of 14 frames after another, a millisecond apart, some forty of them at a time.
    Short,
    /// One SYN per flow.
    Flood,
}

/// Frames of one flow of [`Shape::Short`].
pub(crate) const SHORT_FRAMES: u64 = 14;

const SNAP_LENGTH: usize = 96;
const ETHERNET_BYTES: usize = 14;
const IPV4_BYTES: usize = 20;
const TCP_BYTES: usize = 20;
const TIMESTAMPS: [u8; 4] = [1, 1, 8, 10];
/// mss 1460, sackOK, timestamps, nop, wscale 10: what Linux since 6.16 offers.
const SYN_OPTIONS: [u8; 8] = [2, 4, 5, 180, 4, 2, 8, 10];
const WSCALE: [u8; 4] = [1, 3, 3, 10];
const FULL_SEGMENT: u32 = 1448;
const BULK_FLOWS: u32 = 8;
const START_S: u64 = 1_700_000_000;

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// One segment, in the words of its flow.
#[derive(Clone, Copy, Debug)]
struct Segment {
    time_us: u64,
    flow: u32,
    from_client: bool,
    flags: u8,
    /// Relative to the sender's initial sequence number.
    sequence: u32,
    acknowledgment: u32,
    window: u16,
    payload: u32,
}

/// Writes a capture of `shape` with `frames` frames.
pub(crate) fn write(shape: Shape, frames: u64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
    out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    out.write_all(&u32::try_from(SNAP_LENGTH).unwrap().to_le_bytes())?;
    out.write_all(&1_u32.to_le_bytes())?;
    match shape {
        Shape::Bulk => (0..frames).try_for_each(|number| record(out, &bulk(number))),
        Shape::Flood => (0..frames).try_for_each(|number| {
            let flow = u32::try_from(number).unwrap();
            record(out, &syn(flow, number * 10))
        }),
        Shape::Short => short(frames, out),
    }
}

fn syn(flow: u32, time_us: u64) -> Segment {
    Segment {
        time_us,
        flow,
        from_client: true,
        flags: SYN,
        sequence: 0,
        acknowledgment: 0,
        window: 64240,
        payload: 0,
    }
}

fn syn_ack(flow: u32, time_us: u64) -> Segment {
    Segment { from_client: false, flags: SYN | ACK, acknowledgment: 1, window: 65160, ..syn(flow, time_us) }
}

/// Frame `number` of the downloads: they take turns, three frames at a time.
fn bulk(number: u64) -> Segment {
    let turn = number / 3;
    let flow = u32::try_from(turn % u64::from(BULK_FLOWS)).unwrap();
    let round = turn / u64::from(BULK_FLOWS);
    let time_us = number * 4;
    let first = syn(flow, time_us);
    let behind = |bytes: u64| 1 + (bytes & u64::from(u32::MAX)) as u32;
    match (round, number % 3) {
        (0, 0) => first,
        (0, 1) => syn_ack(flow, time_us),
        (0, _) => Segment { flags: ACK, sequence: 1, acknowledgment: 1, window: 63, ..first },
        (round, step @ (0 | 1)) => Segment {
            from_client: false,
            flags: ACK,
            sequence: behind(((round - 1) * 2 + step) * u64::from(FULL_SEGMENT)),
            acknowledgment: 1,
            window: 64,
            payload: FULL_SEGMENT,
            ..first
        },
        // One round trip of 64 segments behind, in a window that grew to 4 MB.
        (round, _) => Segment {
            flags: ACK,
            sequence: 1,
            acknowledgment: behind(round.saturating_sub(32) * 2 * u64::from(FULL_SEGMENT)),
            window: if round < 40 { 63 } else { 4000 + (round % 16) as u16 },
            ..first
        },
    }
}

/// Connections overlap: what is written next is the earliest frame of those that are open.
fn short(frames: u64, out: &mut dyn Write) -> io::Result<()> {
    const LIFE_US: u64 = 40_000;
    let flows = u32::try_from(frames.div_ceil(SHORT_FRAMES)).unwrap();
    let mut open: Vec<Segment> = Vec::new();
    for flow in 0..flows {
        let begin_us = u64::from(flow) * 1000;
        let ready = open.partition_point(|segment| segment.time_us < begin_us);
        open.drain(..ready).try_for_each(|segment| record(out, &segment))?;
        open.extend(exchange(flow, begin_us, LIFE_US));
        open.sort_by_key(|segment| segment.time_us);
    }
    open.iter().try_for_each(|segment| record(out, segment))
}

/// The 14 frames of one short connection: a request of 300 bytes, an answer of five segments.
fn exchange(flow: u32, begin_us: u64, life_us: u64) -> [Segment; SHORT_FRAMES as usize] {
    let at = |step: u64| begin_us + step * life_us / SHORT_FRAMES;
    let client = |step, flags, sequence, acknowledgment, payload| Segment {
        flags,
        sequence,
        acknowledgment,
        window: 63,
        payload,
        ..syn(flow, at(step))
    };
    let server = |step, flags, sequence, acknowledgment, payload| Segment {
        from_client: false,
        window: 64,
        ..client(step, flags, sequence, acknowledgment, payload)
    };
    let data = |count: u32| 1 + count * FULL_SEGMENT;
    [
        syn(flow, at(0)),
        syn_ack(flow, at(1)),
        client(2, ACK, 1, 1, 0),
        client(3, ACK | PSH, 1, 1, 300),
        server(4, ACK, 1, 301, 0),
        server(5, ACK, 1, 301, FULL_SEGMENT),
        server(6, ACK, data(1), 301, FULL_SEGMENT),
        client(7, ACK, 301, data(2), 0),
        server(8, ACK, data(2), 301, FULL_SEGMENT),
        server(9, ACK | PSH, data(3), 301, FULL_SEGMENT),
        client(10, ACK, 301, data(4), 0),
        server(11, ACK | FIN, data(4), 301, 0),
        client(12, ACK | FIN, 301, data(4) + 1, 0),
        server(13, ACK, data(4) + 1, 302, 0),
    ]
}

fn record(out: &mut dyn Write, segment: &Segment) -> io::Result<()> {
    let (frame, length) = frame(segment);
    let wire = length + segment.payload as usize;
    let captured = wire.min(SNAP_LENGTH);
    let seconds = u32::try_from(START_S + segment.time_us / 1_000_000).unwrap();
    let micros = u32::try_from(segment.time_us % 1_000_000).unwrap();
    for word in [seconds, micros, captured as u32, wire as u32] {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(&frame[..captured])
}

/// The bytes of the frame as far as the snap length can reach, and the length of its headers.
fn frame(segment: &Segment) -> ([u8; SNAP_LENGTH], usize) {
    let mut frame = [0; SNAP_LENGTH];
    let is_syn = segment.flags & SYN != 0;
    let option_bytes = if is_syn { 20 } else { 12 };
    let header_bytes = ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES + option_bytes;
    let mut put = |at: usize, bytes: &[u8]| frame[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    let total = (header_bytes - ETHERNET_BYTES + segment.payload as usize) as u16;
    put(ETHERNET_BYTES, &[0x45, 0]);
    put(ETHERNET_BYTES + 2, &total.to_be_bytes());
    put(ETHERNET_BYTES + 6, &[0x40, 0, 64, 6]);
    // Flows differ by the client's address and port, and so do their initial sequence numbers.
    let client = (0x0a00_0000 | segment.flow >> 8).to_be_bytes();
    let server = [192, 0, 2, 80];
    let client_port = (1024 + (segment.flow & 0xff) as u16).to_be_bytes();
    let initial = segment.flow.wrapping_mul(0x9e37_79b1);
    let (own, peer) =
        if segment.from_client { (initial, initial ^ 0x5555_5555) } else { (initial ^ 0x5555_5555, initial) };
    let tcp = ETHERNET_BYTES + IPV4_BYTES;
    let (addresses, ports) = if segment.from_client {
        ([client, server], [client_port, [0, 80]])
    } else {
        ([server, client], [[0, 80], client_port])
    };
    put(ETHERNET_BYTES + 12, addresses.as_flattened());
    put(tcp, ports.as_flattened());
    put(tcp + 4, &own.wrapping_add(segment.sequence).to_be_bytes());
    if segment.flags & ACK != 0 {
        put(tcp + 8, &peer.wrapping_add(segment.acknowledgment).to_be_bytes());
    }
    put(tcp + 12, &[(((TCP_BYTES + option_bytes) / 4) << 4) as u8, segment.flags]);
    put(tcp + 14, &segment.window.to_be_bytes());
    let options = tcp + TCP_BYTES;
    let tsval = (segment.time_us / 1000) as u32 + 1;
    let tsecr =
        if segment.flags == SYN { 0 } else { (segment.time_us.saturating_sub(3000) / 1000) as u32 + 1 };
    let stamps = if is_syn { options + SYN_OPTIONS.len() } else { options + TIMESTAMPS.len() };
    put(options, if is_syn { &SYN_OPTIONS } else { &TIMESTAMPS });
    put(stamps, &tsval.to_be_bytes());
    put(stamps + 4, &tsecr.to_be_bytes());
    if is_syn {
        put(stamps + 8, &WSCALE);
    }
    (frame, header_bytes)
}
