//! `--format csv`: RFC 4180 with a header, `\n` at the end of lines.

use std::io::{self, Write};

use csv::{Error, ErrorKind, Writer, WriterBuilder};

use super::{SeriesFormat, SeriesRow, SeriesWriter};

pub(super) static FORMAT: SeriesFormat = SeriesFormat { name: "csv", begin };

struct Csv {
    writer: Writer<Box<dyn Write>>,
    has_header: bool,
}

fn begin(out: Box<dyn Write>) -> Box<dyn SeriesWriter> {
    let writer = WriterBuilder::new().has_headers(false).from_writer(out);
    Box::new(Csv { writer, has_header: false })
}

impl Csv {
    /// By hand: a series without rows has a header too.
    fn head(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_header, true) {
            return Ok(());
        }
        self.writer.write_record(SeriesRow::HEADER).map_err(plain)
    }
}

impl SeriesWriter for Csv {
    fn write(&mut self, row: &SeriesRow) -> io::Result<()> {
        self.head()?;
        self.writer.serialize(row).map_err(plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.head()?;
        self.writer.flush()
    }
}

/// The error of the output itself: whoever reads it must see a broken pipe as one.
fn plain(error: Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
