//! What must not matter: the numbers chosen, the addresses, the framing, the payload, the company, the files.

use wscale::pipeline::Analysis;
use wscale::source::{Joined, Source};

use super::capture::Capture;
use super::corpus::Subject;
use super::framing;
use super::judge::{Outcome, judge, judge_where};
use super::numbers;
use super::packet::link;
use super::random::Random;

/// A capture that must be judged like the one it was made from.
pub(crate) struct Variant {
    pub(crate) kind: &'static str,
    /// What was drawn for it.
    pub(crate) drawn: String,
    pub(crate) capture: Capture,
    reading: Reading,
}

enum Reading {
    Whole,
    /// In pieces that begin at these frames.
    Pieces(Vec<usize>),
    /// With the flows of another capture in between, which keep their outcomes too.
    Company(Vec<Outcome>),
}

/// A variant of `subject`; `None` when what was drawn cannot be done to it.
pub(crate) fn vary(subject: &Subject, others: &[Subject], random: &mut Random) -> Option<Variant> {
    let capture = &subject.capture;
    let (kind, (drawn, capture), reading) = match random.below(9) {
        0 | 1 => ("numbers shifted", numbers::shift(capture, random), Reading::Whole),
        2 => ("times shifted", numbers::at_another_time(capture, random), Reading::Whole),
        3 => ("other addresses", framing::readdress(capture, random), Reading::Whole),
        4 => ("IPv6", (String::new(), framing::to_ipv6(capture)?), Reading::Whole),
        5 => ("other link layer", framing::reframe(capture, random), Reading::Whole),
        6 => ("VLAN tags", framing::tag(capture, random), Reading::Whole),
        7 if random.percent(50) => ("snap length", framing::snap(capture, random), Reading::Whole),
        7 if !capture.is_writable() => return None,
        7 => {
            let mut starts: Vec<usize> =
                (0..=random.below(4)).map(|_| random.below(capture.frames.len() + 1)).collect();
            starts.sort_unstable();
            ("in pieces", (format!("at {starts:?}"), capture.clone()), Reading::Pieces(starts))
        }
        _ => {
            let guest = &others[random.below(others.len())];
            let (guest_what, moved) = numbers::renumber(&framing::to_ipv6(&guest.capture)?, random);
            let host = framing::convert(capture, link::ETHERNET, &[]);
            let merged = interleave(&host, &moved, random);
            let what = format!("{}, {guest_what}", guest.name);
            ("in company", (what, merged), Reading::Company(guest.outcomes.clone()))
        }
    };
    Some(Variant { kind, drawn, capture, reading })
}

/// What `variant` of `subject` must give.
pub(crate) fn wanted(subject: &Subject, variant: &Variant) -> Vec<Outcome> {
    let mut wanted = subject.outcomes.clone();
    if let Reading::Company(guest) = &variant.reading {
        wanted.extend(guest.iter().cloned());
    }
    wanted
}

impl Variant {
    /// What it gives.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        match &self.reading {
            Reading::Whole => judge(&self.capture).unwrap(),
            Reading::Pieces(starts) => joined(&self.capture, starts),
            Reading::Company(_) => {
                let mut outcomes = judge_where(&self.capture, |address| !framing::is_moved(address)).unwrap();
                outcomes.extend(judge_where(&self.capture, framing::is_moved).unwrap());
                outcomes
            }
        }
    }
}

/// Frames of both in the order of time; each keeps its own order. The guest begins within the host.
fn interleave(host: &Capture, guest: &Capture, random: &mut Random) -> Capture {
    let first = |capture: &Capture| capture.frames.first().map_or(0, |frame| frame.time_us);
    let meeting = if host.frames.is_empty() { 0 } else { random.below(host.frames.len()) };
    let later = host.frames.get(meeting).map_or(0, |frame| frame.time_us) - first(guest);
    let mut arriving = guest.frames.iter().peekable();
    let mut frames = Vec::new();
    for frame in &host.frames {
        while let Some(early) = arriving.next_if(|early| early.time_us + later < frame.time_us) {
            frames.push(super::capture::Frame { time_us: early.time_us + later, ..early.clone() });
        }
        frames.push(frame.clone());
    }
    frames
        .extend(arriving.map(|late| super::capture::Frame { time_us: late.time_us + later, ..late.clone() }));
    Capture { link: host.link, frames }
}

/// The pieces as files, read as one capture.
fn joined(capture: &Capture, starts: &[usize]) -> Vec<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    let ends = starts.iter().copied().chain([capture.frames.len()]);
    let paths: Vec<String> = [0]
        .into_iter()
        .chain(starts.iter().copied())
        .zip(ends)
        .enumerate()
        .map(|(index, (start, end))| {
            let piece = Capture { link: capture.link, frames: capture.frames[start..end].to_vec() };
            let path = folder.path().join(format!("piece{index}"));
            std::fs::write(&path, piece.bytes()).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect();
    let mut source = Joined::open(&paths, None).unwrap();
    let mut analysis = Analysis::new("pieces", &source as &dyn Source).unwrap();
    analysis.read(&mut source, &mut |_| {}).unwrap();
    analysis.finish().flows.iter().map(Outcome::of).collect()
}
