//! For programs: numbers are numbers, unknown is `null`, units are in the names.

use serde::Serialize;

use super::super::advice::{Advice, Case, Cost, Workaround};
use super::super::general::{SYSTEMS, System};
use super::super::host::Reading;
use super::super::kernel::{FORMULA, Offer};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    host: Host<'a>,
    current_offer: &'static str,
    current_shift: Option<u8>,
    current_shift_range: Option<Range>,
    current_reason: &'a str,
    current_cost: &'a Cost,
    formula: &'static str,
    warnings: &'a [String],
    faults: Option<&'a [Case]>,
    elsewhere: &'a [String],
    options: Vec<Choice<'a>>,
    general: Option<&'static [System]>,
}

#[derive(Serialize)]
struct Host<'a> {
    kernel: Option<&'a str>,
    tcp_window_scaling: Option<u32>,
    tcp_rmem_bytes: Option<[u32; 3]>,
    tcp_wmem_bytes: Option<[u32; 3]>,
    rmem_max_bytes: Option<u32>,
    rmem_max_read_only: bool,
    wmem_max_bytes: Option<u32>,
}

#[derive(Serialize)]
struct Choice<'a> {
    predicted_offer: &'static str,
    predicted_shift: Option<u8>,
    predicted_shift_range: Option<Range>,
    #[serde(flatten)]
    workaround: &'a Workaround,
}

#[derive(Serialize)]
struct Range {
    min: u8,
    max: u8,
}

pub(super) fn print(advice: &Advice) -> String {
    let host = &advice.host;
    let kernel = if let Reading::Known(release) = &host.kernel { Some(release.as_str()) } else { None };
    let document = Document {
        schema_version: 1,
        host: Host {
            kernel,
            tcp_window_scaling: host.tcp_window_scaling.value(),
            tcp_rmem_bytes: host.tcp_rmem.value(),
            tcp_wmem_bytes: host.tcp_wmem.value(),
            rmem_max_bytes: host.rmem_max.value(),
            rmem_max_read_only: host.rmem_max_read_only,
            wmem_max_bytes: host.wmem_max.value(),
        },
        current_offer: word(advice.current),
        current_shift: advice.current.shift(),
        current_shift_range: range(advice.current),
        current_reason: &advice.current_reason,
        current_cost: &advice.current_cost,
        formula: FORMULA,
        warnings: &advice.warnings,
        faults: advice.faults.as_deref(),
        elsewhere: &advice.elsewhere,
        options: advice.workarounds.iter().map(choice).collect(),
        general: advice.general.then_some(SYSTEMS.as_slice()),
    };
    // Strings, numbers and lists always serialize.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn choice(workaround: &Workaround) -> Choice<'_> {
    let offer = workaround.predicted;
    Choice {
        predicted_offer: word(offer),
        predicted_shift: offer.shift(),
        predicted_shift_range: range(offer),
        workaround,
    }
}

fn word(offer: Offer) -> &'static str {
    match offer {
        Offer::Unknown => "unknown",
        Offer::Absent => "absent",
        Offer::Shift { .. } => "shift",
    }
}

fn range(offer: Offer) -> Option<Range> {
    match offer {
        Offer::Shift { min, max } => Some(Range { min, max }),
        Offer::Unknown | Offer::Absent => None,
    }
}
