//! What a capture may be like, whatever the path is: its clock is another, and it misses frames. Made
//! from a real capture, with a seed, so that it can be made again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::agreement::{Record, records};
use crate::capture::SNAP_BYTES;
use crate::frame::Segment;

/// What is done to a pair of captures.
#[derive(Clone, Copy)]
pub(crate) struct Retouch {
    pub(crate) name: &'static str,
    /// The server's clock is ahead.
    pub(crate) clock_us: u64,
    /// Per cent of the frames that either capture misses.
    pub(crate) missing_percent: u64,
    /// The handshake is there all the same.
    pub(crate) keeps_handshake: bool,
}

const AS_IT_IS: Retouch = Retouch { name: "", clock_us: 0, missing_percent: 0, keeps_handshake: false };

impl Retouch {
    pub(crate) const ALL: [Self; 4] = [
        AS_IT_IS,
        Self { name: "clocks 3 s apart", clock_us: 3_000_000, ..AS_IT_IS },
        Self { name: "5 % of the frames missing", missing_percent: 5, ..AS_IT_IS },
        Self {
            name: "clocks 3 s apart, 5 % of the frames missing",
            clock_us: 3_000_000,
            missing_percent: 5,
            keeps_handshake: false,
        },
    ];

    /// Whether it leaves a capture as it is.
    pub(crate) fn is_nothing(&self) -> bool {
        self.clock_us == 0 && self.missing_percent == 0
    }

    /// Writes the capture of one side anew.
    pub(crate) fn write(&self, from: &Path, to: &Path, is_server: bool) -> Result<()> {
        let mut kept = records(from)?;
        let mut state: u64 = if is_server { 2 } else { 1 };
        kept.retain(|record| {
            // Knuth's MMIX generator; its high bits are good enough to miss frames by.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let is_there = (state >> 33) % 100 >= self.missing_percent;
            is_there || self.keeps_handshake && handshake(record).is_some()
        });
        let ahead_us = if is_server { self.clock_us } else { 0 };
        save(&kept, ahead_us, to).with_context(|| format!("cannot write {}", to.display()))
    }
}

/// The client's port and whether it is the SYN, if it is a SYN or SYN-ACK.
pub(crate) fn handshake(record: &Record) -> Option<(u16, bool)> {
    let segment = Segment::parse(record.bytes.clone()).ok()?;
    let is_syn = segment.is_syn();
    (is_syn || segment.is_syn_ack()).then(|| (segment.endpoint(is_syn).0, is_syn))
}

/// Writes frames as a capture, by a clock that is so much ahead.
pub(crate) fn save(records: &[Record], ahead_us: u64, to: &Path) -> Result<()> {
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4, if cfg!(target_endian = "little") { 0x0004_0002 } else { 0x0002_0004 }, 0, 0] {
        bytes.extend(u32::to_ne_bytes(word));
    }
    bytes.extend(u32::try_from(SNAP_BYTES)?.to_ne_bytes());
    bytes.extend(1_u32.to_ne_bytes()); // LINKTYPE_ETHERNET
    for record in records {
        let time_us = record.time_us + ahead_us;
        let captured = u32::try_from(record.bytes.len())?;
        for word in [
            u32::try_from(time_us / 1_000_000)?,
            u32::try_from(time_us % 1_000_000)?,
            captured,
            record.wire_bytes,
        ] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(&record.bytes);
    }
    Ok(fs::write(to, bytes)?)
}
