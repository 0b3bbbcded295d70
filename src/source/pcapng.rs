//! The pcapng format (draft-ietf-opsawg-pcapng): blocks, of which some describe interfaces and some hold
//! frames. Every interface has its own link layer and its own unit of time.
//!
//! libpcap refuses files whose interfaces differ in link layer or snap length, and Wireshark writes such files
//! whenever it captures on two interfaces. The crates for the format do not read the obsolete packet block of
//! older Wiresharks, or give up on a whole file for one bad option.

use std::io::Read;

use super::bytes::{Fields, Order, fill};
use super::format::{Damage, LENGTH_MAX, Record, data_link, to_microseconds};

const SECTION_HEADER: [u8; 4] = *b"\x0a\x0d\x0d\x0a";
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// A block's type, its length, and its length again behind it.
const FRAMING_BYTES: u32 = 12;

/// Interfaces that one section may describe.
const INTERFACES_MAX: usize = 1 << 16;

/// One interface of the current section.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: i32,
    snap_bytes: u32,
    per_second: u64,
    offset_us: i64,
}

/// A pcapng file.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// The type and the body of the block that was read last.
    kind: u32,
    body: Vec<u8>,
    /// What was found when the file was opened: whether that block is a frame.
    found: Option<Result<bool, Damage>>,
}

impl Pcapng {
    /// Reads up to the first frame, behind the type of the first section header.
    pub(super) fn open(input: &mut dyn Read) -> Result<Self, Damage> {
        let mut file =
            Self { order: Order::Little, interfaces: Vec::new(), kind: 0, body: Vec::new(), found: None };
        file.section(input).map_err(|damage| if damage == Damage::Cut { Damage::Header } else { damage })?;
        let found = file.advance(input);
        if file.interfaces.is_empty() {
            return Err(found.err().unwrap_or(Damage::NoInterface));
        }
        // Damage behind the description of an interface is told when it is reached: when the file is read.
        file.found = Some(found);
        Ok(file)
    }

    pub(super) fn links(&self) -> Vec<i32> {
        self.interfaces.iter().map(|interface| interface.link).collect()
    }

