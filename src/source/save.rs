//! A pcap file that is written while it is captured. Only whole records are handed to the system, so that the
//! file can be read at any time, also after the process was killed.

use std::fs::File;
use std::io::{self, Write};

use super::{Frame, LinkType};

/// Records are collected up to here.
const PENDING_BYTES: usize = 256 << 10;

/// A pcap file that grows.
#[derive(Debug)]
pub struct SaveFile {
    file: File,
    link: i32,
    pending: Vec<u8>,
}

impl SaveFile {
    /// Begins a capture of `link_type` in `file`.
    pub fn begin(mut file: File, link_type: &LinkType, snap_bytes: u32) -> io::Result<Self> {
        let mut header = Vec::with_capacity(24);
        // Magic for microseconds, version 2.4, then eight bytes that are always zero.
        header.extend(0xa1b2_c3d4_u32.to_ne_bytes());
        header.extend([2_u16.to_ne_bytes(), 4_u16.to_ne_bytes()].as_flattened());
        header.extend([0; 8]);
        header.extend(snap_bytes.to_ne_bytes());
        header.extend(in_files(link_type.number).to_ne_bytes());
        file.write_all(&header)?;
        Ok(Self { file, link: link_type.number, pending: Vec::new() })
    }

    /// Adds one frame; [`SaveFile::flush`] hands it to the system.
    pub fn note(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if frame.link != self.link {
            let cause = "the input has several link types, a pcap file has only one";
            return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
        }
        let seconds = frame.time_us.div_euclid(1_000_000);
        let microseconds = frame.time_us.rem_euclid(1_000_000);
        let fields = [
            u32::try_from(seconds).unwrap_or(0),
            u32::try_from(microseconds).unwrap_or(0),
            u32::try_from(frame.data.len()).unwrap_or(u32::MAX),
            frame.wire_bytes,
        ];
        self.pending.extend(fields.map(u32::to_ne_bytes).as_flattened());
        self.pending.extend_from_slice(frame.data);
        if self.pending.len() >= PENDING_BYTES { self.flush() } else { Ok(()) }
    }

    /// Hands over what was collected.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let outcome = self.file.write_all(&self.pending);
        self.pending.clear();
        outcome
    }
}

/// Files have their own numbers for the link types whose `DLT_` numbers differ between systems.
fn in_files(number: i32) -> i32 {
    const LINKTYPE_RAW: i32 = 101;
    match number {
        12 | 14 => LINKTYPE_RAW,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{CaptureFile, Source};

    #[test]
    fn what_was_saved_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("saved.pcap");
        let link_type = LinkType { number: 1, name: "EN10MB".to_owned() };
        let mut saved = SaveFile::begin(File::create(&path).unwrap(), &link_type, 128).unwrap();
        let frame =
            Frame { number: 1, time_us: 1_700_000_000_123_456, link: 1, wire_bytes: 1514, data: &[7; 60] };
        saved.note(&frame).unwrap();
        saved.note(&Frame { number: 2, data: &[8; 61], ..frame }).unwrap();
        saved.flush().unwrap();
        let mut file = CaptureFile::open(path.to_str().unwrap(), None).unwrap();
        assert_eq!(file.link_type(), &link_type);
        let mut read = Vec::new();
        while file
            .read_frame(&mut |frame| read.push((frame.time_us, frame.wire_bytes, frame.data.to_vec())))
            .unwrap()
        {}
        assert_eq!(read, [(frame.time_us, 1514, vec![7; 60]), (frame.time_us, 1514, vec![8; 61])]);
    }
}
