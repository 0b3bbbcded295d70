//! `--format csv`: RFC 4180 with a header, `\n` at the end of lines.

use std::io::{self, Write};

use csv::{Error, ErrorKind, Writer, WriterBuilder};

use super::{SeriesFormat, SeriesRow, SeriesWriter};

pub(super) static FORMAT: SeriesFormat = SeriesFormat { name: "csv", begin };

struct Csv(Writer<Box<dyn Write>>);

fn begin(out: Box<dyn Write>) -> io::Result<Box<dyn SeriesWriter>> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(out);
    // By hand: a series without rows has a header too.
    writer.write_record(SeriesRow::HEADER).map_err(plain)?;
    Ok(Box::new(Csv(writer)))
}

impl SeriesWriter for Csv {
    fn write(&mut self, row: &SeriesRow) -> io::Result<()> {
        self.0.serialize(row).map_err(plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The error of the output itself: whoever reads it must see a broken pipe as one.
fn plain(error: Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
