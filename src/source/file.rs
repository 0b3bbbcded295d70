//! One capture file, or standard input.

use std::fs::File;
use std::io::{self, Read};

use super::compressed::{self, Taken};
use super::filter::Filter;
use super::format::Damage;
use super::reader::Reader;
use super::{Error, Frame, LinkType, Source, paths};

/// A saved capture that is being read.
pub struct CaptureFile {
    path: String,
    reader: Reader,
    filter: Option<Filter>,
    link_types: Vec<LinkType>,
    link_type: LinkType,
    ended: bool,
}

impl CaptureFile {
    /// Opens `path`, `-` for standard input. Frames that `filter` (tcpdump's syntax) does not match are
    /// numbered but not returned.
    pub fn open(path: &str, filter: Option<&str>) -> Result<Self, Error> {
        if path == "-" {
            return Self::read(path, io::stdin(), filter);
        }
        let open_error = |cause: String| Error::Open { path: path.to_owned(), cause };
        let file = File::open(path).map_err(|error| open_error(paths::plain(&error)))?;
        // What a look at a pipe takes out of it is gone.
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Self::read(path, file, filter);
        }
        match Reader::libpcap(path).map_err(open_error)? {
            Some(reader) => Self::new(path, reader, filter),
            None => Self::read(path, file, filter),
        }
    }

    /// Reads a capture from `input`; `path` is its name in errors.
    pub fn read(path: &str, input: impl Read + Send + 'static, filter: Option<&str>) -> Result<Self, Error> {
        let open_error = |cause: String| Error::Open { path: path.to_owned(), cause };
        let taken = Taken::default();
        let input = compressed::open(input, &taken).map_err(|error| open_error(paths::plain(&error)))?;
        let reader = Reader::stream(input, taken).map_err(|damage| open_error(damage.to_string()))?;
        Self::new(path, reader, filter)
    }

    fn new(path: &str, reader: Reader, filter: Option<&str>) -> Result<Self, Error> {
        let link_types: Vec<LinkType> = reader.links().into_iter().map(LinkType::new).collect();
        let link_type = link_types.first().cloned().unwrap_or_else(|| LinkType::new(0));
        let filter = filter.map(|expression| Filter::new(expression, &link_types)).transpose()?;
        Ok(Self { path: path.to_owned(), reader, filter, link_types, link_type, ended: false })
    }

    fn next(&mut self, at_most: usize, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        let Self { path, reader, filter, .. } = self;
        let Some(filter) = filter else { return read_frames(path, reader, at_most, sink) };
        read_frames(path, reader, at_most, &mut |frame| {
            if filter.matches(frame) {
                sink(frame);
            }
        })
    }
}

/// The next frames. libpcap goes no further where interfaces differ, but what it read so far stands: the other
/// reader takes over behind it.
fn read_frames(
    path: &str,
    reader: &mut Reader,
    at_most: usize,
    take: &mut dyn FnMut(&Frame<'_>),
) -> Result<bool, Error> {
    let until = reader.frames().saturating_add(at_most as u64);
    let read = match reader.read(at_most, take) {
        Err(Damage::InterfacesDiffer) => {
            let left = usize::try_from(until - reader.frames()).unwrap_or(at_most);
            *reader = Reader::behind(path, reader.frames()).map_err(|damage| damage.in_capture(path))?;
            reader.read(left, take)
        }
        read => read,
    };
    read.map_err(|damage| damage.in_capture(path))
}

impl Source for CaptureFile {
    fn link_type(&self) -> &LinkType {
        &self.link_type
    }

    fn link_types(&self) -> &[LinkType] {
        &self.link_types
    }

    fn read(&mut self, at_most: usize, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let read = self.next(at_most, sink);
        // Damage is said once: it must not get lost, or half of the capture would be missing without a word.
        self.ended = !matches!(read, Ok(true));
        read
    }

    fn frames(&self) -> u64 {
        self.reader.frames()
    }

    fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A capture of raw IP with two frames, of which the second is cut.
    fn capture() -> Vec<u8> {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        bytes.extend([&[0; 8][..], &[0, 0, 4, 0], &[101, 0, 0, 0]].concat());
        bytes.extend([&[1, 0, 0, 0, 2, 0, 0, 0, 20, 0, 0, 0, 40, 0, 0, 0][..], &[0x45; 20]].concat());
        bytes.extend([&[1, 0, 0, 0, 3, 0, 0, 0, 20, 0, 0, 0, 40, 0, 0, 0][..], &[0x45; 19]].concat());
        bytes
    }

    #[test]
    fn a_cut_file_is_read_up_to_the_cut_and_then_says_so_once() {
        let mut file = CaptureFile::read("cut", io::Cursor::new(capture()), None).unwrap();
        let mut seen = Vec::new();
        let mut sink = |frame: &Frame<'_>| seen.push((frame.number, frame.time_us, frame.data.len()));
        assert!(file.read_frame(&mut sink).unwrap());
        assert_eq!(
            file.read_frame(&mut sink).unwrap_err().to_string(),
            "'cut' is incomplete: the file is truncated in the middle of a frame"
        );
        assert!(!file.read_frame(&mut sink).unwrap());
        assert_eq!(seen, [(1, 1_000_002, 20)]);
        assert_eq!((file.frames(), file.bytes_read()), (1, 95));
    }

    #[test]
    fn hidden_frames_keep_their_numbers() {
        let mut file = CaptureFile::read("-", io::Cursor::new(capture()), Some("ip6")).unwrap();
        assert!(file.read_frame(&mut |_| panic!("it is hidden")).unwrap());
        assert_eq!(file.frames(), 1);
        assert_eq!(file.link_type().name, "RAW");
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        for (bytes, cause) in [(&b"text"[..], "unknown file format"), (b"", "the file is empty")] {
            let Err(error) = CaptureFile::read("it", io::Cursor::new(bytes), None) else { panic!() };
            assert_eq!(error.to_string(), format!("cannot open 'it': {cause}"));
        }
    }
}
