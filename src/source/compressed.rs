//! Compressed captures, known by their first bytes and not by their names.
//!
//! The decoders are written in Rust, so the binary needs no further library. What they may put out is bounded:
//! a small file can unpack to more than anyone could wait for.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The longest magic number.
const MAGIC_BYTES: usize = 6;

/// Output that is always allowed.
const FREE_BYTES: u64 = 256 << 20;

/// Beyond that, output may be this many times the input. Real captures stay far below: a record takes 16 bytes
/// for its time and lengths alone, and few of them compress away.
const EXPANSION_MAX: u64 = 200;

/// A window that zstd may ask for: what its command line accepts without being told to.
const ZSTD_WINDOW_MAX: u64 = 128 << 20;

/// How much of the file was read, whatever became of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads `input`, decompressed if it is compressed. `taken` follows how much of the input was used.
pub(super) fn open(input: impl Read + Send + 'static, taken: &Taken) -> io::Result<Box<dyn Read + Send>> {
    let mut input = Counting { input, taken: taken.clone() };
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    input.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
    let kind = magic.clone();
    let input = BufReader::with_capacity(1 << 16, Cursor::new(magic).chain(input));
    let bounded = |output: Box<dyn Read + Send>| -> Box<dyn Read + Send> {
        Box::new(Bounded { output, expanded: 0, taken: taken.clone() })
    };
    match kind.as_slice() {
        [0x1f, 0x8b, ..] => Ok(bounded(Box::new(MultiGzDecoder::new(input)))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Ok(bounded(Box::new(Zstd::new(input))))
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => Ok(bounded(Box::new(Lz4(lz4_flex::frame::FrameDecoder::new(input))))),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(unsupported("xz")),
        [b'B', b'Z', b'h', ..] => Err(unsupported("bzip2")),
        _ => Ok(Box::new(input)),
    }
}

/// Whether a file that begins with `head` is compressed, if only in a way that [`open`] refuses.
pub(super) fn is_compressed(head: [u8; 4]) -> bool {
    matches!(
        head,
        [0x1f, 0x8b, ..]
            | [0x28, 0xb5, 0x2f, 0xfd]
            | [0x50..=0x5f, 0x2a, 0x4d, 0x18]
            | [0x04, 0x22, 0x4d, 0x18]
            | [0xfd, b'7', b'z', b'X']
            | [b'B', b'Z', b'h', b'1'..=b'9']
    )
}

fn unsupported(kind: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("it is compressed with {kind}: decompress it first"))
}

struct Counting<R> {
    input: R,
    taken: Taken,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read(buffer)?;
        self.taken.0.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

struct Bounded {
    output: Box<dyn Read + Send>,
    expanded: u64,
    taken: Taken,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.output.read(buffer)?;
        self.expanded = self.expanded.saturating_add(bytes as u64);
        let allowed = FREE_BYTES.saturating_add(self.taken.bytes().saturating_mul(EXPANSION_MAX));
        if self.expanded > allowed {
            return Err(io::Error::other(format!(
                "it unpacks to more than {EXPANSION_MAX} times its size: no capture does"
            )));
        }
        Ok(bytes)
    }
}

/// LZ4: any number of frames; the decoder reports the end of each as the end of all.
struct Lz4<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let bytes = self.0.read(buffer)?;
            if bytes > 0 || buffer.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(bytes);
            }
        }
    }
}

/// Zstandard: any number of frames, some of which may have to be skipped (RFC 8878 §3.1).
struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_MAX);
        Self { input, decoder, within: false }
    }

    /// Opens the next frame; `false` at the end of the input.
    fn open_next(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.input.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.within && self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.within && !self.decoder.is_finished() {
                let step = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, step).map_err(|error| damaged(&error))?;
                continue;
            }
            self.within = self.open_next()?;
            if !self.within {
                return Ok(0);
            }
        }
    }
}

fn damaged(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn unpacked(packed: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut output = Vec::new();
        open(Cursor::new(packed), &Taken::default())?.read_to_end(&mut output)?;
        Ok(output)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn every_kind_is_known_by_its_first_bytes() {
        let text = b"window ".repeat(1000);
        for packed in [gzip(&text), lz4(&text), zstd(&text), text.clone()] {
            assert_eq!(is_compressed(*packed.first_chunk().unwrap()), packed != text);
            assert_eq!(unpacked(packed).unwrap(), text);
        }
    }

    #[test]
    fn parts_are_read_one_after_the_other() {
        assert_eq!(unpacked([gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        assert_eq!(unpacked([lz4(b"one "), lz4(b"two")].concat()).unwrap(), b"one two");
        let skippable = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9][..], &zstd(b"two")].concat();
        assert_eq!(unpacked([zstd(b"one "), skippable].concat()).unwrap(), b"one two");
    }

    #[test]
    fn what_is_cut_is_an_error() {
        for packed in [gzip(&[7; 5000]), lz4(&[7; 5000]), zstd(&[7; 5000])] {
            let cut = packed.len() - 5;
            assert!(unpacked(packed[..cut].to_vec()).is_err());
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        let taken = Taken::default();
        let mut bounded = Bounded { output: Box::new(io::repeat(0)), expanded: 0, taken };
        let error = io::copy(&mut bounded, &mut io::sink()).unwrap_err();
        assert!(error.to_string().starts_with("it unpacks to more than"), "{error}");
        assert_eq!(bounded.expanded / FREE_BYTES, 1);
    }

    #[test]
    fn other_kinds_are_named() {
        let error = unpacked(b"BZh91AY&SY".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is compressed with bzip2: decompress it first");
    }
}
