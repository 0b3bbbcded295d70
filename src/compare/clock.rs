//! How the clocks of two captures differ.
//!
//! A segment's two capture times differ by the clocks' offset plus its way (towards the server) or less its way
//! (towards the client). The shortest ways of both directions bound the offset from both sides; the estimate
//! is the middle, wrong by at most half of the shortest round trip between the two points, as in NTP. Drift is
//! said only where both directions show it: a queue that grows looks like drift in one.

use crate::flow::{Side, Sides};

/// One segment captured twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) from: Side,
    /// Capture times.
    pub(crate) time_us: Sides<i64>,
}

impl Sample {
    /// The clock of the server's side less that of the client's side, plus or minus the way.
    fn difference_us(&self) -> i64 {
        self.time_us.server - self.time_us.client
    }
}

/// The clocks of two captures, and the way between them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The clock of the server's side less that of the client's side.
    pub offset_us: Option<i64>,
    /// The offset is wrong by this at most.
    pub error_us: Option<i64>,
    /// How fast the clock of the server's side runs away, in parts per million; `None` where none shows.
    pub drift_ppm: Option<f64>,
    /// The shortest way there and back between the two capture points.
    pub round_trip_us: Option<i64>,
    /// Client-to-server segments pass the capture point that was given second first.
    pub reversed: bool,
    /// Shortest and longest difference of capture times, client to server and server to client, drift taken out.
    range_us: Sides<Option<(i64, i64)>>,
    start_us: i64,
}

/// The span is cut into so many pieces to see drift.
const PIECES: usize = 16;

/// Below this the captures are too short, or the drift too small, to be told from noise.
const DRIFT_US_MIN: f64 = 300.0;

impl Clock {
    pub(crate) fn estimate(samples: &[Sample]) -> Self {
        let mut clock = Self {
            start_us: samples.iter().map(|sample| sample.time_us.client).min().unwrap_or(0),
            ..Self::default()
        };
        clock.drift_ppm = drift(samples, clock.start_us);
        for side in Side::BOTH {
            let differences = samples
                .iter()
                .filter(|sample| sample.from == side)
                .map(|sample| sample.difference_us() - clock.drifted_us(sample.time_us.client));
            let range = differences.fold(None, |range: Option<(i64, i64)>, difference| {
                let (low, high) = range.unwrap_or((difference, difference));
                Some((low.min(difference), high.max(difference)))
            });
            *clock.range_us.of_mut(side) = range;
        }
        if let (Some(there), Some(back)) = (clock.range_us.client, clock.range_us.server) {
            // Going there adds the way to the difference, coming back takes it off.
            let round_trip = there.0 - back.1;
            clock.offset_us = Some(i64::midpoint(there.0, back.1));
            clock.error_us = Some((round_trip / 2).abs());
            clock.round_trip_us = Some(round_trip);
            // Two captures on one host may disagree by a few microseconds.
            clock.reversed = round_trip < -100 && there.1 - back.0 < 0;
        }
        clock
    }

    /// What drift has added by `time_us` of the client's side.
    fn drifted_us(&self, time_us: i64) -> i64 {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "microseconds")]
        self.drift_ppm.map_or(0, |ppm| ((time_us - self.start_us) as f64 * ppm / 1e6).round() as i64)
    }

    /// When a segment of `from` that was captured at its own side at `time_us` would have been captured at the
    /// other side: earliest and latest, as far as other segments tell.
    pub(crate) fn arrival_us(&self, from: Side, time_us: i64) -> Option<(i64, i64)> {
        match from {
            Side::Client => self.in_server_clock(from, time_us),
            Side::Server => self.in_client_clock(from, time_us),
        }
    }

    /// When a segment of `from` that was captured at the other side at `time_us` would have been captured at its
    /// own side: earliest and latest.
    pub(crate) fn departure_us(&self, from: Side, time_us: i64) -> Option<(i64, i64)> {
        match from {
            Side::Client => self.in_client_clock(from, time_us),
            Side::Server => self.in_server_clock(from, time_us),
        }
    }

    /// Differences seen on segments of `from`; where there are none, those of the other direction.
    fn range(&self, from: Side) -> Option<(i64, i64)> {
        self.range_us.of(from).or(*self.range_us.of(from.peer()))
    }

    fn in_server_clock(&self, from: Side, time_us: i64) -> Option<(i64, i64)> {
        let (low, high) = self.range(from)?;
        let drifted = self.drifted_us(time_us);
        Some((time_us + low + drifted, time_us + high + drifted))
    }

    fn in_client_clock(&self, from: Side, time_us: i64) -> Option<(i64, i64)> {
        let (low, high) = self.range(from)?;
        let drifted = self.drifted_us(time_us - low);
        Some((time_us - high - drifted, time_us - low - drifted))
    }
}

