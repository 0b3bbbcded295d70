//! What the capture formats have in common.

use std::io::Read;

use super::bytes::fill;
use super::pcap_file::{self, PcapFile};
use super::pcapng::Pcapng;
use super::snoop::Snoop;
use super::{Error, Frame, TIME_MAX_S};

/// A frame, or anything else that is read at once, is never longer: what claims to be is damaged.
pub(super) const LENGTH_MAX: u32 = 16 << 20;

/// One frame as a file holds it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// libpcap's number of the link layer.
    pub(super) link: i32,
    pub(super) time_us: i64,
    pub(super) wire_bytes: u32,
    pub(super) data: &'a [u8],
}

impl<'a> Record<'a> {
    /// The frame with its position in the capture.
    pub(super) fn numbered(self, number: u64) -> Frame<'a> {
        let Self { link, wire_bytes, data, .. } = self;
        let time_us = self.time_us.clamp(-TIME_MAX_S * 1_000_000, TIME_MAX_S * 1_000_000);
        Frame { number, data, time_us, link, wire_bytes }
    }
}

/// Why a file cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    #[error("the file is empty")]
    Empty,
    #[error("unknown file format")]
    Unknown,
    #[error("the file is truncated in its header")]
    Header,
    #[error("the file is truncated in the middle of a frame")]
    Cut,
    #[error("a length of {0} bytes is impossible")]
    Length(u32),
    #[error("a block contradicts itself")]
    Block,
    #[error("a frame names interface {0}, which is not described")]
    Interface(u32),
    #[error("the file describes no interface")]
    NoInterface,
    #[error("the interfaces of the file differ")]
    InterfacesDiffer,
    #[error("{0}")]
    Unreadable(String),
}

impl Damage {
    /// The error for the user: the capture ends here.
    pub(super) fn in_capture(self, path: &str) -> Error {
        Error::Incomplete { path: path.to_owned(), cause: self.to_string() }
    }
}

/// A file of one of the formats.
#[derive(Debug)]
pub(super) enum Format {
    Pcap(PcapFile),
    Pcapng(Box<Pcapng>),
    Snoop(Snoop),
}

impl Format {
    /// Reads up to the first frame.
    pub(super) fn open(input: &mut dyn Read) -> Result<Self, Damage> {
        let mut magic = Vec::new();
        if fill(input, &mut magic, 4)? == 0 {
            return Err(Damage::Empty);
        }
        let magic = *magic.first_chunk::<4>().ok_or(Damage::Unknown)?;
        if let Some(variant) = pcap_file::variant(magic) {
            return Ok(Self::Pcap(PcapFile::open(variant, input)?));
        }
        match &magic {
            b"\x0a\x0d\x0d\x0a" => Ok(Self::Pcapng(Box::new(Pcapng::open(input)?))),
            b"snoo" => Ok(Self::Snoop(Snoop::open(input)?)),
            _ => Err(Damage::Unknown),
        }
    }

    /// The link layers of the interfaces that are described so far.
    pub(super) fn links(&self) -> Vec<i32> {
        match self {
            Self::Pcap(file) => vec![file.link],
            Self::Pcapng(file) => file.links(),
            Self::Snoop(file) => vec![file.link],
        }
    }

    /// The next frame, `None` at the end.
    pub(super) fn next(&mut self, input: &mut dyn Read) -> Result<Option<Record<'_>>, Damage> {
        match self {
            Self::Pcap(file) => file.next(input),
            Self::Pcapng(file) => file.next(input),
            Self::Snoop(file) => file.next(input),
        }
    }
}

/// Whether libpcap reads files that begin with `head`.
pub(super) fn is_libpcap(head: [u8; 4]) -> bool {
    pcap_file::variant(head).is_some() || head == *b"\x0a\x0d\x0d\x0a"
}

/// Whether a file that begins with `head` may be a capture.
pub(super) fn is_capture(head: [u8; 4]) -> bool {
    pcap_file::variant(head).is_some() || [*b"\x0a\x0d\x0d\x0a", *b"snoo"].contains(&head)
}

/// From the number in a file (a `LINKTYPE_` value) to libpcap's own, which differs for the oldest ones. The
/// upper bits say how long the frame check sequence is.
pub(super) fn data_link(link: u32) -> i32 {
    match link & 0x03ff_ffff {
        100 => 11,
        101 => 12,
        102 => 15,
        103 => 16,
        106 => 19,
        same => same.cast_signed(),
    }
}

/// A number of units, of which there are `per_second`, in microseconds.
pub(super) fn to_microseconds(units: u64, per_second: u64) -> i64 {
    let microseconds = match per_second {
        1_000_000 => u128::from(units),
        1_000_000_000 => u128::from(units / 1_000),
        per_second => u128::from(units) * 1_000_000 / u128::from(per_second.max(1)),
    };
    i64::try_from(microseconds).unwrap_or(i64::MAX)
}
