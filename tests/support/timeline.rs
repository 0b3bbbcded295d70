//! What happens when: every number of a segment follows from what had reached its sender by then.

use std::collections::{BTreeMap, VecDeque};

use super::Compiled;
use super::file::{Capture, Frame};
use super::frame::{self, Tcp};
use super::line::{ACK, Ack, FIN, Line, Mods, RST, SYN, Segment, Seq, Time, What};
use super::options::{self, Opt};
use super::script::{Endpoints, Headers, Script};

/// 13 June 2006, 00:00 UTC: the day of the thread on the kernel's list.
const START: i64 = 1_150_156_800_000_000_000;
const CLIENT: usize = 0;
const SERVER: usize = 1;

/// What the text says about one frame, with absolute numbers.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) line: usize,
    pub(crate) tcp: Tcp,
    /// The options as words; `None` when the frame was cut before their end, or they are malformed.
    pub(crate) options: Option<Vec<Opt>>,
}

/// One end of one flow; relative numbers.
#[derive(Clone, Debug, Default)]
struct Side {
    next: u32,
    last: Option<(u32, u32)>,
    last_ack: u32,
    last_win: u16,
    offered_ts: bool,
    /// What is on its way to this side, in the order of the capture.
    inbox: VecDeque<Arrival>,
    received: u32,
    beyond: BTreeMap<u32, u32>,
    ts_recent: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: i64,
    start: u32,
    end: u32,
    syn: bool,
    ts: Option<u32>,
}

/// The last frame, for `again`.
#[derive(Clone)]
struct Copy {
    tcp: Tcp,
    options: Vec<Opt>,
    ts: (u32, u32),
    peer_isn: u32,
    mods: Mods,
    id: u16,
}

struct Machine {
    headers: Headers,
    flows: Vec<[Side; 2]>,
    capture: Capture,
    said: Vec<Option<Said>>,
    now: i64,
    id: u16,
    last: Option<Copy>,
}

/// Runs a script.
pub(crate) fn run(script: Script) -> Result<Compiled, String> {
    let headers = script.headers;
    let capture = Capture {
        link_type: frame::link_type(&headers.link)?,
        snaplen: u32::try_from(headers.snaplen).unwrap(),
        nano: headers.nano,
        big_endian: headers.big_endian,
        pcapng: headers.pcapng,
        frames: Vec::new(),
    };
    let flows = vec![<[Side; 2]>::default(); headers.flows.len()];
    let mut machine = Machine { headers, flows, capture, said: Vec::new(), now: 0, id: 1, last: None };
    for line in &script.lines {
        machine.line(line).map_err(|error| format!("line {}: {error}", line.number))?;
    }
    Ok(Compiled { capture: machine.capture, said: machine.said, headers: machine.headers })
}

impl Machine {
    fn line(&mut self, line: &Line) -> Result<(), String> {
        self.now = match line.time {
            Time::At(at) => at,
            Time::After(after) => self.now + after,
        };
        let flow = line.flow.wrapping_sub(1);
        let ends = self.headers.flows.get(flow).ok_or("there is no such flow")?.clone();
        match &line.what {
            What::Hex(bytes) => self.push(bytes.clone(), line.mods.cut, None),
            What::Again(options) => self.again(line, &ends, options.as_ref())?,
            What::Segment(segment) => self.segment(line, flow, &ends, segment)?,
        }
        Ok(())
    }

    fn segment(
        &mut self,
        line: &Line,
        flow: usize,
        ends: &Endpoints,
        segment: &Segment,
    ) -> Result<(), String> {
        let (me, peer) = if segment.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let delay = |side: usize| i64::from(self.headers.delay_ms[side]) * 1_000_000;
        let sent = self.now - delay(me);
        let arrives = self.now + delay(peer);
        let sides = &mut self.flows[flow];
        sides[me].deliver(sent);
        let ts_on = (sides[me].offered_ts && sides[peer].offered_ts) || line.mods.ts;
        let mine = &mut sides[me];
        let syn = segment.flags & SYN != 0;
        let (start, len) = match segment.seq {
            Seq::At { start, len } => (start, len),
            Seq::Next { back, len } => (mine.next.checked_sub(back).ok_or("before the SYN")?, len),
            Seq::Last => mine.last.ok_or("nothing was sent before")?,
        };
        let ack = match segment.ack {
            None => 0,
            Some(Ack::At(n)) => n,
            Some(Ack::All) => mine.received,
            Some(Ack::Plus(n)) => mine.last_ack + n,
            Some(Ack::Same) => mine.last_ack,
        };
        if ack > mine.received && !line.mods.odd {
            return Err(format!("ack {ack}, but only {} had arrived at the sender", mine.received));
        }
        let win = segment.win.unwrap_or(mine.last_win);
        let echo = if segment.flags & ACK == 0 { 0 } else { mine.ts_recent.unwrap_or(0) };
        // Before the first frame of a capture the clock runs too: a SYN seen at the far side was sent at -20 ms.
        let clock = i64::from(ends.ts[me]) + sent.div_euclid(1_000_000);
        let ts = (u32::try_from(clock.rem_euclid(1 << 32)).unwrap(), echo);
        let nop = Opt::Raw(vec![1]);
        let options = match &segment.options {
            Some(options) => options.clone(),
            None if ts_on && !syn && segment.flags & RST == 0 => vec![nop.clone(), nop, Opt::Ts(None)],
            None => Vec::new(),
        };
        let ts_sent = options.iter().find_map(|option| match option {
            Opt::Ts(given) => Some(given.unwrap_or(ts).0),
            _ => None,
        });
        let end = start + len + u32::from(syn) + u32::from(segment.flags & FIN != 0);
        mine.next = if syn { end } else { mine.next.max(end) };
        if end > start {
            mine.last = Some((start, len));
        }
        mine.offered_ts |= syn && ts_sent.is_some();
        mine.last_ack = ack;
        mine.last_win = win;
        if !line.mods.lost {
            let arrival = Arrival { at: arrives, start, end, syn, ts: ts_sent };
            sides[peer].inbox.push_back(arrival);
        }
        if line.mods.missed {
            return Ok(());
        }
        let tcp = Tcp {
            from_client: segment.from_client,
            src: ends.addresses[me],
            dst: ends.addresses[peer],
            seq: ends.isn[me].wrapping_add(start),
            ack: if segment.ack.is_some() { ends.isn[peer].wrapping_add(ack) } else { 0 },
            flags: segment.flags,
            win,
            options: options::encode(&options, ts, ends.isn[peer])?,
            len,
        };
        self.id = self.id.wrapping_add(1);
        let copy = Copy { tcp, options, ts, peer_isn: ends.isn[peer], mods: line.mods.clone(), id: self.id };
        self.emit(line.number, &copy)?;
        self.last = Some(copy);
        Ok(())
    }

