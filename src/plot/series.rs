//! What is drawn of one direction of data: strokes, and the windows granted against them.

use crate::flow::MAX_SHIFT;

use super::thinning::{Sample, keep_extremes};

/// A stretch of data in the air. Positions count from the initial sequence number, so that the first byte of
/// data is at 1; times are microseconds from the first frame of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// When it was captured.
    pub time_us: i64,
    /// Position of its first byte.
    pub start: i64,
    /// Position behind its last byte.
    pub end: i64,
}

/// A window that the receiver of the data granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// When it was captured.
    pub time_us: i64,
    /// What it acknowledges.
    pub ack: i64,
    /// The raw window.
    pub raw: u16,
    /// From a SYN: never scaled.
    pub unscaled: bool,
}

impl Grant {
    /// The window in bytes if it is scaled by `shift`.
    pub fn window_bytes(&self, shift: u8) -> i64 {
        i64::from(self.raw) << if self.unscaled { 0 } else { shift }
    }

    /// The edge under `shift`.
    pub fn edge(&self, shift: u8) -> i64 {
        self.ack + self.window_bytes(shift)
    }
}

/// A value at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub time_us: i64,
    /// The value.
    pub value: i64,
}

/// A frame that a finding names, where it lies in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Wireshark's `frame.number`.
    pub frame: u64,
    /// When it was captured.
    pub time_us: i64,
    /// The end of its data, or what it acknowledges.
    pub position: i64,
}

/// One direction of data of one flow.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// New data.
    pub data: Vec<Stroke>,
    /// Data that was sent again.
    pub again: Vec<Stroke>,
    /// The windows against it.
    pub grants: Vec<Grant>,
    /// Bytes in flight: from the highest acknowledgment captured to the highest end of data.
    pub in_flight: Vec<Point>,
    /// Windows of zero.
    pub closed: Vec<Point>,
    /// The frames asked for that belong to the flow.
    pub located: Vec<Located>,
    /// Samples were left out that do not show at the size of a picture.
    pub thinned: bool,
}

/// Pieces that a column keeps of strokes that do not touch.
const PIECES: usize = 4;

impl Sample for Stroke {
    fn time_us(&self) -> i64 {
        self.time_us
    }

    /// Strokes that touch become one. Of more than a few that do not, the nearest are joined: what is drawn
    /// reaches from the lowest to the highest, and at most small gaps are covered.
    fn represent(column: &[Self], kept: &mut Vec<Self>) {
        let [first, _, ..] = column else {
            kept.extend(column);
            return;
        };
        let mut sorted = column.to_vec();
        sorted.sort_unstable_by_key(|stroke| (stroke.start, stroke.end));
        let mut pieces: Vec<Self> = Vec::new();
        for stroke in sorted {
            match pieces.last_mut() {
                Some(last) if stroke.start <= last.end => last.end = last.end.max(stroke.end),
                _ => pieces.push(Self { time_us: first.time_us, ..stroke }),
            }
        }
        while pieces.len() > PIECES {
            let gap = |pair: &[Self]| match pair {
                [a, b] => b.start - a.end,
                _ => i64::MAX,
            };
            let Some((nearest, _)) = pieces.windows(2).map(gap).enumerate().min_by_key(|(_, gap)| *gap)
            else {
                break;
            };
            let right = pieces.remove(nearest + 1);
            if let Some(left) = pieces.get_mut(nearest) {
                left.end = right.end;
            }
        }
        kept.extend(pieces);
    }
}

impl Sample for Grant {
    fn time_us(&self) -> i64 {
        self.time_us
    }

    /// The extremes of the raw window, and of the edge under every shift: which shift is drawn is known later.
    fn represent(column: &[Self], kept: &mut Vec<Self>) {
        let key = |grant: &Self, key: u8| match key.checked_sub(1) {
            None => i64::from(grant.raw),
            Some(shift) => grant.edge(shift),
        };
        keep_extremes(column, MAX_SHIFT + 2, key, kept);
    }
}

impl Sample for Point {
    fn time_us(&self) -> i64 {
        self.time_us
    }

    fn represent(column: &[Self], kept: &mut Vec<Self>) {
        keep_extremes(column, 1, |point, _| point.value, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_that_touch_become_one_and_others_stay_apart() {
        let stroke = |start, end| Stroke { time_us: 5, start, end };
        let mut kept = Vec::new();
        Stroke::represent(&[stroke(10, 20), stroke(20, 30), stroke(90, 95)], &mut kept);
        assert_eq!(kept, [stroke(10, 30), stroke(90, 95)]);
    }

    #[test]
    fn of_many_scattered_strokes_the_lowest_and_the_highest_end_remain() {
        let strokes: Vec<Stroke> =
            (0..100).map(|n| Stroke { time_us: n, start: n * n * 10, end: n * n * 10 + 5 }).collect();
        let mut kept = Vec::new();
        Stroke::represent(&strokes, &mut kept);
        assert_eq!((kept.len(), kept[0].start, kept[3].end), (4, 0, 98_015));
    }

    #[test]
    fn the_window_of_a_syn_is_the_same_under_every_shift() {
        let syn = Grant { time_us: 0, ack: 1, raw: 64240, unscaled: true };
        assert_eq!((syn.edge(0), syn.edge(10)), (64241, 64241));
        assert_eq!(Grant { unscaled: false, raw: 63, ..syn }.edge(10), 64513);
    }
}
