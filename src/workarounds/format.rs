//! The ways to print an answer, one file each. They print, they never compute.

mod json;
mod sh;
mod sysctl;
mod text;

use super::advice::Advice;

/// The registry: a name on the command line, and the printer.
type Print = fn(&Advice) -> String;
const REGISTRY: [(&str, Print); 4] =
    [("text", text::print), ("sh", sh::print), ("sysctl", sysctl::print), ("json", json::print)];

/// The names; the first is the default.
pub fn names() -> [&'static str; 4] {
    REGISTRY.map(|(name, _)| name)
}

/// `advice` in the format `name`; text if there is no such format.
pub fn print(name: &str, advice: &Advice) -> String {
    let found = REGISTRY.iter().find(|(known, _)| *known == name);
    found.map_or(text::print as Print, |(_, print)| *print)(advice)
}

/// A number with its thousands apart, for people.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `26.2 Mbit/s at 20 ms, 5.2 Mbit/s at 100 ms`.
fn ceilings(cost: &super::advice::Cost) -> String {
    let Some(bytes) = cost.window_bytes else { return "unknown".to_owned() };
    let at = |ceiling: &super::advice::Ceiling| {
        format!("{:.1} Mbit/s at {} ms", ceiling.mbit_per_s, ceiling.rtt_ms)
    };
    let list = cost.ceilings.iter().map(at).collect::<Vec<_>>().join(", ");
    format!("at most {} bytes per round trip: {list}", grouped(bytes))
}

/// `shift 7`, `no window scale option`, `shift 10 to 14`, `unknown`.
fn offer(offer: super::kernel::Offer) -> String {
    match offer {
        super::kernel::Offer::Unknown => "unknown".to_owned(),
        super::kernel::Offer::Absent => "no window scale option".to_owned(),
        super::kernel::Offer::Shift { min, max } if min == max => format!("shift {min}"),
        super::kernel::Offer::Shift { min, max } => format!("a shift between {min} and {max}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 999, 1_000, 65_535, 33_554_432].map(super::grouped),
            ["0", "999", "1,000", "65,535", "33,554,432"]
        );
    }
}
