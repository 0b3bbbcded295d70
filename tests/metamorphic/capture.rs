//! A capture in memory, and classic pcap files, read and written here without `src/source`.

use std::sync::Arc;

/// One frame. The bytes are shared: most variants only choose and order frames.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) time_us: i64,
    pub(crate) wire_bytes: u32,
    pub(crate) data: Arc<[u8]>,
}

/// Frames of one link type, by its number in files.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    pub(crate) link: u32,
    pub(crate) frames: Vec<Frame>,
}

const RECORD_HEADER: usize = 16;

impl Capture {
    /// Reads a pcap file of either byte order; what is cut off at its end is left out.
    pub(crate) fn parse(file: &[u8]) -> Option<Self> {
        let (big_endian, nano) = match file.get(..4)? {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, false),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, true),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, false),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, true),
            _ => return None,
        };
        let word = |at: usize| {
            let bytes: [u8; 4] = file.get(at..at + 4)?.try_into().ok()?;
            Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        let mut frames = Vec::new();
        let mut at = 24;
        while let Some(wire_bytes) = word(at + 12) {
            let length = word(at + 8)? as usize;
            let Some(data) = file.get(at + RECORD_HEADER..at + RECORD_HEADER + length) else { break };
            let fraction = i64::from(word(at + 4)?) / if nano { 1000 } else { 1 };
            frames.push(Frame {
                time_us: i64::from(word(at)?) * 1_000_000 + fraction,
                wire_bytes,
                data: data.into(),
            });
            at += RECORD_HEADER + length;
        }
        Some(Self { link: word(20)? & 0xffff, frames })
    }

    /// Its times can be written to a file.
    pub(crate) fn is_writable(&self) -> bool {
        self.frames.iter().all(|frame| u32::try_from(frame.time_us.div_euclid(1_000_000)).is_ok())
    }

    /// The file's bytes, little endian with microseconds.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 262_144, self.link] {
            out.extend(word.to_le_bytes());
        }
        for frame in &self.frames {
            let seconds = u32::try_from(frame.time_us.div_euclid(1_000_000)).unwrap();
            let fraction = u32::try_from(frame.time_us.rem_euclid(1_000_000)).unwrap();
            let length = u32::try_from(frame.data.len()).unwrap();
            for word in [seconds, fraction, length, frame.wire_bytes.max(length)] {
                out.extend(word.to_le_bytes());
            }
            out.extend(&*frame.data);
        }
        out
    }
}
