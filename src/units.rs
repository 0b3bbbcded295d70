//! Numbers with units as people read them. A leaf: every stage may use it.
//!
//! Times are microseconds of the capture's clock (`_us`), sizes are bytes (`_bytes`), rates are bytes per
//! second. Unknown is `?`, never 0.

mod visible;

pub use visible::{acts, visible};

/// `1482752` as `1,482,752`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `64512` as `64,512 B`.
pub fn bytes(number: u64) -> String {
    format!("{} B", grouped(number))
}

/// A rate of bytes per second in decimal units, `1575` as `1.6 kB/s`.
pub fn rate(bytes_per_s: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two significant digits are printed")]
    let value = bytes_per_s as f64;
    match bytes_per_s {
        0..1_000 => format!("{bytes_per_s} B/s"),
        1_000..1_000_000 => format!("{} kB/s", significant(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} MB/s", significant(value / 1e6)),
        _ => format!("{} GB/s", significant(value / 1e9)),
    }
}

/// A duration, `40500` as `40.5 ms`.
pub fn duration(us: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are printed")]
    let value = us as f64;
    match us.unsigned_abs() {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{} ms", significant(value / 1e3)),
        _ => format!("{} s", significant(value / 1e6)),
    }
}

/// Bytes over a duration as a rate; `None` when no time has passed.
pub fn rate_of(bytes: u64, us: i64) -> Option<u64> {
    let us = u128::try_from(us).ok().filter(|us| *us > 0)?;
    u64::try_from(u128::from(bytes) * 1_000_000 / us).ok()
}

/// `n` things in words: `1 flow`, `2 flows`.
pub fn count(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

fn significant(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_482_752), "1,482,752");
    }

    #[test]
    fn rates_and_durations_choose_their_unit() {
        assert_eq!(rate(999), "999 B/s");
        assert_eq!(rate(1575), "1.6 kB/s");
        assert_eq!(rate(1_612_800), "1.6 MB/s");
        assert_eq!(duration(40_500), "40.5 ms");
        assert_eq!(duration(5_123_000), "5.1 s");
    }

    #[test]
    fn no_time_gives_no_rate() {
        assert_eq!(rate_of(1000, 0), None);
        assert_eq!(rate_of(64_512, 40_000), Some(1_612_800));
    }
}
