//! One flow: both directions of a 4-tuple between a SYN and the next.

use crate::decode::{Endpoint, Outer, Segment};

use super::window::Moment;
use super::{Handshake, Side, Sides, Twin, Window};

/// One flow, as evidence.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The client and the server.
    pub endpoints: Sides<Endpoint>,
    /// The client is the one that sent the SYN; otherwise it is the sender of the first frame.
    pub client_known: bool,
    /// The SYNs.
    pub handshake: Handshake,
    /// For each side the window that it advertises, and the other side's data against it.
    pub windows: Sides<Window>,
    /// First frame.
    pub first_frame: u64,
    /// Latest frame.
    pub last_frame: u64,
    /// Frames.
    pub frames: u64,
    /// Capture time of the first frame.
    pub first_us: i64,
    /// Latest capture time.
    pub last_us: i64,
    /// The same connection beyond an address translation, in this capture.
    pub twin: Option<Twin>,
    /// Segments that were captured more than once.
    pub duplicates: u64,
    /// Tags and tunnels around the packets of each side, by its first frame that has any: few flows do.
    pub outer: Option<Box<Sides<Outer>>>,
    recent: Sides<Recent>,
}

/// What two captures of one packet have in common; retransmissions differ in time, and usually in TSval.
#[derive(Clone, Copy, Debug, Default)]
struct Print {
    time_us: i64,
    sequence: u32,
    acknowledgment: u32,
    raw_window: u16,
    payload_bytes: u32,
    timestamps: Option<(u32, u32)>,
}

/// The latest segments of one side.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    prints: [Print; RECENT],
    filled: usize,
    oldest: usize,
}

/// Segments of each side that are remembered to recognise copies: `-i any` captures every packet twice, and
/// queues interleave a few.
const RECENT: usize = 6;

/// Copies of one packet lie at most this far apart.
const COPY_US: i64 = 5_000;

impl Flow {
    /// A flow that begins with `segment`.
    pub(crate) fn new(segment: &Segment) -> Self {
        Self {
            endpoints: endpoints(segment),
            client_known: segment.flags.syn,
            handshake: Handshake::default(),
            windows: Sides::default(),
            first_frame: segment.frame,
            last_frame: segment.frame,
            frames: 0,
            first_us: segment.time_us,
            last_us: segment.time_us,
            twin: None,
            duplicates: 0,
            outer: None,
            recent: Sides::default(),
        }
    }

    /// Another flow, that begins with `segment`, in the memory of this one.
    pub(crate) fn begin_again(&mut self, segment: &Segment) {
        let Self {
            endpoints: ends,
            client_known,
            handshake,
            windows,
            first_frame,
            last_frame,
            frames,
            first_us,
            last_us,
            twin,
            duplicates,
            outer,
            recent,
        } = self;
        *ends = endpoints(segment);
        *client_known = segment.flags.syn;
        *handshake = Handshake::default();
        windows.client.clear();
        windows.server.clear();
        (*first_frame, *last_frame, *frames) = (segment.frame, segment.frame, 0);
        (*first_us, *last_us) = (segment.time_us, segment.time_us);
        *twin = None;
        *duplicates = 0;
        *outer = None;
        for recent in [&mut recent.client, &mut recent.server] {
            (recent.filled, recent.oldest) = (0, 0);
        }
    }

    /// Whether `segment` has the endpoints of this flow, in either direction.
    pub(crate) fn is_between(&self, segment: &Segment) -> bool {
        let Sides { client, server } = &self.endpoints;
        let (source, destination) = (&segment.source, &segment.destination);
        (source, destination) == (client, server) || (destination, source) == (client, server)
    }

    /// Which side sent `segment`.
    pub(crate) fn sender(&self, segment: &Segment) -> Side {
        if segment.source == self.endpoints.client { Side::Client } else { Side::Server }
    }

