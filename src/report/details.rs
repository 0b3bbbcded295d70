//! One flow in full, for a terminal: both windows, their three shifts, the evidence, and charts.

use std::io::{self, Write};

use crate::decode::Offer;
use crate::detect::{Bounds, Direction};
use crate::flow::{MAX_SHIFT, Side};
use crate::units;

use super::style::{BOLD, Paint};
use super::{FlowReport, Layout, WindowReport};

/// Lines that draw the data of one direction.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The direction.
    pub direction: Direction,
    /// The lines.
    pub lines: Vec<String>,
}

/// Writes `flow` in full.
pub(super) fn details(
    out: &mut dyn Write,
    flow: &FlowReport,
    charts: &[Chart],
    layout: &Layout,
) -> io::Result<()> {
    let paint = Paint { color: layout.color };
    if let Some(outer) = &flow.outer {
        writeln!(out, "\n{}", paint.apply(BOLD, "tags and tunnels around the packets, by their sender"))?;
        for side in Side::BOTH {
            let outer = outer.of(side);
            let text = if outer.is_empty() { "nothing".to_owned() } else { outer.to_string() };
            fact(out, side.name(), &text, layout)?;
        }
    }
    for side in Side::BOTH {
        let heading = format!("the {}'s window, which limits the {}'s data", side.name(), side.peer().name());
        writeln!(out, "\n{}", paint.apply(BOLD, &heading))?;
        for (label, text) in window(flow.windows.of(side), side) {
            fact(out, label, &text, layout)?;
        }
    }
    for chart in charts {
        let sender = chart.direction.sender;
        let heading = format!("from {} to {}", sender.name(), sender.peer().name());
        writeln!(out, "\n{}", paint.apply(BOLD, &heading))?;
        chart.lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// One line, or more that hang.
fn fact(out: &mut dyn Write, label: &str, text: &str, layout: &Layout) -> io::Result<()> {
    let first = format!("  {label:10}");
    let rest = " ".repeat(first.len());
    let options =
        textwrap::Options::new(layout.width.max(40)).initial_indent(&first).subsequent_indent(&rest);
    textwrap::wrap(text, options).into_iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn window(window: &WindowReport, side: Side) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("offered", offered(window)),
        ("declared", declared(window)),
        ("applied", format!("by the {}: {}", side.name(), bounds(window.applied_shift))),
        ("believed", format!("by the {}: {}", side.peer().name(), bounds(window.believed_shift))),
        ("windows", windows(window)),
        ("data", data(window)),
    ];
    facts.extend(evidence(window).map(|text| ("evidence", text)));
    facts
}

fn offered(window: &WindowReport) -> String {
    let syn = window.syn_window.map(|syn| format!(", in a SYN with window {}", units::grouped(syn.into())));
    let offer = match window.offer {
        Offer::Shift(shift) => format!("shift {shift}"),
        Offer::Absent => "none".to_owned(),
        Offer::Unseen => "not seen".to_owned(),
        Offer::Inconsistent => "inconsistent".to_owned(),
    };
    offer + &syn.unwrap_or_default()
}

fn declared(window: &WindowReport) -> String {
    let effective = match (window.declared_shift, window.effective_shift) {
        (declared, Some(effective)) if declared != Some(effective) => {
            format!(", read here with shift {effective}")
        }
        _ => String::new(),
    };
    window.declared_shift.map_or_else(|| "unknown".to_owned(), |shift| format!("shift {shift}")) + &effective
}

/// An interval in words.
fn bounds(bounds: Bounds) -> String {
    match bounds.map(|interval| (interval.min, interval.max)) {
        Err(contradiction) => format!("unknown, {}", contradiction.reason()),
        Ok((0, MAX_SHIFT)) => format!("unknown (0 to {MAX_SHIFT})"),
        Ok((min, max)) if min == max => format!("shift {min}"),
        Ok((min, max)) => format!("shift {min} to {max}"),
    }
}

fn windows(window: &WindowReport) -> String {
    let (Some(min), Some(max)) = (window.min_raw, window.max_raw) else {
        return "none behind the SYN".to_owned();
    };
    let raw = |raw: u16| units::grouped(raw.into());
    let first = window.first_raw.map_or_else(String::new, |first| format!(" (first {})", raw(first)));
    let bytes = match window.max_window_bytes() {
        Some(bytes) => format!(", at most {}", units::bytes(bytes)),
        None => ", of which the shift is unknown".to_owned(),
    };
    let range = if min == max { raw(min) } else { format!("{} to {}", raw(min), raw(max)) };
    let closed = match window.zero_windows {
        0 => String::new(),
        zero => format!(", closed in {}", units::count(zero.into(), "segment")),
    };
    format!("raw {range}{first}{bytes}{closed}")
}

fn data(window: &WindowReport) -> String {
    let rate = window.rate_bytes_per_s.map_or_else(String::new, |rate| format!(" at {}", units::rate(rate)));
    let flight = window
        .max_in_flight_bytes
        .map_or_else(String::new, |bytes| format!(", at most {} in flight", units::bytes(bytes)));
    match window.data_bytes {
        0 => "none".to_owned(),
        bytes => format!("{}{rate}{flight}", units::bytes(bytes)),
    }
}

/// What bounds the believed shift.
fn evidence(window: &WindowReport) -> Option<String> {
    let stops = (window.edge_stops > 0).then(|| {
        format!(
            "the data stops at an edge below the declared one in {}",
            units::count(window.edge_stops.into(), "round")
        )
    });
    let beyond = window.overshoot.map(|over| {
        format!(
            "{} in flight against a raw window of {} (frame {}), acknowledged: shift {} or more is believed",
            units::bytes(over.in_flight_bytes),
            units::grouped(over.raw.into()),
            over.frame,
            over.shift
        )
    });
    let parts: Vec<String> = stops.into_iter().chain(beyond).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
