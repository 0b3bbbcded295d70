//! One capture, read in full: its flows, and every segment's headers.
//!
//! Unlike the other commands this one keeps every segment, about 150 bytes each: what one capture lacks is only
//! known when both are there.

use crate::decode::{Decoder, Endpoint, Headers, Segment, UnsupportedLinkType};
use crate::detect::{Judgement, judge};
use crate::flow::{Flow, FlowTable, Limits, Side};
use crate::source::{Error, Frame, Source};

/// One segment of a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) frame: u64,
    pub(crate) time_us: i64,
    pub(crate) from: Side,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) raw_window: u16,
    pub(crate) payload_bytes: u32,
    pub(crate) timestamps: Option<(u32, u32)>,
    pub(crate) sack: [Option<(u32, u32)>; 4],
    pub(crate) headers: Headers,
}

/// Control bits, as they stand in byte 13 of the TCP header.
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

impl Record {
    pub(crate) fn has(&self, bit: u8) -> bool {
        self.headers.control & bit != 0
    }

    /// Sequence numbers that it takes: data, SYN and FIN.
    pub(crate) fn length(&self) -> u32 {
        self.payload_bytes + u32::from(self.has(SYN)) + u32::from(self.has(FIN))
    }
}

/// One flow of a capture.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) flow: Flow,
    pub(crate) judgement: Judgement,
    pub(crate) records: Vec<Record>,
}

/// A capture that is being read. Feed it frames, then finish it.
#[derive(Debug)]
pub struct Trace {
    decoder: Decoder,
    table: FlowTable,
    /// Those that left it, by index.
    flows: Vec<(u64, Flow)>,
    /// By flow: the source of each record stands in for its side, which a late SYN may still turn.
    records: Vec<Vec<(Endpoint, Record)>>,
    summary: Capture,
}

/// What a capture holds.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// The capture as the user named it.
    pub source: String,
    /// libpcap's name of the link type.
    pub link_type: String,
    /// All frames, also those that a filter hid.
    pub frames: u64,
    /// TCP segments.
    pub segments: u64,
    /// Frames without a usable segment.
    pub skipped_frames: u64,
    /// Why the capture could not be read to its end.
    pub incomplete: Option<String>,
    /// Earliest capture time.
    pub first_us: Option<i64>,
    /// Latest capture time.
    pub last_us: Option<i64>,
}

/// A capture that was read.
#[derive(Debug)]
pub struct Finished {
    pub(crate) summary: Capture,
    pub(crate) conversations: Vec<Conversation>,
}

impl Trace {
    /// Begins to read what comes from `source`, reported under `name`.
    pub fn new(name: &str, source: &dyn Source) -> Result<Self, UnsupportedLinkType> {
        let (decoder, link_type) = Decoder::for_any(source.link_types())?;
        Ok(Self {
            decoder,
            table: FlowTable::new(Limits::NONE),
            flows: Vec::new(),
            records: Vec::new(),
            summary: Capture {
                source: name.to_owned(),
                link_type: link_type.name.clone(),
                ..Capture::default()
            },
        })
    }

    /// Reads `source` to its end. What ends it early is kept in the report.
    pub fn read(&mut self, source: &mut dyn Source, progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
        let ended = source.read_all(&mut |frame| self.note(frame), progress);
        self.summary.frames = source.frames();
        if let Err(error) = &ended {
            self.summary.incomplete = Some(error.cause().to_owned());
        }
        ended
    }

    /// Takes one frame into account.
    pub fn note(&mut self, frame: &Frame<'_>) {
        let summary = &mut self.summary;
        summary.first_us = Some(summary.first_us.map_or(frame.time_us, |first| first.min(frame.time_us)));
        summary.last_us = Some(summary.last_us.map_or(frame.time_us, |last| last.max(frame.time_us)));
        let Ok(segment) = self.decoder.decode(frame) else {
            summary.skipped_frames += 1;
            return;
        };
        summary.segments += 1;
        // All flows stay in the table to the end, but for those whose 4-tuple is used again.
        let flows = &mut self.flows;
        let noted = self.table.note(&segment, &mut |ended| flows.push((ended.index, *ended.flow)));
        let flow = usize::try_from(noted.index).unwrap_or(usize::MAX);
        if self.records.len() <= flow {
            self.records.resize_with(flow + 1, Vec::new);
        }
        if let (Some(records), Some(headers)) = (self.records.get_mut(flow), Headers::read(frame, &segment)) {
            records.push((segment.source, record(&segment, headers)));
        }
    }

    /// Judges all flows.
    pub fn finish(mut self) -> Finished {
        let flows = &mut self.flows;
        self.table.drain(&mut |ended| flows.push((ended.index, *ended.flow)));
        self.flows.sort_unstable_by_key(|(index, _)| *index);
        let conversations = self.flows.into_iter().zip(self.records).map(|((_, flow), records)| {
            let client = flow.endpoints.client;
            let side = |source| if source == client { Side::Client } else { Side::Server };
            let records = records.into_iter().map(|(source, record)| Record { from: side(source), ..record });
            Conversation { judgement: judge(&flow), flow, records: records.collect() }
        });
        Finished { conversations: conversations.collect(), summary: self.summary }
    }
}

fn record(segment: &Segment, headers: Headers) -> Record {
    Record {
        frame: segment.frame,
        time_us: segment.time_us,
        from: Side::Client,
        sequence: segment.sequence,
        acknowledgment: segment.acknowledgment,
        raw_window: segment.raw_window,
        payload_bytes: segment.payload_bytes,
        timestamps: segment.options.timestamps,
        sack: segment.options.sack,
        headers,
    }
}

impl Conversation {
    /// Client and server change places: the capture began behind the SYN.
    pub(crate) fn turn(&mut self) {
        self.flow.turn();
        self.judgement = judge(&self.flow);
        for record in &mut self.records {
            record.from = record.from.peer();
        }
    }
}
