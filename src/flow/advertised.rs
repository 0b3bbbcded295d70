//! The windows that one side advertised, and what they say about the shift that it really applies.

use super::{MAX_SHIFT, SHIFTS};

/// Windows of one advertiser. Raw values are as on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct Advertised {
    /// The window of the SYN or SYN-ACK, never scaled.
    pub syn_window: Option<u16>,
    /// First raw window behind the handshake.
    pub first: Option<First>,
    /// Smallest raw window behind the handshake.
    pub min_raw: Option<u16>,
    /// Largest raw window behind the handshake.
    pub max_raw: Option<u16>,
    /// Segments with a window behind the handshake.
    pub segments: u64,
    /// Segments that advertise a window of zero.
    pub zero_windows: u64,
    /// How long the window was closed, as far as it was seen to open again.
    pub closed_us: i64,
    /// When and in which frame the window was closed for the first time.
    pub first_closed: Option<(i64, u64)>,
    /// The frame of the first retraction, for each shift.
    pub retracted_frames: [Option<u64>; SHIFTS],
    /// The lower bound of the applied shift that follows from the SYN's window.
    pub floor: Floor,
    /// How often the right edge would have moved left by more than rounding, for each shift.
    pub retractions: [u16; SHIFTS],
    /// How often the right edge stood still while the raw window shrank, for each shift: data that arrives and
    /// is not read yet fills the window, and only under the applied shift it does so byte for byte.
    pub pinned: [u16; SHIFTS],
    /// Capture time of the latest one.
    pub last_us: Option<i64>,
    /// Highest acknowledgment, as a position.
    pub highest_ack: Option<i64>,
    /// Acknowledgments of data that was never captured: the capture has holes.
    pub phantom_acks: u32,
    newest: Option<(i64, u16)>,
    closed_since_us: Option<i64>,
}

/// The moment of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) frame: u64,
    pub(crate) time_us: i64,
}

/// The first window behind the handshake.
#[derive(Clone, Copy, Debug)]
pub struct First {
    /// Its frame.
    pub frame: u64,
    /// The raw window.
    pub raw: u16,
    /// Bytes of the peer's data that it acknowledges, where the initial sequence number is known.
    pub acknowledged_bytes: Option<u64>,
}

/// A receiver does not take back what it has offered, so the first windows say how far they must be scaled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Floor {
    /// `raw << shift` reaches the SYN's window less what was acknowledged since only from this shift on.
    pub shift: u8,
    /// The first segment that says so.
    pub frame: u64,
    /// Its raw window.
    pub raw: u16,
    /// The SYN's window less what that segment acknowledges.
    pub promised_bytes: u64,
    /// What that segment acknowledges.
    pub acknowledged_bytes: u64,
    /// How many segments that acknowledge something new say at least one less.
    pub segments: u32,
}

/// The raw window must shrink by this much at once, so that rounding does not blur which shift fits.
const PINNED_MIN: i64 = 8;

impl Advertised {
    /// A window behind the handshake. `ack` is the acknowledged position; `anchored` says that position 1 is
    /// the first byte of data for certain.
    pub(crate) fn note(&mut self, at: At, raw: u16, ack: Option<i64>, anchored: bool) {
        let At { frame, time_us } = at;
        let acknowledged_bytes = ack.filter(|_| anchored).and_then(|ack| u64::try_from(ack - 1).ok());
        if self.first.is_none() {
            self.first = Some(First { frame, raw, acknowledged_bytes });
        }
        self.segments += 1;
        self.last_us = Some(time_us);
        self.min_raw = Some(self.min_raw.map_or(raw, |min| min.min(raw)));
        self.max_raw = Some(self.max_raw.map_or(raw, |max| max.max(raw)));
        if raw == 0 {
            self.zero_windows += 1;
            self.closed_since_us.get_or_insert(time_us);
            self.first_closed.get_or_insert((time_us, frame));
        } else if let Some(since) = self.closed_since_us.take() {
            self.closed_us += time_us - since;
        }
        let is_news = ack.is_some_and(|ack| self.highest_ack.is_none_or(|highest| ack > highest));
        self.note_floor(frame, raw, acknowledged_bytes, is_news);
        if let Some(ack) = ack {
            self.note_right_edge(frame, raw, ack);
            self.highest_ack = Some(self.highest_ack.map_or(ack, |highest| highest.max(ack)));
        }
    }

    /// RFC 9293 §3.8.6: a receiver SHOULD NOT shrink the window. So `raw << k >= W0 - acknowledged`, up to
    /// rounding. Zero says nothing: a full buffer is no collapse. Errs towards the smaller shift.
    fn note_floor(&mut self, frame: u64, raw: u16, acknowledged_bytes: Option<u64>, is_news: bool) {
        let (Some(syn_window), Some(acknowledged)) = (self.syn_window, acknowledged_bytes) else { return };
        let Some(promised) = u64::from(syn_window).checked_sub(acknowledged) else { return };
        if raw == 0 || promised == 0 {
            return;
        }
        let reaches = (u64::from(raw) + 1) << self.floor.shift > promised;
        if reaches && !is_news {
            return;
        }
        let needed = shift_beyond(u64::from(raw) + 1, promised).min(MAX_SHIFT);
        if needed > self.floor.shift {
            let keeps = self.floor.shift + 1 == needed;
            self.floor = Floor {
                shift: needed,
                frame,
                raw,
                promised_bytes: promised,
                acknowledged_bytes: acknowledged,
                segments: if keeps { self.floor.segments } else { 0 },
            };
        }
        if is_news && needed > 0 && needed + 1 >= self.floor.shift {
            self.floor.segments = self.floor.segments.saturating_add(1);
        }
    }

