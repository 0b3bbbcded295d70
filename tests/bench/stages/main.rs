//! What a frame costs in each stage: `cargo bench --bench stages`.
//!
//! For finding out where time goes; what counts in the end is what `commands` measures.

#![allow(clippy::unwrap_used, reason = "a benchmark may end with a panic")]
#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, reason = "its numbers are its own")]

#[path = "../traffic.rs"]
mod traffic;

use std::io::Cursor;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use traffic::Shape;
use wscale::decode::{Decoder, Segment};
use wscale::detect;
use wscale::flow::{Flow, FlowTable, Limits};
use wscale::source::{CaptureFile, Frame, Source};

const SHAPES: [Shape; 3] = [Shape::Bulk, Shape::Short, Shape::Flood];

/// A multiple of the frames of a short connection and of a turn of the downloads.
const FRAMES: u64 = 42_000;

fn main() {
    divan::main();
}

/// The frames of a capture in memory.
fn each_frame(shape: Shape, sink: &mut dyn FnMut(&Decoder, &Frame<'_>)) {
    let mut bytes = Vec::new();
    traffic::write(shape, FRAMES, &mut bytes).unwrap();
    let mut file = CaptureFile::read("memory", Cursor::new(bytes), None).unwrap();
    let decoder = Decoder::new(file.link_type()).unwrap();
    file.read_all(&mut |frame| sink(&decoder, frame), &mut |_| {}).unwrap();
}

fn segments(shape: Shape) -> Vec<Segment> {
    let mut segments = Vec::new();
    each_frame(shape, &mut |decoder, frame| segments.push(decoder.decode(frame).unwrap()));
    segments
}

/// From the frame to the segment.
#[divan::bench(args = SHAPES)]
fn decode(bencher: Bencher<'_, '_>, shape: Shape) {
    let mut frames = Vec::new();
    let mut decoder = None;
    each_frame(shape, &mut |its, frame| {
        decoder.get_or_insert(*its);
        frames.push((frame.number, frame.time_us, frame.link, frame.wire_bytes, frame.data.to_vec()));
    });
    let decoder = decoder.unwrap();
    bencher.counter(ItemsCount::new(frames.len())).bench_local(|| {
        for (number, time_us, link, wire_bytes, data) in &frames {
            let (number, time_us, link, wire_bytes) = (*number, *time_us, *link, *wire_bytes);
            let _ = black_box(decoder.decode(&Frame { number, data, time_us, link, wire_bytes }));
        }
    });
}

/// From the segment to the flow.
#[divan::bench(args = SHAPES)]
fn follow(bencher: Bencher<'_, '_>, shape: Shape) {
    let segments = segments(shape);
    bencher.counter(ItemsCount::new(segments.len())).bench_local(|| {
        let mut table = FlowTable::new(Limits::SAVED);
        for segment in &segments {
            black_box(table.note(segment, &mut |ended| {
                black_box(ended);
            }));
        }
        table
    });
}

/// From the flow to the verdict.
#[divan::bench(args = SHAPES)]
fn judge(bencher: Bencher<'_, '_>, shape: Shape) {
    let mut table = FlowTable::new(Limits::NONE);
    for segment in &segments(shape) {
        table.note(segment, &mut |_| {});
    }
    let flows: Vec<Flow> = table.iter().map(|(_, flow)| flow.clone()).collect();
    bencher.counter(ItemsCount::new(flows.len())).bench_local(|| {
        for flow in &flows {
            black_box(detect::judge(flow));
        }
    });
}
