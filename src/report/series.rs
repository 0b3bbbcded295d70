//! The per-segment series: one row per segment, written as it is read.
//!
//! A format is one file in `series/` and one line in [`SERIES_FORMATS`]. Every cell is a number or a fixed
//! word, so nothing that a capture holds can become a spreadsheet's formula.

mod csv;
mod jsonl;

use std::io;

use serde::Serialize;

use crate::decode::Segment;
use crate::flow::Observed;

/// One segment. The fields are the columns, in order; unknown is empty, or `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesRow {
    /// Wireshark's `frame.number`.
    pub frame: u64,
    /// Capture time.
    pub unix_us: i64,
    /// The flow's index.
    pub flow: u64,
    /// `client` or `server`.
    pub from: &'static str,
    /// Relative sequence number.
    pub seq: Option<i64>,
    /// Relative acknowledgment number.
    pub ack: Option<i64>,
    /// Payload.
    pub payload_bytes: u32,
    /// The window field.
    pub raw_window: u16,
    /// The shift that is declared for it.
    pub shift: Option<u8>,
    /// `raw_window << shift`.
    pub window_bytes: Option<u64>,
    /// `ack + window_bytes`.
    pub edge: Option<i64>,
    /// What `from` has sent and has not seen acknowledged here.
    pub in_flight_bytes: Option<u64>,
}

impl SeriesRow {
    /// The names of the columns.
    pub const HEADER: [&'static str; 12] = [
        "frame",
        "unix_us",
        "flow",
        "from",
        "seq",
        "ack",
        "payload_bytes",
        "raw_window",
        "shift",
        "window_bytes",
        "edge",
        "in_flight_bytes",
    ];

    /// The row of `segment` of the flow `flow`.
    pub fn new(flow: u64, segment: &Segment, observed: &Observed) -> Self {
        Self {
            frame: segment.frame,
            unix_us: segment.time_us,
            flow,
            from: observed.from.name(),
            seq: observed.sequence,
            ack: observed.acknowledgment,
            payload_bytes: segment.payload_bytes,
            raw_window: segment.raw_window,
            shift: observed.shift,
            window_bytes: observed.window_bytes,
            edge: observed.edge,
            in_flight_bytes: observed.in_flight_bytes,
        }
    }
}

/// Writes rows in one format.
pub trait SeriesWriter {
    /// Writes one row.
    fn write(&mut self, row: &SeriesRow) -> io::Result<()>;

    /// Hands everything written so far to the output.
    fn flush(&mut self) -> io::Result<()>;
}

/// One format of the series.
#[derive(Debug)]
pub struct SeriesFormat {
    /// The name on the command line.
    pub name: &'static str,
    /// Begins to write to an output.
    pub begin: fn(Box<dyn io::Write>) -> Box<dyn SeriesWriter>,
}

/// All formats of the series; the first is the default.
pub static SERIES_FORMATS: [&SeriesFormat; 2] = [&csv::FORMAT, &jsonl::FORMAT];

/// The format of this name.
pub fn series_format(name: &str) -> Option<&'static SeriesFormat> {
    SERIES_FORMATS.into_iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An output that can be looked at afterwards.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const ROW: SeriesRow = SeriesRow {
        frame: 3,
        unix_us: 1_150_156_800_000_000,
        flow: 0,
        from: "client",
        seq: Some(1),
        ack: Some(1),
        payload_bytes: 0,
        raw_window: 63,
        shift: None,
        window_bytes: None,
        edge: None,
        in_flight_bytes: Some(0),
    };

    fn written(format: &str, rows: &[SeriesRow]) -> String {
        let page = Page::default();
        let mut writer = (series_format(format).unwrap().begin)(Box::new(page.clone()));
        for row in rows {
            writer.write(row).unwrap();
        }
        writer.flush().unwrap();
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn unknown_is_empty_in_csv() {
        let text = written("csv", &[ROW]);
        assert_eq!(text.lines().nth(1), Some("3,1150156800000000,0,client,1,1,0,63,,,,0"));
    }

    #[test]
    fn the_header_is_there_without_rows() {
        let header = "frame,unix_us,flow,from,seq,ack,payload_bytes,raw_window,shift,window_bytes,edge,in_flight_bytes\n";
        assert_eq!(written("csv", &[]), header);
    }

    #[test]
    fn unknown_is_null_in_json_and_the_keys_are_the_columns() {
        let text = written("jsonl", &[ROW]);
        let keys: Vec<String> = SeriesRow::HEADER.iter().map(|name| format!("\"{name}\":")).collect();
        let places: Vec<usize> = keys.iter().map(|key| text.find(key).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert!(text.contains("\"shift\":null"), "{text}");
    }
}
