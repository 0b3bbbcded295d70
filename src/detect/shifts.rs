//! The three shifts of one window, as intervals.

use crate::flow::{Flow, MAX_SHIFT, Side, Stop, Window};

/// Shifts that are possible, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The smallest.
    pub min: u8,
    /// The largest.
    pub max: u8,
}

/// The evidence for an interval contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl Contradiction {
    /// The same in words.
    pub fn reason(self) -> &'static str {
        "the evidence contradicts itself"
    }
}

/// An interval, if there can be one.
pub type Bounds = Result<Interval, Contradiction>;

/// The shifts of one side's window.
#[derive(Clone, Debug)]
pub struct Shifts {
    /// What follows from both SYNs as seen here.
    pub declared: Option<u8>,
    /// What the advertiser uses.
    pub applied: Bounds,
    /// What the sender of the data acts on.
    pub believed: Bounds,
    /// Stops that bound the believed shift from above.
    pub stopping: Option<Stopping>,
    /// Why the advertiser is thought to scale by less than declared.
    pub scales_less: ScalesLess,
    /// Smallest believed shift that follows from acknowledged overshoots.
    pub overshoot: u8,
}

/// The sender stops at the edge of a shift.
#[derive(Clone, Copy, Debug)]
pub struct Stopping {
    /// Which shift.
    pub shift: u8,
    /// The stops.
    pub stop: Stop,
    /// How the stops were recognised.
    pub pattern: Pattern,
}

/// What shows that the sender stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Exact ends, and the next data was released by the next ACK.
    Released,
    /// Exact ends that follow the window as it changes.
    Follows,
    /// All segments have the size of the window, or half of it, and go out one flight per ACK.
    FrozenFlight,
}

/// Signs that the advertiser scales its window by less than declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalesLess {
    /// The first window behind the handshake is the SYN's, less what it holds: it is not scaled at all. Alone it
    /// does not convict: a host that writes its scaled window into the SYN repeats it too.
    pub repeats_syn_window: bool,
    /// What else fits a window in bytes only.
    pub in_bytes: Option<InBytes>,
    /// Under this shift the right edge stands still while the window fills; under the declared one it would
    /// move left again and again.
    pub pinned_at: Option<u8>,
}

/// What shows that a window which repeats the SYN's counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InBytes {
    /// It shrinks by exactly the bytes that arrive; in units of the declared shift that is chance.
    Shrinks,
    /// It grows to 65535, the most that fits, and the SYN's was below: with a scale it would have been declared
    /// so that more than the largest window fits.
    Saturates,
    /// The advertiser reads its peer's windows unscaled as well: its own data stops there in so many rounds.
    Stops(u32),
}

impl ScalesLess {
    /// Whether there is any sign.
    pub fn is_suspected(self) -> bool {
        self.repeats_syn_window || self.pinned_at.is_some()
    }

    /// The shift that is applied according to what is more than a suspicion.
    pub fn shift(self) -> Option<u8> {
        if self.in_bytes.is_some() { Some(0) } else { self.pinned_at }
    }
}

/// What the timestamps take of a segment.
const TIMESTAMP_BYTES: u32 = 12;

/// A round with a stop is one piece of evidence; this many make a proof.
const RELEASED_ROUNDS: u32 = 8;

/// Of so many rounds one may leave room.
const FILLED: u32 = 4;

/// Ends that follow the window are worth more.
const FOLLOWING_ROUNDS: u32 = 3;

/// Above this a window right after the handshake is not believed to be scaled: Linux and Windows open at most
/// 2 MB (Windows 10: 8212 << 8), Solaris writes 1 MB as its SYN's window (32806 << 5).
const LARGEST_FIRST_WINDOW: u64 = 2 << 20;

/// Fewer bytes than this are held by chance.
const HELD_MIN: u64 = 8;

/// Retractions, or steps in bytes, that are more than an accident.
const AGAIN_AND_AGAIN: u16 = 3;

