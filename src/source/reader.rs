//! Who reads the frames of a saved capture: libpcap wherever it can, and the readers beside this file where
//! libpcap cannot: compressed captures, snoop, standard input, and pcapng with interfaces that differ.

use std::fs::File;
use std::io::Read;

use pcap::{Capture, Offline};

use super::compressed::{self, Taken};
use super::format::{self, Damage, Format};
use super::{Frame, cause, time_us};

/// What libpcap's file record header takes, for the count of bytes read.
const RECORD_HEADER_BYTES: u64 = 16;

/// What libpcap says about a second interface that is not like the first.
const INTERFACES_DIFFER: &str = "different from the";

pub(super) enum Reader {
    Libpcap { capture: Capture<Offline>, link: i32, frames: u64, bytes_read: u64 },
    Stream { input: Box<dyn Read + Send>, format: Format, taken: Taken, frames: u64 },
}

impl Reader {
    /// libpcap for the file at `path`; `None` for what it cannot read at all.
    pub(super) fn libpcap(path: &str) -> Result<Option<Self>, String> {
        let mut magic = [0; 4];
        let is_its_own = File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
            && format::is_libpcap(magic);
        if !is_its_own {
            return Ok(None);
        }
        match Capture::from_file(path) {
            // It would take the first interface's link layer for all, until it meets a frame of another.
            Ok(_) if interfaces_differ(path) => Ok(None),
            Ok(capture) => {
                let link = capture.get_datalink().0;
                Ok(Some(Self::Libpcap { capture, link, frames: 0, bytes_read: 0 }))
            }
            Err(error) if cause(&error).contains(INTERFACES_DIFFER) => Ok(None),
            // libpcap names the file in some of its messages; the user needs it once.
            Err(error) => Err(cause(&error).trim_start_matches(&format!("{path}: ")).to_owned()),
        }
    }

    /// A capture that comes as bytes.
    pub(super) fn stream(mut input: Box<dyn Read + Send>, taken: Taken) -> Result<Self, Damage> {
        let format = Format::open(&mut input)?;
        Ok(Self::Stream { input, format, taken, frames: 0 })
    }

    /// The file at `path` behind its first `frames`.
    pub(super) fn behind(path: &str, frames: u64) -> Result<Self, Damage> {
        let unreadable = |error: std::io::Error| Damage::Unreadable(error.to_string());
        let taken = Taken::default();
        let input = compressed::open(File::open(path).map_err(unreadable)?, &taken).map_err(unreadable)?;
        let mut reader = Self::stream(input, taken)?;
        reader.read(usize::try_from(frames).unwrap_or(usize::MAX), &mut |_| ())?;
        Ok(reader)
    }

    /// The link layers of the interfaces that are described so far.
    pub(super) fn links(&self) -> Vec<i32> {
        match self {
            Self::Libpcap { link, .. } => vec![*link],
            Self::Stream { format, .. } => format.links(),
        }
    }

    /// Hands up to `at_most` frames, numbered from 1, to `take`; `false` at the end. What was handed over before
    /// an error stands.
    pub(super) fn read(&mut self, at_most: usize, take: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Damage> {
        let (capture, link, frames, bytes_read) = match self {
            Self::Libpcap { capture, link, frames, bytes_read } => (capture, *link, frames, bytes_read),
            Self::Stream { input, format, frames, .. } => {
                for _ in 0..at_most {
                    let Some(record) = format.next(input)? else { return Ok(false) };
                    *frames += 1;
                    take(&record.numbered(*frames));
                }
                return Ok(true);
            }
        };
        let read = capture.dispatch(Some(at_most), |packet| {
            *frames += 1;
            *bytes_read += RECORD_HEADER_BYTES + u64::from(packet.header.caplen);
            let time = packet.header.ts;
            // Written once, and only pointed at from here on.
            take(&Frame {
                number: *frames,
                time_us: time_us(time.tv_sec, time.tv_usec),
                link,
                wire_bytes: packet.header.len,
                data: packet.data,
            });
        });
        match read {
            Ok(count) => Ok(count > 0),
            Err(error) => Err(match cause(&error) {
                differ if differ.contains(INTERFACES_DIFFER) => Damage::InterfacesDiffer,
                cause => Damage::Unreadable(cause),
            }),
        }
    }

    /// How many frames were read so far.
    pub(super) fn frames(&self) -> u64 {
        match self {
            Self::Libpcap { frames, .. } | Self::Stream { frames, .. } => *frames,
        }
    }

    /// About how many bytes of input were read.
    pub(super) fn bytes_read(&self) -> u64 {
        match self {
            Self::Libpcap { bytes_read, .. } => *bytes_read,
            Self::Stream { taken, .. } => taken.bytes(),
        }
    }
}

/// Whether the interfaces that a file describes before its first frame have different link layers.
fn interfaces_differ(path: &str) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let links = Format::open(&mut file).map_or_else(|_| Vec::new(), |format| format.links());
    links.iter().any(|link| links.first() != Some(link))
}