/// The slope that both directions show, in parts per million.
#[expect(clippy::cast_precision_loss, reason = "microseconds")]
fn drift(samples: &[Sample], start_us: i64) -> Option<f64> {
    let end_us = samples.iter().map(|sample| sample.time_us.client).max()?;
    let span = usize::try_from(end_us - start_us).ok().filter(|span| *span > 0)?;
    let slope = |from: Side| {
        let mut shortest: [Option<(i64, i64)>; PIECES] = [None; PIECES];
        for sample in samples.iter().filter(|sample| sample.from == from) {
            let at = usize::try_from(sample.time_us.client - start_us).ok()? * PIECES / (span + 1);
            let difference = sample.difference_us();
            let slot = shortest.get_mut(at)?;
            let shorter = |known: i64| match from {
                Side::Client => difference < known,
                Side::Server => difference > known,
            };
            if slot.is_none_or(|(_, known)| shorter(known)) {
                *slot = Some((sample.time_us.client, difference));
            }
        }
        let points: Vec<(i64, i64)> = shortest.into_iter().flatten().collect();
        let mut slopes: Vec<f64> = Vec::new();
        for (index, a) in points.iter().enumerate() {
            let later = points.iter().skip(index + 1).filter(|b| b.0 > a.0);
            slopes.extend(later.map(|b| (b.1 - a.1) as f64 / (b.0 - a.0) as f64));
        }
        slopes.sort_by(f64::total_cmp);
        let median = *slopes.get(slopes.len() / 2)?;
        let mut off: Vec<f64> =
            points.iter().map(|p| p.1 as f64 - median * (p.0 - start_us) as f64).collect();
        off.sort_by(f64::total_cmp);
        let noise = off.get(off.len() * 3 / 4)? - off.get(off.len() / 4)?;
        (points.len() >= 4).then_some((median, noise))
    };
    let (there, back) = (slope(Side::Client)?, slope(Side::Server)?);
    let gentler = if there.0.abs() < back.0.abs() { there.0 } else { back.0 };
    let grown_us = gentler.abs() * span as f64;
    let clear = there.0 * back.0 > 0.0 && grown_us > DRIFT_US_MIN && grown_us > 3.0 * there.1.max(back.1);
    clear.then_some(gentler * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five seconds of both directions over 20 ms each way, the server's clock `offset` ahead and drifting.
    fn samples(offset: i64, ppm: i64) -> Vec<Sample> {
        let sample = |index: i64, from| {
            let sent = 1_000_000 + index * 10_000;
            let jitter = index * 7919 % 90;
            let (client, server) = match from {
                Side::Client => (sent, sent + 20_000 + jitter),
                Side::Server => (sent + 20_000 + jitter, sent),
            };
            let server = server + offset + (server - 1_000_000) * ppm / 1_000_000;
            Sample { from, time_us: Sides { client, server } }
        };
        (0..500).flat_map(|index| Side::BOTH.map(|from| sample(index, from))).collect()
    }

    #[test]
    fn three_seconds_apart_is_estimated_within_its_error() {
        let clock = Clock::estimate(&samples(3_000_000, 0));
        assert!((clock.offset_us.unwrap() - 3_000_000).abs() <= 50, "{clock:?}");
        assert_eq!((clock.error_us, clock.drift_ppm, clock.reversed), (Some(20_000), None, false));
    }

    #[test]
    fn drift_is_seen_in_both_directions() {
        let clock = Clock::estimate(&samples(-40, 200));
        assert!((clock.drift_ppm.unwrap() - 200.0).abs() < 20.0, "{clock:?}");
    }

    #[test]
    fn captures_in_the_wrong_order_break_causality() {
        let turned = samples(0, 0).into_iter().map(|sample| Sample {
            time_us: Sides { client: sample.time_us.server, server: sample.time_us.client },
            ..sample
        });
        assert!(Clock::estimate(&turned.collect::<Vec<_>>()).reversed);
    }
}