impl Shifts {
    /// Infers the shifts of `side`'s window.
    pub(crate) fn infer(flow: &Flow, side: Side) -> Self {
        let window = flow.windows.of(side);
        let declared = flow.handshake.declared_shift(side);
        let overshoot = overshoot(window);
        let stopping = declared.and_then(|declared| stopping(flow, side, declared, overshoot));
        let scales_less = scales_less(flow, side, declared);
        let believed = interval(overshoot, stopping.map_or(MAX_SHIFT, |stopping| stopping.shift));
        let applied = interval(window.advertised.floor.shift, applied_max(window, scales_less));
        Self { declared, applied, believed, stopping, scales_less, overshoot }
    }
}

fn interval(min: u8, max: u8) -> Bounds {
    if min <= max { Ok(Interval { min, max }) } else { Err(Contradiction) }
}

/// Lower bound of the believed shift. When the capture lost ACKs, only what that cannot fake counts.
fn overshoot(window: &Window) -> u8 {
    let overshoots = &window.overshoots;
    let best = if window.capture_lost_acks() { overshoots.best_robust } else { overshoots.best };
    best.map_or(0, |overshoot| overshoot.shift)
}

/// The smallest shift below the declared one at whose edge the sender stops.
fn stopping(flow: &Flow, side: Side, declared: u8, overshoot: u8) -> Option<Stopping> {
    let window = flow.windows.of(side);
    let exact = (overshoot..declared).find_map(|shift| {
        let stop = window.stops.at(shift);
        let often = |rounds: u32| rounds * 5 >= window.sent.rounds;
        let usually = stop.tight * 2 >= window.sent.rounds;
        let pattern = if stop.follows && stop.rounds >= FOLLOWING_ROUNDS && (often(stop.rounds) || usually) {
            Pattern::Follows
        } else if stop.released >= RELEASED_ROUNDS
            && often(stop.released)
            && fills(&stop, stop.released)
            && !holds_pieces_back(flow, side, u32::from(stop.raw) << shift)
            && flow.reacts_promptly(side.peer(), stop.soonest_us)
        {
            Pattern::Released
        } else {
            return None;
        };
        Some(Stopping { shift, stop, pattern })
    });
    exact.or_else(|| frozen_flight(flow, side, declared, overshoot))
}

/// A sender that takes the window for tiny cuts its segments to the window or, as Linux does
/// (`tcp_bound_to_half_wnd()`), to half of it, and sends them one flight per ACK.
fn frozen_flight(flow: &Flow, side: Side, declared: u8, overshoot: u8) -> Option<Stopping> {
    let window = flow.windows.of(side);
    let sent = &window.sent;
    let raw = u32::from(window.advertised.max_raw?);
    let full_segment = u32::from(flow.handshake.maximum_segment_size()?);
    let largest = sent.largest_segment_bytes;
    let steady = window.advertised.min_raw.is_some_and(|min| u32::from(min) * 10 >= raw * 9);
    let clocked = sent.clocked_rounds >= RELEASED_ROUNDS
        && sent.clocked_rounds * 2 >= sent.rounds
        && flow.reacts_promptly(side.peer(), sent.clocked_soonest_us);
    let is_frozen = (32..full_segment.saturating_sub(TIMESTAMP_BYTES)).contains(&largest);
    if !steady || !clocked || !is_frozen || sent.retransmissions > 0 || holds_pieces_back(flow, side, largest)
    {
        return None;
    }
    let (shift, stop) =
        (overshoot..declared).map(|shift| (shift, window.stops.at(shift))).find(|(shift, stop)| {
            // Two halves fill the window; records of the half, sent one by one, do not.
            let halves = largest == (raw << shift) / 2 && stop.rounds * 2 >= sent.rounds;
            (largest == raw << shift || halves) && fills(stop, sent.clocked_rounds)
        })?;
    let stop = Stop { raw: window.advertised.max_raw?, rounds: sent.clocked_rounds, ..stop };
    Some(Stopping { shift, stop, pattern: Pattern::FrozenFlight })
}

/// Whether the sender filled the window in nearly all of `rounds`. Nagle's algorithm (RFC 9293 §3.7.4) makes records
/// wait for the next ACK too, but it leaves room: one goes out, or two at once, as they are written meanwhile.
fn fills(stop: &Stop, rounds: u32) -> bool {
    stop.short * FILLED <= rounds
}

