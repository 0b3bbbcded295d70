//! source, decode, flow: the per-segment series, without the judgement.

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::flow::{FlowTable, Limits};
use crate::report::SeriesRow;
use crate::source::{Frame, Source};

/// A capture that is read segment by segment. A row says what was known when its segment was captured, so
/// nothing is held back: where the SYNs come later than the data, the data's shift is unknown.
#[derive(Debug)]
pub struct Series {
    decoder: Decoder,
    flows: FlowTable,
    late: u64,
}

/// Flows that are over are kept longer than for a judgement: the rows of their late segments need them.
const LIMITS: Limits = Limits { max_closing: 4_096, max_closed: 4_096, ..Limits::SAVED };

impl Series {
    /// Begins to read what comes from `source`.
    pub fn new(source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        Ok(Self { decoder: Decoder::for_any(source.link_types())?.0, flows: FlowTable::new(LIMITS), late: 0 })
    }

    /// The row of one frame; `None` when it holds no TCP segment that could be decoded, and for a segment that
    /// comes after its flow was forgotten.
    pub fn row(&mut self, frame: &Frame<'_>) -> Option<SeriesRow> {
        let segment = self.decoder.decode(frame).ok()?;
        let noted = self.flows.note(&segment, &mut |_| {});
        let Some(flow) = self.flows.flow(noted) else {
            self.late += 1;
            return None;
        };
        Some(SeriesRow::new(noted.index, &segment, &flow.observe(&segment)))
    }

    /// How many segments came after their flow was forgotten.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// How many flows there are so far.
    pub fn flows(&self) -> u64 {
        self.flows.begun()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::LinkType;

    /// A reset of each of `flows`, and another one later.
    fn rows(flows: u16) -> (usize, u64) {
        let mut series = Series {
            decoder: Decoder::new(&LinkType::new(12)).unwrap(),
            flows: FlowTable::new(LIMITS),
            late: 0,
        };
        let mut row = |port: u16| {
            let mut data = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
            data.extend(port.to_be_bytes());
            data.extend([0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 4, 1, 0, 0, 0, 0, 0]);
            series.row(&Frame { number: 1, time_us: 0, link: 12, wire_bytes: 40, data: &data }).is_some()
        };
        let rows = (0..flows).chain(0..flows).filter(|port| row(*port)).count();
        (rows, series.late())
    }

    #[test]
    fn late_segments_have_rows_or_are_counted() {
        assert_eq!(rows(4_000), (8_000, 0));
        assert_eq!(rows(5_000), (9_096, 904));
    }
}
