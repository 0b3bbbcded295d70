//! Other sequence numbers, timestamps and times.

use super::capture::{Capture, Frame};
use super::packet::{self, Tcp, be16, be32};
use super::random::Random;

/// What is added to the numbers of one direction, modulo 2^32.
#[derive(Clone, Copy, Default)]
struct Shift {
    sequence: u32,
    timestamp: u32,
}

/// Shifts sequence numbers (and what acknowledges them, SACK blocks too), or timestamps and their echoes, or
/// both: mostly so that they wrap a little later.
pub(crate) fn shift(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let (sequences, timestamps) = random.pick(&[(true, false), (false, true), (true, true)]);
    shift_some(capture, sequences, timestamps, random)
}

/// Other sequence numbers, so that the connections are no copies of those they were made from.
pub(crate) fn renumber(capture: &Capture, random: &mut Random) -> (String, Capture) {
    shift_some(capture, true, false, random)
}

fn shift_some(
    capture: &Capture,
    sequences: bool,
    timestamps: bool,
    random: &mut Random,
) -> (String, Capture) {
    let mut shifts: [Option<Shift>; 2] = [None, None];
    // Directions are told apart by port, the same in every flow: copies under a translated address agree.
    for frame in &capture.frames {
        let Some(tcp) = packet::tcp(capture.link, &frame.data) else { continue };
        let direction = direction(&frame.data, &tcp);
        let timestamp = options(&frame.data, tcp.at + 20, tcp.end).find(|(kind, _, _)| *kind == 8);
        let timestamp = timestamp.and_then(|(_, at, _)| be32(&frame.data, at)).unwrap_or(0);
        let mut wrapping = |from: u32, within: usize| {
            let soon = u32::try_from(random.below(within)).unwrap();
            if random.percent(75) { (u32::MAX - soon).wrapping_sub(from) } else { random.word() }
        };
        shifts[direction].get_or_insert(Shift {
            sequence: wrapping(be32(&frame.data, tcp.at + 4).unwrap(), 60_000) * u32::from(sequences),
            timestamp: wrapping(timestamp, 1_000) * u32::from(timestamps),
        });
    }
    let shifts = shifts.map(Option::unwrap_or_default);
    let frames = capture.frames.iter().map(|frame| shifted(capture.link, frame, &shifts)).collect();
    let [up, down] = shifts;
    let what = format!(
        "sequence +{} +{}, timestamps +{} +{}",
        up.sequence, down.sequence, up.timestamp, down.timestamp
    );
    (what, Capture { link: capture.link, frames })
}

fn shifted(link: u32, frame: &Frame, shifts: &[Shift; 2]) -> Frame {
    let Some(tcp) = packet::tcp(link, &frame.data) else { return frame.clone() };
    let direction = direction(&frame.data, &tcp);
    let (own, peer) = (shifts[direction], shifts[1 - direction]);
    let mut data = frame.data.to_vec();
    add(&mut data, tcp.at + 4, own.sequence);
    if tcp.acknowledges() {
        add(&mut data, tcp.at + 8, peer.sequence);
    }
    for (kind, at, end) in options(&frame.data, tcp.at + 20, tcp.end) {
        match kind {
            5 => (at..end).step_by(4).for_each(|edge| add(&mut data, edge, peer.sequence)),
            8 => {
                add(&mut data, at, own.timestamp);
                if tcp.acknowledges() {
                    add(&mut data, at + 4, peer.timestamp);
                }
            }
            _ => {}
        }
    }
    Frame { data: data.into(), ..frame.clone() }
}

fn direction(data: &[u8], tcp: &Tcp) -> usize {
    let [source, destination] = packet::addresses(&tcp.ip).map(|address| &data[address]);
    let port = |at: usize| be16(data, at).unwrap();
    usize::from((port(tcp.at), source) > (port(tcp.at + 2), destination))
}

/// Adds modulo 2^32 where all four bytes were captured.
fn add(data: &mut [u8], at: usize, what: u32) {
    if let Some(number) = be32(data, at) {
        data[at..at + 4].copy_from_slice(&number.wrapping_add(what).to_be_bytes());
    }
}

/// Kind, start and end of the data of every option.
fn options(data: &[u8], mut at: usize, end: usize) -> impl Iterator<Item = (u8, usize, usize)> {
    std::iter::from_fn(move || {
        loop {
            if at >= end {
                return None;
            }
            match *data.get(at)? {
                0 => return None,
                1 => at += 1,
                kind => {
                    let length = usize::from(*data.get(at + 1)?);
                    let from = at + 2;
                    at += length.max(2);
                    return (length >= 2 && at <= end).then_some((kind, from, at));
                }
            }
        }
    })
}

/// All times later or earlier by the same.
pub(crate) fn at_another_time(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let first = capture.frames.iter().map(|frame| frame.time_us).min().unwrap_or(0);
    let anywhere = i64::from(random.word()) * 500_003;
    let to = random.pick(&[0, 1, 999_999, anywhere]);
    let later = |frame: &Frame| Frame { time_us: frame.time_us - first + to, ..frame.clone() };
    (
        format!("begins at {to} us"),
        Capture { link: capture.link, frames: capture.frames.iter().map(later).collect() },
    )
}