    /// The last frame as a second interface sees it: one hop on, perhaps translated, perhaps changed.
    fn again(&mut self, line: &Line, ends: &Endpoints, options: Option<&Vec<Opt>>) -> Result<(), String> {
        let mut copy = self.last.clone().ok_or("nothing was captured before")?;
        if line.flow > 1 {
            let (me, peer) = if copy.tcp.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
            copy.tcp.src = ends.addresses[me];
            copy.tcp.dst = ends.addresses[peer];
        }
        if let Some(options) = options {
            copy.options.clone_from(options);
            copy.tcp.options = options::encode(options, copy.ts, copy.peer_isn)?;
        }
        let ttl = copy.mods.ttl.unwrap_or(64) - 1;
        copy.mods = line.mods.clone();
        copy.mods.ttl = copy.mods.ttl.or(Some(ttl));
        self.emit(line.number, &copy)
    }

    fn emit(&mut self, number: usize, copy: &Copy) -> Result<(), String> {
        let frames =
            frame::build(&self.headers.link, self.headers.big_endian, &copy.tcp, &copy.mods, copy.id)?;
        let whole = frames.len() == 1;
        for frame in frames {
            let headers = frame.len().saturating_sub(copy.tcp.len as usize);
            let kept = copy.mods.cut.unwrap_or(usize::MAX).min(self.headers.snaplen);
            let malformed =
                copy.options.iter().any(|option| matches!(option, Opt::Raw(raw) if raw.len() > 1));
            let options = (kept >= headers && !malformed).then(|| {
                let filled = copy.options.iter().map(|option| match option {
                    Opt::Ts(given) => Opt::Ts(Some(given.unwrap_or(copy.ts))),
                    other => other.clone(),
                });
                filled.collect()
            });
            let said = whole.then(|| Said { line: number, tcp: copy.tcp.clone(), options });
            self.push(frame, copy.mods.cut, said);
        }
        Ok(())
    }

    fn push(&mut self, mut bytes: Vec<u8>, cut: Option<usize>, said: Option<Said>) {
        let wire_length = bytes.len();
        bytes.truncate(cut.unwrap_or(usize::MAX).min(self.headers.snaplen));
        self.capture.frames.push(Frame { time: START + self.now, bytes, wire_length });
        self.said.push(said);
    }
}

impl Side {
    /// Takes in what has arrived by `now`.
    fn deliver(&mut self, now: i64) {
        // Between two segments of this side nothing was sent, so the last acknowledgment is still the newest.
        while let Some(arrival) = self.inbox.front().copied().filter(|arrival| arrival.at <= now) {
            self.inbox.pop_front();
            // RFC 7323 §4.3: a timestamp is remembered when its segment spans the last acknowledgment sent.
            if let Some(ts) = arrival.ts
                && (arrival.syn || arrival.start <= self.last_ack)
                && self.ts_recent.is_none_or(|recent| arrival.syn || ts.wrapping_sub(recent) < 1 << 31)
            {
                self.ts_recent = Some(ts);
            }
            if arrival.syn {
                self.received = arrival.end;
                self.beyond.clear();
            } else if arrival.end > arrival.start {
                let end = self.beyond.entry(arrival.start).or_default();
                *end = arrival.end.max(*end);
            }
            while let Some(next) = self.beyond.first_entry().filter(|first| *first.key() <= self.received) {
                self.received = self.received.max(next.remove());
            }
        }
    }
}
