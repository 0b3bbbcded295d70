//! Solaris' snoop format (RFC 1761). libpcap does not read it.

use std::io::Read;

use super::bytes::{Fields, Order, fill};
use super::format::{Damage, LENGTH_MAX, Record};

const RECORD_HEADER_BYTES: usize = 24;

/// A snoop file behind its header.
#[derive(Debug)]
pub(super) struct Snoop {
    pub(super) link: i32,
    buffer: Vec<u8>,
}

impl Snoop {
    /// Reads the header behind the first four bytes.
    pub(super) fn open(input: &mut dyn Read) -> Result<Self, Damage> {
        let mut buffer = Vec::new();
        fill(input, &mut buffer, 12)?;
        let mut fields = Fields { order: Order::Big, rest: &buffer };
        if fields.bytes(4) != Some(b"p\0\0\0") {
            return Err(Damage::Unknown);
        }
        let mut header = || Some((fields.u32()?, fields.u32()?));
        // RFC 1761 numbers link layers in its own way; 8 is FDDI, 4 is Ethernet.
        match header().ok_or(Damage::Header)? {
            (2, 4) => Ok(Self { link: 1, buffer }),
            (2, 8) => Ok(Self { link: 10, buffer }),
            _ => Err(Damage::Unknown),
        }
    }

    /// The next record, `None` at the end. It is padded to the length that it says.
    pub(super) fn next(&mut self, input: &mut dyn Read) -> Result<Option<Record<'_>>, Damage> {
        match fill(input, &mut self.buffer, RECORD_HEADER_BYTES)? {
            0 => return Ok(None),
            bytes if bytes < RECORD_HEADER_BYTES => return Err(Damage::Cut),
            _ => {}
        }
        let mut fields = Fields { order: Order::Big, rest: &self.buffer };
        let mut lengths = || Some((fields.u32()?, fields.u32()?, fields.u32()?));
        let (wire_bytes, captured, record_bytes) = lengths().ok_or(Damage::Cut)?;
        let mut time = || Some((fields.u32()?, fields.u32()?, fields.u32()?));
        let (_drops, seconds, microseconds) = time().ok_or(Damage::Cut)?;
        let (captured, record_bytes_usize) = (captured as usize, record_bytes as usize);
        let padded = record_bytes_usize.checked_sub(RECORD_HEADER_BYTES).ok_or(Damage::Block)?;
        if record_bytes > LENGTH_MAX {
            return Err(Damage::Length(record_bytes));
        }
        if fill(input, &mut self.buffer, padded)? < padded {
            return Err(Damage::Cut);
        }
        let data = self.buffer.get(..captured).ok_or(Damage::Block)?;
        let time_us = i64::from(seconds) * 1_000_000 + i64::from(microseconds);
        Ok(Some(Record { link: self.link, time_us, wire_bytes, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lengths: [u32; 3], data: &[u8]) -> Vec<u8> {
        let numbers = [2, 4, lengths[0], lengths[1], lengths[2], 0, 9, 5];
        let numbers: Vec<u8> = numbers.iter().flat_map(|number: &u32| number.to_be_bytes()).collect();
        [b"p\0\0\0", &numbers[..], data].concat()
    }

    fn read(bytes: &[u8]) -> Result<(i64, u32, Vec<u8>), Damage> {
        let mut rest = bytes;
        let mut file = Snoop::open(&mut rest)?;
        let record = file.next(&mut rest)?.unwrap();
        let read = (record.time_us, record.wire_bytes, record.data.to_vec());
        assert!(file.next(&mut rest)?.is_none());
        Ok(read)
    }

    #[test]
    fn padding_is_passed() {
        let expected = (9_000_005, 60, vec![1, 2, 3]);
        assert_eq!(read(&file([60, 3, 28], &[1, 2, 3, 0])).unwrap(), expected);
    }

    #[test]
    fn damage_is_told() {
        assert_eq!(read(&file([60, 3, 28], &[1, 2, 3])).unwrap_err(), Damage::Cut);
        assert_eq!(read(&file([60, 9, 28], &[1, 2, 3, 0])).unwrap_err(), Damage::Block);
        assert_eq!(read(&file([60, 3, 20], &[])).unwrap_err(), Damage::Block);
        assert_eq!(read(b"p\0\0\0\0\0\0\x02\0\0").unwrap_err(), Damage::Header);
        assert_eq!(read(b"ping the snoop").unwrap_err(), Damage::Unknown);
    }
}
