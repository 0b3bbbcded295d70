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
}

impl Series {
    /// Begins to read what comes from `source`.
    pub fn new(source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        Ok(Self { decoder: Decoder::for_any(source.link_types())?.0, flows: FlowTable::new(Limits::SAVED) })
    }

    /// The row of one frame; `None` when it holds no TCP segment that could be decoded.
    pub fn row(&mut self, frame: &Frame<'_>) -> Option<SeriesRow> {
        let segment = self.decoder.decode(frame).ok()?;
        let noted = self.flows.note(&segment, &mut |_| {});
        let observed = self.flows.flow(noted)?.observe(&segment);
        Some(SeriesRow::new(noted.index, &segment, &observed))
    }

    /// How many flows there are so far.
    pub fn flows(&self) -> u64 {
        self.flows.begun()
    }
}
