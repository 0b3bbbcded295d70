//! Where frames come from: saved captures, interfaces and pipes.
//!
//! This stage owns the `pcap` crate and the decompressors. It numbers frames the way Wireshark does (from 1,
//! every frame of the capture, also those that a filter hides), so that every number in a report can be opened
//! there.

mod bytes;
mod compressed;
mod file;
mod filter;
mod format;
mod interfaces;
mod join;
mod kernel;
mod libpcap;
mod live;
mod paths;
mod pcap_file;
mod pcapng;
mod pipe;
mod reader;
mod save;
mod snoop;

pub use file::CaptureFile;
pub use filter::Filter;
pub use interfaces::{InterfaceInfo, interfaces};
pub use join::Joined;
pub use kernel::{KernelAnswer, KernelConnection, KernelConnections};
pub use libpcap::libpcap;
pub use live::{Arriving, Batch, Interface, Lost, Settings};
pub(crate) use paths::plain;
pub use paths::{Input, expand, is_capture};
pub use pipe::Pipe;
pub use save::SaveFile;

/// One captured frame. The number and the time lie apart: side by side they would be loaded as one, right after they
/// were stored as two, and a core waits for that until all its stores are done.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame<'a> {
    /// Position in the capture, from 1: Wireshark's `frame.number`.
    pub number: u64,
    /// The bytes that were captured.
    pub data: &'a [u8],
    /// When it was captured, in microseconds since 1970 by the capture's clock.
    pub time_us: i64,
    /// libpcap's number of the link layer that it begins with: captures of several interfaces have several.
    pub link: i32,
    /// Length on the wire; the capture may hold less.
    pub wire_bytes: u32,
}

/// The link layer of a capture, as libpcap numbers it (a `DLT_` value).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkType {
    /// libpcap's number.
    pub number: i32,
    /// libpcap's name, `EN10MB` for Ethernet; the number where it has none.
    pub name: String,
}

impl LinkType {
    /// The link layer with libpcap's number.
    pub fn new(number: i32) -> Self {
        let name = pcap::Linktype(number).get_name().unwrap_or_else(|_| number.to_string());
        Self { number, name }
    }
}

/// Why a capture could not be opened, or not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The capture could not be opened at all.
    #[error("cannot open '{path}': {cause}")]
    Open {
        /// The capture as the user named it.
        path: String,
        /// What libpcap or the system said.
        cause: String,
    },
    /// A directory that holds no capture.
    #[error("no capture in directory '{path}'")]
    NoCapture {
        /// The directory.
        path: String,
    },
    /// The capture ends in the middle of a frame, or is damaged.
    #[error("'{path}' is incomplete: {cause}")]
    Incomplete {
        /// The capture as the user named it.
        path: String,
        /// What libpcap said.
        cause: String,
    },
    /// This process may not capture.
    #[error("cannot capture on '{interface}': permission denied")]
    Permission {
        /// The interface.
        interface: String,
    },
    /// The interface cannot be opened.
    #[error("cannot capture on '{interface}': {cause}")]
    Interface {
        /// The interface.
        interface: String,
        /// What libpcap said.
        cause: String,
    },
    /// The capture ended by itself.
    #[error("the capture on '{interface}' ended: {cause}")]
    Vanished {
        /// The interface.
        interface: String,
        /// What libpcap said.
        cause: String,
    },
    /// The filter expression does not compile for any link layer of the capture.
    #[error("cannot compile the filter '{expression}': {cause}")]
    Filter {
        /// The expression.
        expression: String,
        /// What libpcap said.
        cause: String,
    },
}

impl Error {
    /// What libpcap or the system said, without the name of the file.
    pub fn cause(&self) -> &str {
        match self {
            Self::Open { cause, .. }
            | Self::Incomplete { cause, .. }
            | Self::Filter { cause, .. }
            | Self::Interface { cause, .. }
            | Self::Vanished { cause, .. } => cause,
            Self::Permission { .. } => "permission denied",
            Self::NoCapture { .. } => "no capture in the directory",
        }
    }
}

/// Times are kept within so many seconds of 1970, 272 years: a capture may claim any time, and the differences of
/// two, and small multiples of them, must not overflow. In microseconds that is below 2^53, up to which every
/// reader of JSON takes a number exactly.
const TIME_MAX_S: i64 = 1 << 33;

/// A time as libpcap tells it, in microseconds. Bounded before it is multiplied: that needs no care for overflow.
fn time_us(seconds: i64, microseconds: i64) -> i64 {
    seconds.clamp(-TIME_MAX_S, TIME_MAX_S) * 1_000_000 + microseconds
}

/// Frames between two calls for progress.
const FRAMES_PER_PROGRESS: usize = 4096;

/// A stream of frames.
pub trait Source {
    /// The link layer of the frames; of the first interface, where there are several.
    fn link_type(&self) -> &LinkType;

    /// The link layers of all interfaces that are known so far.
    fn link_types(&self) -> &[LinkType] {
        std::slice::from_ref(self.link_type())
    }

    /// Reads frames, `at_most` of them and never more, and hands them to `sink`, but for those that the filter
    /// hides. `false` at the end; after an error the source is at its end.
    fn read(&mut self, at_most: usize, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error>;

    /// The same with one frame.
    fn read_frame(&mut self, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        self.read(1, sink)
    }

    /// Reads to the end and hands every frame to `sink`. `progress` is called now and then with the bytes read.
    fn read_all(
        &mut self,
        sink: &mut dyn FnMut(&Frame<'_>),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        while self.read(FRAMES_PER_PROGRESS, sink)? {
            progress(self.bytes_read());
        }
        Ok(())
    }

    /// How many frames were read so far, hidden ones included.
    fn frames(&self) -> u64;

    /// About how many bytes of input were read so far, for progress.
    fn bytes_read(&self) -> u64;
}

/// libpcap's message without the crate's prefix.
fn cause(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(message) => message.clone(),
        other => other.to_string(),
    }
}
