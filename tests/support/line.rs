//! One line of the notation: what it says, before anything is computed from it.

use super::numbers::{hex, number, seconds};
use super::options::{self, Opt};

/// FIN, SYN, RST, PSH, ACK, URG, ECE, CWR in the order of the header's bits.
const FLAGS: [char; 8] = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'];
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// A line that makes a frame.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) time: Time,
    /// Which flow, from 1.
    pub(crate) flow: usize,
    pub(crate) what: What,
    pub(crate) mods: Mods,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Time {
    At(i64),
    After(i64),
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Segment(Segment),
    Again(Option<Vec<Opt>>),
    Hex(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) from_client: bool,
    pub(crate) flags: u8,
    pub(crate) seq: Seq,
    pub(crate) ack: Option<Ack>,
    pub(crate) win: Option<u16>,
    pub(crate) options: Option<Vec<Opt>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Seq {
    At { start: u32, len: u32 },
    Next { back: u32, len: u32 },
    Last,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Ack {
    At(u32),
    All,
    Plus(u32),
    Same,
}

/// What happens to the frame around the segment.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent words of the notation")]
pub(crate) struct Mods {
    pub(crate) lost: bool,
    pub(crate) missed: bool,
    pub(crate) odd: bool,
    pub(crate) tso: bool,
    pub(crate) out: bool,
    pub(crate) badsum: bool,
    pub(crate) badip: bool,
    pub(crate) partial: bool,
    pub(crate) ts: bool,
    pub(crate) ttl: Option<u8>,
    pub(crate) vlan: Vec<u16>,
    pub(crate) ipopts: Vec<u8>,
    pub(crate) ext: Vec<String>,
    pub(crate) pad: Option<usize>,
    pub(crate) cut: Option<usize>,
    pub(crate) split: Option<usize>,
}

impl Mods {
    /// Adds the modifiers in `text`, separated by commas.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (word, value) = item.split_once(' ').unwrap_or((item, ""));
            let value = value.trim();
            match word {
                "lost" => self.lost = true,
                "missed" => self.missed = true,
                "odd" => self.odd = true,
                "tso" => self.tso = true,
                "out" => self.out = true,
                "badsum" => self.badsum = true,
                "badip" => self.badip = true,
                "partial" => self.partial = true,
                "ts" => self.ts = true,
                "ttl" => self.ttl = Some(number("ttl", value)?),
                "vlan" => {
                    self.vlan = value.split('+').map(|id| number("vlan", id)).collect::<Result<_, _>>()?;
                }
                "ipopts" => self.ipopts = hex(value)?,
                "ext" => self.ext = value.split('+').map(str::to_owned).collect(),
                "pad" => self.pad = Some(number("pad", value)?),
                "cut" => self.cut = Some(number("cut", value)?),
                "split" => self.split = Some(number("split", value)?),
                _ => return Err(format!("unknown modifier '{item}'")),
            }
        }
        Ok(())
    }
}

/// Parses a line; `each` are the modifiers that hold for all.
pub(crate) fn parse(number_of_line: usize, text: &str, each: &Mods) -> Result<Line, String> {
    let (text, modifiers) = text.split_once(';').unwrap_or((text, ""));
    let mut mods = each.clone();
    mods.add(modifiers)?;
    let (text, options) = bracketed(text)?;
    let mut words = text.split_whitespace().peekable();
    let time = words.next().ok_or("an empty line has no time")?;
    let time = match time.strip_prefix('+') {
        Some(after) => Time::After(seconds(after)?),
        None => Time::At(seconds(time)?),
    };
    let flow = match words.next_if(|word| word.starts_with('[')) {
        Some(word) => number("flow", word.trim_matches(['[', ']']))?,
        None => 1,
    };
    let what = match words.next() {
        Some("hex") => What::Hex(hex(&words.by_ref().collect::<String>())?),
        Some("again") => What::Again(options),
        Some(">") => What::Segment(segment(true, &mut words, options)?),
        Some("<") => What::Segment(segment(false, &mut words, options)?),
        other => return Err(format!("'>', '<', 'again' or 'hex' expected, not '{}'", other.unwrap_or(""))),
    };
    match words.next() {
        Some(rest) => Err(format!("unexpected '{rest}'")),
        None => Ok(Line { number: number_of_line, time, flow, what, mods }),
    }
}

/// Cuts `<...>` out of a line. A direction is a `<` with a space behind it.
fn bracketed(text: &str) -> Result<(String, Option<Vec<Opt>>), String> {
    let open = text.match_indices('<').map(|(at, _)| at).find(|at| !text[at + 1..].starts_with([' ', '\t']));
    let Some(open) = open else { return Ok((text.to_owned(), None)) };
    let close = text[open..].find('>').ok_or("'<' without '>'")? + open;
    let options = options::parse(&text[open + 1..close])?;
    Ok((format!("{} {}", &text[..open], &text[close + 1..]), Some(options)))
}

fn segment<'a>(
    from_client: bool,
    words: &mut impl Iterator<Item = &'a str>,
    options: Option<Vec<Opt>>,
) -> Result<Segment, String> {
    let flags = flags(words.next().ok_or("flags expected")?)?;
    let seq = seq(words.next().ok_or("a sequence expected")?)?;
    let mut segment = Segment { from_client, flags, seq, ack: None, win: None, options };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("'{word}' needs a value"))?;
        match word {
            "ack" => segment.ack = Some(ack(value)?),
            "win" => segment.win = Some(number("win", value)?),
            _ => return Err(format!("unexpected '{word}'")),
        }
    }
    match (flags & ACK != 0, segment.ack) {
        (true, None) => Err("the flag '.' needs an 'ack'".to_owned()),
        (false, Some(_)) => Err("'ack' needs the flag '.'".to_owned()),
        _ => Ok(segment),
    }
}

fn flags(text: &str) -> Result<u8, String> {
    text.chars().try_fold(0, |bits, c| {
        let bit = FLAGS.iter().position(|flag| *flag == c).ok_or_else(|| format!("unknown flag '{c}'"))?;
        Ok(bits | 1 << bit)
    })
}

fn seq(text: &str) -> Result<Seq, String> {
    if text == "last" {
        return Ok(Seq::Last);
    }
    if let Some(len) = text.strip_prefix('+') {
        return Ok(Seq::Next { back: 0, len: number("length", len)? });
    }
    if let Some((back, len)) = text.strip_prefix("next-").and_then(|rest| rest.split_once('+')) {
        return Ok(Seq::Next { back: number("step back", back)?, len: number("length", len)? });
    }
    let form = || format!("'{text}' is not start:end(length), +length, next-N+length or last");
    let (start, rest) = text.split_once(':').ok_or_else(form)?;
    let (end, len) = rest.strip_suffix(')').and_then(|rest| rest.split_once('(')).ok_or_else(form)?;
    let (start, end): (u32, u32) = (number("start", start)?, number("end", end)?);
    let len = number("length", len)?;
    if start.checked_add(len) != Some(end) {
        return Err(format!("{start}:{end} is not {len} bytes"));
    }
    Ok(Seq::At { start, len })
}

fn ack(text: &str) -> Result<Ack, String> {
    Ok(match text {
        "all" => Ack::All,
        "same" => Ack::Same,
        _ => match text.strip_prefix('+') {
            Some(more) => Ack::Plus(number("ack", more)?),
            None => Ack::At(number("ack", text)?),
        },
    })
}