    /// Whether `segment` begins another connection on the same 4-tuple: a SYN with another sequence number than
    /// its sender's data. The same number again is a retransmission, also behind a RST: hosts retry what was
    /// refused. A SYN-ACK answers a SYN and begins nothing. Wireshark numbers its streams by the same rule.
    pub(crate) fn is_followed_by(&self, segment: &Segment) -> bool {
        if !segment.flags.syn || segment.flags.ack {
            return false;
        }
        let from = self.sender(segment);
        let initial = match self.handshake.syn.of(from) {
            Some(syn) => Some(syn.sequence),
            None => self.windows.of(from.peer()).space.initial(),
        };
        initial.is_some_and(|initial| initial != segment.sequence)
    }

    /// Takes `segment` into account, and says who sent it.
    pub(crate) fn note(&mut self, segment: &Segment) -> Side {
        self.frames += 1;
        self.last_frame = segment.frame;
        self.first_us = self.first_us.min(segment.time_us);
        self.last_us = self.last_us.max(segment.time_us);
        self.orient(segment);
        let from = self.sender(segment);
        self.note_outer(from, segment);
        if self.is_copy(from, segment) {
            self.duplicates += 1;
            return from;
        }
        self.handshake.note(from, segment);
        let sequence = self.locate(from, segment);
        if let (Some(sequence), true) = (sequence, segment.payload_bytes > 0 && !segment.flags.rst) {
            let moment = self.moment(from);
            self.windows.of_mut(from.peer()).send(segment, sequence, &moment);
        }
        let rtt_us = self.handshake.rtt_us();
        self.windows.of_mut(from).advertise(segment, sequence, rtt_us);
        from
    }

    fn note_outer(&mut self, from: Side, segment: &Segment) {
        if segment.outer.is_empty() {
            return;
        }
        let outer = self.outer.get_or_insert_default().of_mut(from);
        if outer.is_empty() {
            *outer = segment.outer.clone();
        }
    }

    /// Whether this is a packet that was captured before. Only data counts: the same ACK twice is harmless,
    /// and duplicate ACKs mean something.
    fn is_copy(&mut self, from: Side, segment: &Segment) -> bool {
        if segment.payload_bytes == 0 || segment.flags.syn {
            return false;
        }
        let print = Print {
            time_us: segment.time_us,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            raw_window: segment.raw_window,
            payload_bytes: segment.payload_bytes,
            timestamps: segment.options.timestamps,
        };
        let is_new = self.windows.of(from.peer()).space.is_new(segment.sequence);
        let recent = self.recent.of_mut(from);
        if !is_new && recent.prints.iter().take(recent.filled).any(|before| before.is_same_packet(&print)) {
            return true;
        }
        if let Some(oldest) = recent.prints.get_mut(recent.oldest) {
            *oldest = print;
        }
        recent.oldest = (recent.oldest + 1) % RECENT;
        recent.filled = RECENT.min(recent.filled + 1);
        false
    }

    /// A SYN that is captured late still says who the client is.
    fn orient(&mut self, segment: &Segment) {
        if self.client_known || !segment.flags.syn {
            return;
        }
        self.client_known = true;
        let client = if segment.flags.ack { segment.destination } else { segment.source };
        if client != self.endpoints.client {
            self.turn();
        }
    }

    /// Client and server change places: whoever spoke first was taken for the client, and no SYN was seen.
    pub(crate) fn turn(&mut self) {
        let Sides { client, server } = &mut self.endpoints;
        std::mem::swap(client, server);
        let Sides { client, server } = &mut self.windows;
        std::mem::swap(client, server);
        let Sides { client, server } = &mut self.recent;
        std::mem::swap(client, server);
        if let Some(Sides { client, server }) = self.outer.as_deref_mut() {
            std::mem::swap(client, server);
        }
    }

    /// The position of the segment's first byte of data in its sender's space.
    fn locate(&mut self, from: Side, segment: &Segment) -> Option<i64> {
        // The space of a side's data is kept with the window that limits it: the peer's.
        let space = &mut self.windows.of_mut(from.peer()).space;
        if segment.flags.syn {
            space.anchor(segment.sequence);
        }
        let position = space.position(segment.sequence);
        if segment.flags.syn && segment.flags.ack {
            self.windows.of_mut(from).space.anchor(segment.acknowledgment.wrapping_sub(1));
        }
        // Data in a SYN begins behind the number that the SYN takes.
        position.map(|position| position + i64::from(segment.flags.syn))
    }

