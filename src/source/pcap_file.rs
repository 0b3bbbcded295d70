//! The pcap format (draft-ietf-opsawg-pcap): a header, then records.

use std::io::{self, Read};

use super::bytes::{Fields, Order, fill};
use super::format::{Damage, LENGTH_MAX, Record, data_link, to_microseconds};

/// What a magic number says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    order: Order,
    per_second: u64,
    record_header_bytes: usize,
}

/// The magic numbers, as they stand in the file: micro- or nanoseconds, and Alexey Kuznetzov's larger record
/// headers.
pub(super) fn variant(magic: [u8; 4]) -> Option<Variant> {
    [Order::Big, Order::Little].into_iter().find_map(|order| {
        let (per_second, record_header_bytes) = match order.u32(magic) {
            0xa1b2_c3d4 => (1_000_000, 16),
            0xa1b2_3c4d => (1_000_000_000, 16),
            0xa1b2_cd34 => (1_000_000, 24),
            _ => return None,
        };
        Some(Variant { order, per_second, record_header_bytes })
    })
}

/// A pcap file behind its header.
#[derive(Debug)]
pub(super) struct PcapFile {
    variant: Variant,
    minor_version: u16,
    pub(super) link: i32,
    buffer: Vec<u8>,
}

impl PcapFile {
    /// Reads the header behind the magic number.
    pub(super) fn open(variant: Variant, input: &mut dyn Read) -> Result<Self, Damage> {
        let mut buffer = Vec::new();
        fill(input, &mut buffer, 20)?;
        let mut fields = Fields { order: variant.order, rest: &buffer };
        let mut header = || {
            let (_major, minor) = (fields.u16()?, fields.u16()?);
            let (_zone, _accuracy, _snap, link) =
                (fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?);
            Some((minor, link))
        };
        let (minor_version, link) = header().ok_or(Damage::Header)?;
        Ok(Self { variant, minor_version, link: data_link(link), buffer })
    }

    /// The next record, `None` at the end.
    pub(super) fn next(&mut self, input: &mut dyn Read) -> Result<Option<Record<'_>>, Damage> {
        let header_bytes = self.variant.record_header_bytes;
        match fill(input, &mut self.buffer, header_bytes)? {
            0 => return Ok(None),
            bytes if bytes < header_bytes => return Err(Damage::Cut),
            _ => {}
        }
        let mut fields = Fields { order: self.variant.order, rest: &self.buffer };
        let mut header = || Some((fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?));
        let (seconds, fraction, mut captured, mut wire_bytes) = header().ok_or(Damage::Cut)?;
        // Version 2.3 came with both orders of the two lengths, the versions before it with the other one.
        if self.minor_version < 3 || self.minor_version == 3 && captured > wire_bytes {
            (captured, wire_bytes) = (wire_bytes, captured);
        }
        if captured > LENGTH_MAX {
            return Err(Damage::Length(captured));
        }
        let captured = captured as usize;
        if fill(input, &mut self.buffer, captured)? < captured {
            return Err(Damage::Cut);
        }
        let fraction = to_microseconds(u64::from(fraction), self.variant.per_second);
        let time_us = i64::from(seconds) * 1_000_000 + fraction;
        Ok(Some(Record { link: self.link, time_us, wire_bytes, data: &self.buffer }))
    }
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one frame of four bytes, captured of 60 on the wire.
    fn file(magic: u32, order: Order, minor: u16, lengths: [u32; 2], padding: usize) -> Vec<u8> {
        let u32s = |numbers: &[u32]| -> Vec<u8> {
            numbers
                .iter()
                .flat_map(|number| match order {
                    Order::Big => number.to_be_bytes(),
                    Order::Little => number.to_le_bytes(),
                })
                .collect()
        };
        let version = match order {
            Order::Big => u32::from(minor) | 2 << 16,
            Order::Little => u32::from(minor) << 16 | 2,
        };
        let header = u32s(&[magic, version, 0, 0, 65535, 0x1400_0065]);
        let record = u32s(&[1_700_000_000, 5_000, lengths[0], lengths[1]]);
        [header, record, vec![0; padding], vec![1, 2, 3, 4]].concat()
    }

    fn read(bytes: &[u8]) -> Result<(i64, u32, Vec<u8>, i32), Damage> {
        let (magic, mut rest) = bytes.split_first_chunk().unwrap();
        let mut file = PcapFile::open(variant(*magic).unwrap(), &mut rest)?;
        let record = file.next(&mut rest)?.unwrap();
        let read = (record.time_us, record.wire_bytes, record.data.to_vec(), record.link);
        assert!(file.next(&mut rest)?.is_none());
        Ok(read)
    }

    #[test]
    fn every_magic_number_is_read_in_both_orders() {
        for order in [Order::Big, Order::Little] {
            for (magic, time_us, padding) in
                [(0xa1b2_c3d4, 5_000, 0), (0xa1b2_3c4d, 5, 0), (0xa1b2_cd34, 5_000, 8)]
            {
                let read = read(&file(magic, order, 4, [4, 60], padding)).unwrap();
                assert_eq!(read, (1_700_000_000_000_000 + time_us, 60, vec![1, 2, 3, 4], 12));
            }
        }
        assert!(variant(*b"text").is_none());
    }

    #[test]
    fn old_versions_swap_the_lengths() {
        for (minor, lengths) in [(2, [60, 4]), (3, [60, 4]), (3, [4, 60])] {
            assert_eq!(read(&file(0xa1b2_c3d4, Order::Big, minor, lengths, 0)).unwrap().1, 60);
        }
    }

    #[test]
    fn a_file_that_ends_in_a_record_is_cut() {
        let whole = file(0xa1b2_c3d4, Order::Little, 4, [4, 60], 0);
        for end in 25..whole.len() {
            assert_eq!(read(&whole[..end]).unwrap_err(), Damage::Cut, "{end}");
        }
        assert_eq!(read(&whole[..20]).unwrap_err(), Damage::Header);
    }

    #[test]
    fn an_impossible_length_ends_the_file() {
        let lengths = [u32::MAX, 60];
        let damage = read(&file(0xa1b2_c3d4, Order::Little, 4, lengths, 0)).unwrap_err();
        assert_eq!(damage, Damage::Length(u32::MAX));
    }
}
