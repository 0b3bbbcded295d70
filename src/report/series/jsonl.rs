//! `--format jsonl`: one object per line, its keys are the columns of the CSV.

use std::io::{self, BufWriter, Write};

use super::{SeriesFormat, SeriesRow, SeriesWriter};

pub(super) static FORMAT: SeriesFormat = SeriesFormat { name: "jsonl", begin };

struct Jsonl(BufWriter<Box<dyn Write>>);

fn begin(out: Box<dyn Write>) -> Box<dyn SeriesWriter> {
    Box::new(Jsonl(BufWriter::new(out)))
}

impl SeriesWriter for Jsonl {
    fn write(&mut self, row: &SeriesRow) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, row)?;
        writeln!(self.0)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