    /// From an ACK captured here to the reaction of `side` captured here: as the handshake showed it, or less
    /// where timestamps, or an ACK of its for data, show that the handshake was slow. What data follows an ACK does
    /// not tell: it may have been on its way, or come at an application's pace.
    fn lag_us(&self, side: Side) -> Option<i64> {
        let handshake = (*self.handshake.lag_us.of(side))?;
        let echoed = self.windows.of(side.peer()).lag_us;
        let answered = self.windows.of(side).answer_us;
        Some([echoed, answered].into_iter().flatten().fold(handshake, i64::min))
    }

    /// Whether the quickest of `sender`'s many reactions came as soon as a kernel reacts. One may be late for
    /// whatever reason, but records that an application writes at almost the pace of the round trip are late
    /// every time. Where no timestamp named the ACK that was known, one that seems to come early by more than
    /// a sixteenth of the round trip was no reaction to it.
    pub fn reacts_promptly(&self, sender: Side, soonest_us: Option<i64>) -> bool {
        let (own, peer) = (self.lag_us(sender), self.lag_us(sender.peer()));
        let Some(((soonest, own), peer)) = soonest_us.zip(own).zip(peer) else { return false };
        let sent = self.windows.of(sender.peer());
        // A segment takes longer on the wire than the packets of the handshake: 1 us for two bytes at 16 Mbit/s.
        let on_the_wire = i64::from(sent.sent.largest_segment_bytes.min(1500) / 2);
        let late = (own / 256).clamp(100, 1_000) + on_the_wire;
        let early = ((own + peer) / 16).max(300);
        soonest <= own + late && (sent.lag_us.is_some() || soonest >= own - early)
    }

    fn moment(&self, from: Side) -> Moment {
        let terms = self.handshake.terms();
        let (own, peer) = (self.lag_us(from), self.lag_us(from.peer()));
        Moment {
            lag_us: own,
            rtt_us: own.zip(peer).map(|(own, peer)| own + peer),
            maximum_segment_size: terms.maximum_segment_size,
            sender_ack: self.windows.of(from).advertised.highest_ack,
            // Without Fast Open a server sends nothing before it has the client's first segment behind the SYN,
            // and that segment's window replaces the SYN's.
            behind_handshake: from == Side::Server
                && self.handshake.completed.is_some()
                && !terms.is_fast_open,
            declared_shift: *terms.declared_shift.of(from.peer()),
            foreign_windows: terms.is_multipath,
        }
    }

    /// The numbers do not fit together, again and again: an edited capture. Nothing follows from it.
    pub fn is_incoherent(&self) -> bool {
        let misfits = u64::from(self.windows.client.misfits) + u64::from(self.windows.server.misfits);
        misfits >= 3 && misfits * 10 >= self.frames
    }

    /// `frame.time` of the latest frame less that of the first.
    pub fn duration_us(&self) -> i64 {
        self.last_us - self.first_us
    }
}

/// Client and server, as far as the first segment tells: a SYN-ACK comes from the server.
fn endpoints(segment: &Segment) -> Sides<Endpoint> {
    let (client, server) = if segment.flags.syn && segment.flags.ack {
        (segment.destination, segment.source)
    } else {
        (segment.source, segment.destination)
    };
    Sides { client, server }
}

impl Print {
    fn is_same_packet(&self, other: &Self) -> bool {
        let Self { time_us, sequence, acknowledgment, raw_window, payload_bytes, timestamps } = *self;
        sequence == other.sequence
            && (other.time_us - time_us).abs() < COPY_US
            && acknowledgment == other.acknowledgment
            && raw_window == other.raw_window
            && payload_bytes == other.payload_bytes
            && timestamps == other.timestamps
    }
}
