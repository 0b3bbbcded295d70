//! source, decode, flow again, for the flows that are drawn.

use std::collections::BTreeMap;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::flow::{FlowTable, Limits};
use crate::plot::Tracer;
use crate::source::{Frame, Source};

/// Reads `source` once more and lets `tracers` record their flows: what is drawn is known only after judging.
/// Where the source breaks off, what was read until then is recorded.
pub fn trace(source: &mut dyn Source, tracers: &mut [Tracer]) -> Result<(), UnsupportedLinkType> {
    let decoder = Decoder::for_any(source.link_types())?.0;
    let mut flows = FlowTable::new(Limits::SAVED);
    let mut wanted: BTreeMap<u64, Vec<&mut Tracer>> = BTreeMap::new();
    for tracer in tracers {
        wanted.entry(tracer.index).or_default().push(tracer);
    }
    let mut note = |frame: &Frame<'_>| {
        let Ok(segment) = decoder.decode(frame) else { return };
        let noted = flows.note(&segment, &mut |_| {});
        if let (Some(tracers), Some(flow)) = (wanted.get_mut(&noted.index), flows.flow(noted)) {
            for tracer in tracers {
                tracer.note(&segment, flow);
            }
        }
    };
    // What it breaks off with was said when it was judged.
    let _ = source.read_all(&mut note, &mut |_| {});
    Ok(())
}