    /// RFC 7323 §2.4: rounding may move the right edge left by less than `2^k`; more is a retraction. Only
    /// segments that advance the acknowledgment are compared: others may have been reordered.
    fn note_right_edge(&mut self, frame: u64, raw: u16, ack: i64) {
        let Some((before_ack, before_raw)) = self.newest else {
            self.newest = Some((ack, raw));
            return;
        };
        if ack < before_ack || (ack == before_ack && raw <= before_raw) {
            return;
        }
        self.newest = Some((ack, raw));
        let advance = ack - before_ack;
        let Some(shrunk) = before_raw.checked_sub(raw).map(i64::from).filter(|shrunk| *shrunk > 0) else {
            return;
        };
        let counts = self.retractions.iter_mut().zip(&mut self.retracted_frames).zip(&mut self.pinned);
        for (shift, ((retracted, first), pinned)) in counts.enumerate() {
            let left = (shrunk << shift) - advance;
            if left > 1 << shift {
                *retracted = retracted.saturating_add(1);
                first.get_or_insert(frame);
            }
            if left.abs() < 1 << shift && shrunk >= PINNED_MIN {
                *pinned = pinned.saturating_add(1);
            }
        }
    }

    /// The smallest shift whose edge was not exceeded by data up to `end`, even if every ACK that can have existed
    /// was known: up to `ack`, with the largest window that was ever advertised.
    pub(crate) fn needed_at_most(&self, ack: i64, end: i64, behind_handshake: bool) -> u8 {
        let Some(raw) = self.max_raw else { return 0 };
        let syn_edge = 1 + i64::from(self.syn_window.unwrap_or(u16::MAX));
        if end - 1 <= syn_edge && !behind_handshake {
            return 0;
        }
        (0..=MAX_SHIFT).find(|shift| end - 1 <= ack + (i64::from(raw) << shift)).unwrap_or(MAX_SHIFT)
    }

    /// The window was closed and was not seen to open again.
    pub fn is_closed(&self) -> bool {
        self.closed_since_us.is_some()
    }
}

/// The smallest shift under which `unit` is more than `bytes`; `unit` is not zero.
fn shift_beyond(unit: u64, bytes: u64) -> u8 {
    let shift = bytes.max(unit).ilog2() - unit.ilog2();
    u8::try_from(shift).unwrap_or(u8::MAX).saturating_add(u8::from(unit << shift <= bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_beyond_is_the_first_that_suffices() {
        for unit in (1..70).chain([1000, 65535, 65536]) {
            for bytes in (1..300).chain([5840, 29200, 64240, 65535]) {
                let first = (0..20).find(|shift| unit << shift > bytes);
                assert_eq!(Some(shift_beyond(unit, bytes)), first, "{unit} {bytes}");
            }
        }
    }

    fn at(frame: u64) -> At {
        At { frame, time_us: 0 }
    }

    fn after_syn(syn_window: u16) -> Advertised {
        Advertised { syn_window: Some(syn_window), ..Advertised::default() }
    }

    #[test]
    fn the_first_window_bounds_the_applied_shift_from_below() {
        for (syn, raw, shift) in
            [(5840, 92, 6), (29200, 229, 7), (64240, 502, 7), (64240, 63, 10), (64240, 64240, 0)]
        {
            let mut windows = after_syn(syn);
            windows.note(at(3), raw, Some(1), true);
            assert_eq!(windows.floor.shift, shift, "{syn} {raw}");
        }
    }

    #[test]
    fn a_window_above_the_syns_bounds_nothing() {
        let mut windows = after_syn(8192);
        windows.note(at(3), 8212, Some(1), true);
        assert_eq!(windows.floor.shift, 0);
    }

    #[test]
    fn data_that_was_acknowledged_is_no_collapse() {
        let mut windows = after_syn(8192);
        windows.note(at(3), 192, Some(8001), true);
        assert_eq!(windows.floor.shift, 0);
    }

    #[test]
    fn a_zero_window_is_no_collapse() {
        let mut windows = after_syn(8192);
        windows.note(at(3), 0, Some(1), true);
        assert_eq!(windows.floor.shift, 0);
    }

    #[test]
    fn a_buffer_that_fills_retracts_only_under_a_wrong_shift() {
        let mut windows = after_syn(64240);
        windows.note(at(3), 64240, Some(1), true);
        windows.note(at(5), 62792, Some(1449), true);
        assert_eq!((windows.retractions[0], windows.retractions[7]), (0, 1));
        assert_eq!((windows.pinned[0], windows.pinned[7]), (1, 0));
        windows.note(at(7), 100, Some(1450), true);
        assert_eq!((windows.retracted_frames[0], windows.retracted_frames[7]), (Some(7), Some(5)));
    }

    #[test]
    fn reordered_acks_retract_nothing() {
        let mut windows = after_syn(64240);
        windows.note(at(3), 200, Some(2000), true);
        windows.note(at(4), 100, Some(1000), true);
        windows.note(at(5), 100, Some(2000), true);
        assert_eq!(windows.retractions, [0; SHIFTS]);
    }
}
