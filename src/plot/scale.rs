//! Scales: from values to the length of an axis, and the ticks that people expect on it.

use crate::units::grouped;

/// An axis from its low end to its high end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

/// A labelled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

impl Scale {
    /// From 0 to `high`.
    pub(super) fn linear(high: f64) -> Self {
        Self { low: 0.0, high: high.max(1.0), log: false }
    }

    /// From `low` to `high`.
    pub(super) fn span(low: f64, high: f64) -> Self {
        Self { low, high: high.max(low + 1.0), log: false }
    }

    /// From `low` to `high`, both above 0, each factor of ten as long as the next.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let low = low.max(0.5);
        Self { low, high: high.max(low * 10.0), log: true }
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    pub(super) fn is_log(&self) -> bool {
        self.log
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end. On a log scale nothing lies below the low end.
    pub(super) fn share(&self, value: f64) -> f64 {
        if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Ticks of bytes.
    pub(super) fn byte_ticks(&self) -> Vec<Tick> {
        // Far from the start a short stretch is told in whole bytes.
        let whole = !self.log && self.low > 0.0 && (self.high - self.low) * 100.0 < self.high;
        let label = |value| if whole { format!("{} B", plain(value)) } else { bytes(value) };
        self.values().into_iter().map(|value| Tick { value, label: label(value) }).collect()
    }

    /// Ticks of microseconds, and the unit of their labels.
    pub(super) fn time_ticks(&self) -> (Vec<Tick>, &'static str) {
        let (unit_us, unit) = match self.high - self.low {
            length if length >= 2e6 => (1e6, "s"),
            length if length >= 2e3 => (1e3, "ms"),
            _ => (1.0, "µs"),
        };
        let ticks = self.values().into_iter().map(|value| Tick { value, label: plain(value / unit_us) });
        (ticks.collect(), unit)
    }

    fn values(&self) -> Vec<f64> {
        if self.log { self.decades() } else { self.steps() }
    }

    fn decades(&self) -> Vec<f64> {
        let factors: &[f64] = if self.high / self.low > 200.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let decades = (0..19).map(|power| 10f64.powi(power));
        decades
            .flat_map(|decade| factors.iter().map(move |factor| decade * factor))
            .filter(|value| (self.low..=self.high).contains(value))
            .collect()
    }

    /// Five to ten steps of 1, 2 or 5 times a power of ten.
    fn steps(&self) -> Vec<f64> {
        let length = self.high - self.low;
        let raw = length / 8.0;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw);
        let step = step.unwrap_or(length);
        let first = (self.low / step).ceil();
        (0..=12)
            .map(|number| (first + f64::from(number)) * step)
            .filter(|value| *value <= self.high)
            .collect()
    }
}

/// Bytes in decimal units, short.
fn bytes(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 1e3 => format!("{} B", plain(value)),
        value if value < 1e6 => format!("{} kB", plain(value / 1e3)),
        value if value < 1e9 => format!("{} MB", plain(value / 1e6)),
        value => format!("{} GB", plain(value / 1e9)),
    }
}

/// A number of a tick without zeros that say nothing.
fn plain(value: f64) -> String {
    if value >= 1000.0 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        return grouped(value.round() as u64);
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_units() {
        assert_eq!(
            labels(Scale::linear(72_000.0).byte_ticks()),
            ["0", "10 kB", "20 kB", "30 kB", "40 kB", "50 kB", "60 kB", "70 kB"]
        );
        let (ticks, unit) = Scale::linear(5_120_000.0).time_ticks();
        assert_eq!(
            (labels(ticks), unit),
            (vec!["0".into(), "1".into(), "2".into(), "3".into(), "4".into(), "5".into()], "s")
        );
        assert_eq!(
            labels(Scale::log(10.0, 200_000.0).byte_ticks()),
            ["10 B", "100 B", "1 kB", "10 kB", "100 kB"]
        );
    }

    #[test]
    fn a_log_scale_gives_each_factor_of_ten_the_same_length() {
        let scale = Scale::log(1.0, 10_000.0);
        assert!((scale.share(100.0) - 0.5).abs() < 1e-9);
        assert!(scale.share(0.0).abs() < 1e-9);
    }

    #[test]
    fn a_flow_without_length_still_has_an_axis() {
        assert!(!Scale::linear(0.0).byte_ticks().is_empty());
    }
}