    /// The next frame, `None` at the end.
    pub(super) fn next(&mut self, input: &mut dyn Read) -> Result<Option<Record<'_>>, Damage> {
        let found = self.found.take().unwrap_or_else(|| self.advance(input));
        if found? { self.record().map(Some) } else { Ok(None) }
    }

    /// Reads blocks up to one that holds a frame; `false` at the end.
    fn advance(&mut self, input: &mut dyn Read) -> Result<bool, Damage> {
        loop {
            match fill(input, &mut self.body, 4)? {
                0 => return Ok(false),
                4 => {}
                _ => return Err(Damage::Cut),
            }
            let kind = *self.body.first_chunk().ok_or(Damage::Cut)?;
            if kind == SECTION_HEADER {
                self.section(input)?;
                continue;
            }
            self.kind = self.order.u32(kind);
            fill(input, &mut self.body, 4)?;
            let length = self.order.u32(*self.body.first_chunk().ok_or(Damage::Cut)?);
            self.block(length, input)?;
            match self.kind {
                INTERFACE_DESCRIPTION => self.interface()?,
                PACKET | SIMPLE_PACKET | ENHANCED_PACKET => return Ok(true),
                _ => {}
            }
        }
    }

    /// A section header: its magic number tells the byte order, also that of the length before it.
    fn section(&mut self, input: &mut dyn Read) -> Result<(), Damage> {
        fill(input, &mut self.body, 8)?;
        let (length, magic) = self.body.split_first_chunk().ok_or(Damage::Cut)?;
        self.order = match magic {
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            [_, _, _, _] => return Err(Damage::Block),
            _ => return Err(Damage::Cut),
        };
        let length = self.order.u32(*length);
        self.interfaces.clear();
        self.block(length.checked_sub(4).ok_or(Damage::Length(length))?, input)
    }

    /// The rest of a block of `length` bytes, behind its type and length.
    fn block(&mut self, length: u32, input: &mut dyn Read) -> Result<(), Damage> {
        let body = length.checked_sub(FRAMING_BYTES).ok_or(Damage::Length(length))?;
        // Blocks are padded to four bytes; a length that is not was written by someone who forgot to count it.
        let body = body.next_multiple_of(4);
        if body > LENGTH_MAX {
            return Err(Damage::Length(length));
        }
        let whole = body as usize + 4;
        if fill(input, &mut self.body, whole)? < whole {
            return Err(Damage::Cut);
        }
        self.body.truncate(body as usize);
        Ok(())
    }

    fn interface(&mut self) -> Result<(), Damage> {
        let mut fields = Fields { order: self.order, rest: &self.body };
        let mut fixed = || Some((fields.u16()?, fields.u16()?, fields.u32()?));
        let (link, _reserved, snap_bytes) = fixed().ok_or(Damage::Block)?;
        let mut interface =
            Interface { link: data_link(u32::from(link)), snap_bytes, per_second: 1_000_000, offset_us: 0 };
        interface.take_options(fields);
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(Damage::Block);
        }
        self.interfaces.push(interface);
        Ok(())
    }

    fn record(&self) -> Result<Record<'_>, Damage> {
        let mut fields = Fields { order: self.order, rest: &self.body };
        let first = self.interfaces.first();
        if self.kind == SIMPLE_PACKET {
            // The frame is as long as it was on the wire or as the snap length allows; it has no time.
            let wire_bytes = fields.u32().ok_or(Damage::Block)?;
            let interface = first.ok_or(Damage::Interface(0))?;
            let limit = if interface.snap_bytes == 0 { u32::MAX } else { interface.snap_bytes };
            let data = fields.bytes(wire_bytes.min(limit) as usize).ok_or(Damage::Block)?;
            return Ok(Record { link: interface.link, time_us: 0, wire_bytes, data });
        }
        let mut header = || {
            let interface = if self.kind == PACKET {
                let (interface, _drops) = (fields.u16()?, fields.u16()?);
                u32::from(interface)
            } else {
                fields.u32()?
            };
            Some((interface, fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?))
        };
        let (number, high, low, captured, wire_bytes) = header().ok_or(Damage::Block)?;
        let interface = self.interfaces.get(number as usize).ok_or(Damage::Interface(number))?;
        let data = fields.bytes(captured as usize).ok_or(Damage::Block)?;
        let units = u64::from(high) << 32 | u64::from(low);
        let time_us = to_microseconds(units, interface.per_second).saturating_add(interface.offset_us);
        Ok(Record { link: interface.link, time_us, wire_bytes, data })
    }
}

