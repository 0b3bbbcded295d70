//! One capture file, or standard input, through libpcap: pcap and pcapng, micro- and nanoseconds, both byte
//! orders.

use pcap::{BpfProgram, Capture, Offline};

use super::{Error, Frame, LinkType, Source, cause};

/// What libpcap's file record header takes, for the count of bytes read.
const RECORD_HEADER_BYTES: u64 = 16;

/// A saved capture that is being read.
pub struct CaptureFile {
    path: String,
    capture: Capture<Offline>,
    filter: Option<BpfProgram>,
    link_type: LinkType,
    frames: u64,
    bytes_read: u64,
    ended: bool,
}

impl CaptureFile {
    /// Opens `path`, `-` for standard input. Frames that `filter` (tcpdump's syntax) does not match are
    /// numbered but not returned.
    pub fn open(path: &str, filter: Option<&str>) -> Result<Self, Error> {
        let open_error = |cause: String| {
            // libpcap names the file in some of its messages; the user needs it once.
            let cause = cause.strip_prefix(&format!("{path}: ")).unwrap_or(&cause).to_owned();
            Error::Open { path: path.to_owned(), cause }
        };
        let capture = Capture::from_file(path).map_err(|error| open_error(cause(&error)))?;
        let number = capture.get_datalink();
        let link_type =
            LinkType { number: number.0, name: number.get_name().unwrap_or_else(|_| number.0.to_string()) };
        let filter = filter
            .map(|expression| {
                capture.compile(expression, true).map_err(|error| Error::Filter {
                    expression: expression.to_owned(),
                    cause: cause(&error),
                })
            })
            .transpose()?;
        Ok(Self { path: path.to_owned(), capture, filter, link_type, frames: 0, bytes_read: 0, ended: false })
    }
}

impl Source for CaptureFile {
    fn link_type(&self) -> &LinkType {
        &self.link_type
    }

    fn read_frame(&mut self, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let packet = match self.capture.next_packet() {
            Ok(packet) => packet,
            Err(pcap::Error::NoMorePackets) => {
                self.ended = true;
                return Ok(false);
            }
            // libpcap says this once and then reports the end of the file for ever: it must not get lost, or
            // half of the capture would be missing without a word.
            Err(error) => {
                self.ended = true;
                return Err(Error::Incomplete { path: self.path.clone(), cause: cause(&error) });
            }
        };
        self.frames += 1;
        self.bytes_read += RECORD_HEADER_BYTES + u64::from(packet.header.caplen);
        if self.filter.as_ref().is_none_or(|program| program.filter(packet.data)) {
            let time = packet.header.ts;
            sink(&Frame {
                number: self.frames,
                time_us: time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_usec),
                wire_bytes: packet.header.len,
                data: packet.data,
            });
        }
        Ok(true)
    }

    fn frames(&self) -> u64 {
        self.frames
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read
    }
}