/// Whether no ACK releases a piece of data that fills a window of `window` bytes, because the sender knows a window
/// that is much larger. RFC 9293 §3.8.6.2.1: a sender holds back what is shorter than a full segment and than
/// "Fs * Max(SND.WND)", half of the largest window that it ever knew, until a timer runs out. A client knows the
/// window of the SYN-ACK. Linux sends a piece behind full segments nevertheless (`tcp_mss_split_point()`), so this
/// holds for windows below one.
fn holds_pieces_back(flow: &Flow, side: Side, window: u32) -> bool {
    let syn_window = flow.windows.of(side).advertised.syn_window.filter(|_| side == Side::Server);
    let full_segment = flow.handshake.maximum_segment_size();
    syn_window
        .zip(full_segment)
        .is_some_and(|(known, segment)| known / 2 >= segment && window + TIMESTAMP_BYTES < u32::from(segment))
}

fn scales_less(flow: &Flow, side: Side, declared: Option<u8>) -> ScalesLess {
    let windows = &flow.windows.of(side).advertised;
    let Some(declared) = declared.filter(|shift| *shift > 0) else { return ScalesLess::default() };
    let mut found = ScalesLess::default();
    if let (Some(syn), Some(first)) = (windows.syn_window, windows.first)
        && let Some(held) = first.acknowledged_bytes
    {
        let (syn, raw) = (u64::from(syn), u64::from(first.raw));
        // 65535 is the largest number that fits: it does not tell a window in bytes from a larger one.
        found.repeats_syn_window = syn < u64::from(u16::MAX)
            && held <= syn / 4
            && raw <= syn
            && raw >= syn - held
            && raw << declared > LARGEST_FIRST_WINDOW;
    }
    if found.repeats_syn_window {
        found.in_bytes = in_bytes(flow, side);
    }
    let at = |counts: &[u16], shift: u8| counts.get(usize::from(shift)).copied().unwrap_or(0);
    let moves_left =
        at(&windows.retractions, declared) >= AGAIN_AND_AGAIN && at(&windows.pinned, declared) == 0;
    found.pinned_at = (windows.floor.shift..declared).filter(|_| moves_left).find(|shift| {
        at(&windows.pinned, *shift) >= AGAIN_AND_AGAIN && at(&windows.retractions, *shift) == 0
    });
    found
}

/// What a window that is declared to be scaled does only if it is not.
fn in_bytes(flow: &Flow, side: Side) -> Option<InBytes> {
    let windows = &flow.windows.of(side).advertised;
    let (syn, first) = (windows.syn_window?, windows.first?);
    let held = first.acknowledged_bytes?;
    let holds = held >= HELD_MIN && u64::from(first.raw) + held == u64::from(syn);
    let counts = |counts: &[u16]| counts.first().copied().unwrap_or(0);
    if holds || (counts(&windows.pinned) > 0 && counts(&windows.retractions) == 0) {
        return Some(InBytes::Shrinks);
    }
    if windows.max_raw == Some(u16::MAX) {
        return Some(InBytes::Saturates);
    }
    let peer = flow.windows.of(side.peer());
    let stopping = stopping(flow, side.peer(), flow.handshake.declared_shift(side.peer())?, overshoot(peer))?;
    (stopping.shift == 0).then_some(InBytes::Stops(stopping.stop.rounds))
}

fn applied_max(window: &Window, scales_less: ScalesLess) -> u8 {
    if let Some(shift) = scales_less.shift() {
        return shift;
    }
    let retractions = &window.advertised.retractions;
    // A receiver that takes its window back under every shift says nothing about the shift.
    if retractions.first().is_some_and(|count| *count > 0) {
        return MAX_SHIFT;
    }
    (0..=MAX_SHIFT)
        .rev()
        .zip(retractions.iter().rev())
        .find(|(_, count)| **count < AGAIN_AND_AGAIN)
        .map_or(0, |(s, _)| s)
}
