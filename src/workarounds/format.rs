//! The ways to print an answer, one file each. They print, they never compute.

mod json;
mod sh;
mod sysctl;
mod text;

use super::advice::{Advice, Ceiling, Cost};
use super::kernel::Offer;
use crate::units::grouped;

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

/// `26.2 Mbit/s at 20 ms, 5.2 Mbit/s at 100 ms`.
fn ceilings(cost: &Cost) -> String {
    let Some(bytes) = cost.window_bytes else { return "unknown".to_owned() };
    let at = |ceiling: &Ceiling| format!("{:.1} Mbit/s at {} ms", ceiling.mbit_per_s, ceiling.rtt_ms);
    let list = cost.ceilings.iter().map(at).collect::<Vec<_>>().join(", ");
    format!("at most {} bytes per round trip: {list}", grouped(bytes))
}

/// `shift 7`, `no window scale option`, `shift 10 to 14`, `unknown`.
fn offer(offer: Offer) -> String {
    match offer {
        Offer::Unknown => "unknown".to_owned(),
        Offer::Absent => "no window scale option".to_owned(),
        Offer::Shift { min, max } if min == max => format!("shift {min}"),
        Offer::Shift { min, max } => format!("a shift between {min} and {max}"),
    }
}