impl Interface {
    /// Takes the options that concern time. What is damaged is left out: it is no reason to lose the frames.
    fn take_options(&mut self, mut fields: Fields<'_>) {
        const END: u16 = 0;
        const RESOLUTION: u16 = 9;
        const OFFSET_SECONDS: u16 = 14;
        while let (Some(code), Some(length)) = (fields.u16(), fields.u16()) {
            let Some(value) = fields.bytes(usize::from(length).next_multiple_of(4)) else { return };
            match (code, value) {
                (END, _) => return,
                (RESOLUTION, &[exponent, ..]) => {
                    let (base, exponent) =
                        if exponent & 0x80 == 0 { (10_u64, exponent) } else { (2, exponent & 0x7f) };
                    self.per_second = base.checked_pow(u32::from(exponent)).unwrap_or(u64::MAX);
                }
                (OFFSET_SECONDS, value) => {
                    let seconds = Fields { order: fields.order, rest: value }.u64();
                    self.offset_us =
                        seconds.map_or(0, |offset| offset.cast_signed().saturating_mul(1_000_000));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(order: Order, number: u32) -> [u8; 4] {
        match order {
            Order::Big => number.to_be_bytes(),
            Order::Little => number.to_le_bytes(),
        }
    }

    fn block(order: Order, kind: u32, fields: &[u32], data: &[u8]) -> Vec<u8> {
        let mut body: Vec<u8> = fields.iter().flat_map(|&field| number(order, field)).collect();
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        let length = number(order, u32::try_from(body.len()).unwrap() + FRAMING_BYTES);
        [&number(order, kind)[..], &length, &body, &length].concat()
    }

    fn section(order: Order) -> Vec<u8> {
        block(order, 0x0a0d_0d0a, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], &[])
    }

    /// An interface; the link type and the reserved field are one number here.
    fn interface(order: Order, link: u32, options: &[u8]) -> Vec<u8> {
        let link = if order == Order::Big { link << 16 } else { link };
        block(order, INTERFACE_DESCRIPTION, &[link, 65535], options)
    }

    fn read(bytes: &[u8]) -> Result<Vec<(i32, i64, u32, usize)>, Damage> {
        let mut rest = bytes.strip_prefix(&SECTION_HEADER).unwrap();
        let mut file = Pcapng::open(&mut rest)?;
        let mut records = Vec::new();
        while let Some(record) = file.next(&mut rest)? {
            records.push((record.link, record.time_us, record.wire_bytes, record.data.len()));
        }
        Ok(records)
    }

    #[test]
    fn interfaces_differ_in_link_layer_and_resolution() {
        use Order::Little;
        let nanoseconds = [9, 0, 1, 0, 9, 0, 0, 0];
        let binary_and_offset = [9, 0, 1, 0, 0x8a, 0, 0, 0, 14, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let file = [
            section(Little),
            interface(Little, 1, &[]),
            interface(Little, 101, &nanoseconds),
            block(Little, ENHANCED_PACKET, &[1, 0, 7_000, 3, 60], &[1, 2, 3]),
            interface(Little, 113, &binary_and_offset),
            block(Little, 4, &[0], &[]),
            block(Little, ENHANCED_PACKET, &[0, 1, 0, 2, 61], &[1, 2]),
            block(Little, ENHANCED_PACKET, &[2, 0, 2560, 1, 62], &[1]),
        ];
        let expected = [(12, 7, 60, 3), (1, 1 << 32, 61, 2), (113, 4_500_000, 62, 1)];
        assert_eq!(read(&file.concat()).unwrap(), expected);
    }

    #[test]
    fn sections_may_change_the_byte_order() {
        let mut file = Vec::new();
        for order in [Order::Big, Order::Little] {
            file.extend([section(order), interface(order, 1, &[])].concat());
            file.extend(block(order, ENHANCED_PACKET, &[0, 0, 9, 1, 60], &[1]));
        }
        assert_eq!(read(&file).unwrap(), [(1, 9, 60, 1); 2]);
    }

    #[test]
    fn simple_and_obsolete_frames_are_read() {
        use Order::Big;
        let file = [
            section(Big),
            interface(Big, 1, &[]),
            block(Big, SIMPLE_PACKET, &[5], &[1, 2, 3, 4, 5]),
            block(Big, PACKET, &[7, 0, 9, 2, 60], &[1, 2]),
        ];
        assert_eq!(read(&file.concat()).unwrap(), [(1, 0, 5, 5), (1, 9, 60, 2)]);
    }

    #[test]
    fn damage_is_told() {
        use Order::Little;
        let head = [section(Little), interface(Little, 1, &[])].concat();
        let packet = |fields: &[u32]| [head.clone(), block(Little, ENHANCED_PACKET, fields, &[])].concat();
        assert_eq!(read(&packet(&[3, 0, 0, 0, 0])).unwrap_err(), Damage::Interface(3));
        assert_eq!(read(&packet(&[0, 0, 0, 900, 900])).unwrap_err(), Damage::Block);
        assert_eq!(read(&packet(&[0, 0])).unwrap_err(), Damage::Block);
        let impossible = [&head[..], &[6, 0, 0, 0, 8, 0, 0, 0]].concat();
        assert_eq!(read(&impossible).unwrap_err(), Damage::Length(8));
        assert_eq!(read(&section(Little)).unwrap_err(), Damage::NoInterface);
        let whole = packet(&[0, 0, 0, 0, 60]);
        for end in head.len() + 1..whole.len() {
            assert_eq!(read(&whole[..end]).unwrap_err(), Damage::Cut, "{end}");
        }
    }
}
