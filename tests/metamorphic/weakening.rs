//! What captures do to the truth: frames are missing, doubled or out of order, the capture begins late or
//! ends early.

use super::capture::{Capture, Frame};
use super::packet::{self, Tcp};
use super::random::Random;

/// One way to weaken, and its name. Returns what was drawn.
type Way = (&'static str, fn(&mut Mangled, &mut Random) -> String);

const WAYS: [Way; 11] = [
    ("any frames lost", lose_any),
    ("bursts lost", lose_bursts),
    ("pure ACKs of one side lost", lose_acks),
    ("pure ACKs of one side lost from some moment on", lose_later_acks),
    ("one direction lost", lose_direction),
    ("one direction lost from some moment on", lose_later_direction),
    ("frames doubled", double),
    ("prefix cut", cut_prefix),
    ("suffix cut", cut_suffix),
    ("neighbours swapped", swap),
    ("a handshake frame lost", lose_syn),
];

/// Applies one way, or two in turn. Returns `names: draws`, and the capture.
pub(crate) fn weaken(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let mut mangled =
        Mangled { frames: capture.frames.clone(), segments: packet::segments(capture), link: capture.link };
    let (mut names, mut draws) = (Vec::new(), Vec::new());
    for _ in 0..random.pick(&[1, 1, 2]) {
        let (name, way) = random.pick(&WAYS);
        draws.push(way(&mut mangled, random));
        names.push(name);
    }
    let what = format!("{}: {}", names.join(" + "), draws.join("; "));
    (what, Capture { link: mangled.link, frames: mangled.frames })
}

struct Mangled {
    frames: Vec<Frame>,
    segments: Vec<Option<Tcp>>,
    link: u32,
}

impl Mangled {
    /// Keeps what `keeps` says, by index.
    fn retain(&mut self, keeps: &[bool]) {
        let mut keep = keeps.iter();
        self.frames.retain(|_| *keep.next().unwrap());
        let mut keep = keeps.iter();
        self.segments.retain(|_| *keep.next().unwrap());
    }

    /// Loses every frame for which `loses` says so.
    fn lose(&mut self, mut loses: impl FnMut(usize, &Frame, Option<&Tcp>) -> bool) {
        let all = self.frames.iter().zip(&self.segments).enumerate();
        let keeps: Vec<bool> = all.map(|(index, (frame, tcp))| !loses(index, frame, tcp.as_ref())).collect();
        self.retain(&keeps);
    }

    /// The sender of some segment.
    fn any_side(&self, random: &mut Random) -> Vec<u8> {
        let with_tcp: Vec<usize> = (0..self.frames.len()).filter(|i| self.segments[*i].is_some()).collect();
        if with_tcp.is_empty() {
            return Vec::new();
        }
        let index = random.pick(&with_tcp);
        packet::sender(&self.frames[index].data, self.segments[index].as_ref().unwrap())
    }
}

fn is_from(side: &[u8], frame: &Frame, tcp: Option<&Tcp>) -> bool {
    tcp.is_some_and(|tcp| packet::sender(&frame.data, tcp) == side)
}

fn lose_any(mangled: &mut Mangled, random: &mut Random) -> String {
    let share = random.pick(&[1, 3, 10, 30, 50, 70, 90]);
    mangled.lose(|_, _, _| random.percent(share));
    format!("{share} % of all frames")
}

fn lose_bursts(mangled: &mut Mangled, random: &mut Random) -> String {
    let bursts = 1 + random.below(6);
    let longest = 1 + mangled.frames.len() / 4;
    let ranges: Vec<_> = (0..bursts)
        .map(|_| {
            let start = random.below(mangled.frames.len());
            start..start + 1 + random.below(longest)
        })
        .collect();
    mangled.lose(|index, _, _| ranges.iter().any(|range| range.contains(&index)));
    format!("indices {ranges:?}")
}

fn lose_acks(mangled: &mut Mangled, random: &mut Random) -> String {
    let side = mangled.any_side(random);
    let share = random.pick(&[10, 30, 50, 80, 95, 100]);
    let acks = |tcp: Option<&Tcp>| tcp.is_some_and(Tcp::is_pure_ack);
    mangled.lose(|_, frame, tcp| acks(tcp) && is_from(&side, frame, tcp) && random.percent(share));
    format!("{share} % of the pure ACKs of {side:?}")
}

fn lose_later_acks(mangled: &mut Mangled, random: &mut Random) -> String {
    let side = mangled.any_side(random);
    let from = random.below(mangled.frames.len());
    let acks = |tcp: Option<&Tcp>| tcp.is_some_and(Tcp::is_pure_ack);
    mangled.lose(|index, frame, tcp| index >= from && acks(tcp) && is_from(&side, frame, tcp));
    format!("pure ACKs of {side:?} from index {from}")
}

fn lose_direction(mangled: &mut Mangled, random: &mut Random) -> String {
    let side = mangled.any_side(random);
    mangled.lose(|_, frame, tcp| is_from(&side, frame, tcp));
    format!("all of {side:?}")
}

fn lose_later_direction(mangled: &mut Mangled, random: &mut Random) -> String {
    let side = mangled.any_side(random);
    let from = random.below(mangled.frames.len());
    mangled.lose(|index, frame, tcp| index >= from && is_from(&side, frame, tcp));
    format!("all of {side:?} from index {from}")
}

fn lose_syn(mangled: &mut Mangled, random: &mut Random) -> String {
    // The two SYNs and the ACK behind them.
    let handshake: Vec<usize> =
        (0..mangled.frames.len()).filter(|i| mangled.segments[*i].is_some_and(|tcp| tcp.is_syn())).collect();
    let chosen = if handshake.is_empty() { 0 } else { random.pick(&handshake) + random.below(2) };
    mangled.lose(|index, _, _| index == chosen);
    format!("index {chosen}")
}

/// The longest that the second copy of a frame takes.
const COPY_US: i64 = 20_000;

/// A mirror port that sees a packet on its way in and out delivers it twice, the second copy a moment later.
fn double(mangled: &mut Mangled, random: &mut Random) -> String {
    let share = random.pick(&[1, 5, 20, 60, 100]);
    let (distance, delay_us) = (random.below(5), random.pick(&[0, 1, 50, 2_000]));
    let mut frames = Vec::new();
    let mut waiting: Vec<(usize, Frame)> = Vec::new();
    for (index, frame) in mangled.frames.iter().enumerate() {
        for (_, copy) in waiting.extract_if(.., |(_, copy)| copy.time_us + COPY_US < frame.time_us) {
            frames.push(Frame { time_us: copy.time_us + delay_us, ..copy });
        }
        frames.push(frame.clone());
        if random.percent(share) {
            waiting.push((index + distance, frame.clone()));
        }
        for (_, copy) in waiting.extract_if(.., |(due, _)| *due <= index) {
            frames.push(Frame { time_us: frame.time_us.max(copy.time_us + delay_us), ..copy });
        }
    }
    frames.extend(waiting.into_iter().map(|(_, frame)| frame));
    mangled.segments = frames.iter().map(|frame| packet::tcp(mangled.link, &frame.data)).collect();
    mangled.frames = frames;
    format!("{share} % of all frames, {distance} frames and {delay_us} us later")
}

fn cut_prefix(mangled: &mut Mangled, random: &mut Random) -> String {
    // Often within the handshake, where it hurts most.
    let end = if random.percent(50) { random.below(8) } else { random.below(mangled.frames.len()) };
    mangled.lose(|index, _, _| index < end);
    format!("{end} frames")
}

fn cut_suffix(mangled: &mut Mangled, random: &mut Random) -> String {
    let start = 1 + random.below(mangled.frames.len());
    mangled.lose(|index, _, _| index >= start);
    format!("all but {start} frames")
}

/// The order changes; the times stay in order (a capture stamps what it gets), or go with their frames.
fn swap(mangled: &mut Mangled, random: &mut Random) -> String {
    let share = random.pick(&[1, 5, 20, 50]);
    let stamped_late = random.percent(50);
    for index in 1..mangled.frames.len() {
        if random.percent(share) {
            mangled.frames.swap(index - 1, index);
            mangled.segments.swap(index - 1, index);
            if stamped_late {
                let (first, second) = (mangled.frames[index - 1].time_us, mangled.frames[index].time_us);
                mangled.frames[index - 1].time_us = first.min(second);
                mangled.frames[index].time_us = first.max(second);
            }
        }
    }
    format!("{share} % of all pairs, times {}", if stamped_late { "in order" } else { "with the frames" })
}
