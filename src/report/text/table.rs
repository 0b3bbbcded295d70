//! The table of flows. Columns that do not fit the terminal are left out, the least telling first.

use std::io::{self, Write};

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use crate::decode::Offer;
use crate::flow::Side;
use crate::report::style::{Paint, of_verdict};
use crate::report::{FlowReport, Layout, ShiftSource};
use crate::units;

/// One column: heading, cell, whether numbers are aligned to the right, and what it is worth. A column of
/// worth 0 is never left out.
pub(in crate::report) struct Column {
    heading: &'static str,
    cell: fn(&FlowReport) -> String,
    right: bool,
    worth: u8,
}

pub(in crate::report) const COLUMNS: [Column; 9] = [
    Column { heading: "#", cell: |flow| flow.index.to_string(), right: true, worth: 0 },
    Column { heading: "client", cell: |flow| flow.endpoints.client.to_string(), right: false, worth: 0 },
    Column { heading: "server", cell: |flow| flow.endpoints.server.to_string(), right: false, worth: 0 },
    Column { heading: "shift", cell: shift, right: false, worth: 3 },
    Column { heading: "window", cell: window, right: false, worth: 4 },
    Column { heading: "in flight", cell: in_flight, right: true, worth: 1 },
    Column { heading: "rtt", cell: rtt, right: true, worth: 2 },
    Column { heading: "rate", cell: rate, right: true, worth: 5 },
    Column { heading: "verdict", cell: |flow| flow.verdict.name().to_owned(), right: false, worth: 0 },
];

/// The columns of `live`: what could be reached is worth more there than what was.
pub(in crate::report) const LIVE_COLUMNS: [Column; 9] = [
    Column { heading: "#", cell: |flow| flow.index.to_string(), right: true, worth: 0 },
    Column { heading: "client", cell: |flow| flow.endpoints.client.to_string(), right: false, worth: 0 },
    Column { heading: "server", cell: |flow| flow.endpoints.server.to_string(), right: false, worth: 0 },
    Column { heading: "shift", cell: shift, right: false, worth: 3 },
    Column { heading: "window", cell: window, right: false, worth: 5 },
    Column { heading: "in flight", cell: in_flight, right: true, worth: 1 },
    Column { heading: "rtt", cell: rtt, right: true, worth: 2 },
    Column { heading: "ceiling", cell: ceiling, right: true, worth: 4 },
    Column { heading: "verdict", cell: |flow| flow.verdict.name().to_owned(), right: false, worth: 0 },
];

pub(super) fn write(out: &mut dyn Write, flows: &[&FlowReport], layout: &Layout) -> io::Result<()> {
    for line in lines(&COLUMNS, flows, layout) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The heading and one line per flow.
pub(in crate::report) fn lines(columns: &[Column], flows: &[&FlowReport], layout: &Layout) -> Vec<String> {
    let mut columns: Vec<&Column> = columns.iter().collect();
    let mut lines = render(flows, &columns);
    while lines.iter().any(|line| line.chars().count() > layout.width) {
        let Some(least) = columns.iter().map(|column| column.worth).filter(|worth| *worth > 0).min() else {
            break;
        };
        columns.retain(|column| column.worth != least);
        lines = render(flows, &columns);
    }
    let paint = Paint { color: layout.color };
    let painted = |(index, line): (usize, String)| {
        // The verdict is the last column; colour is added when all widths are settled.
        let verdict = index.checked_sub(1).and_then(|index| flows.get(index)).map(|flow| flow.verdict);
        match verdict.and_then(|verdict| Some((verdict, line.strip_suffix(verdict.name())?))) {
            Some((verdict, rest)) => format!("{rest}{}", paint.apply(of_verdict(verdict), verdict.name())),
            None => line,
        }
    };
    lines.into_iter().enumerate().map(painted).collect()
}

fn render(flows: &[&FlowReport], columns: &[&Column]) -> Vec<String> {
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|column| column.heading));
    for flow in flows {
        builder.push_record(columns.iter().map(|column| (column.cell)(flow)));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    for (index, _) in columns.iter().enumerate().filter(|(_, column)| column.right) {
        table.modify(Columns::one(index), Alignment::right());
    }
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

fn shift(flow: &FlowReport) -> String {
    Side::BOTH
        .map(|side| match flow.windows.of(side).offer {
            Offer::Shift(shift) => shift.to_string(),
            Offer::Absent => "-".to_owned(),
            // The offer was not seen; the kernel of this host knows what it came to.
            Offer::Unseen if flow.windows.of(side).shift_source == Some(ShiftSource::Kernel) => {
                flow.windows.of(side).declared_shift.map_or_else(unknown, |shift| format!("{shift}k"))
            }
            Offer::Unseen => "?".to_owned(),
            Offer::Inconsistent => "!".to_owned(),
        })
        .join("/")
}

fn window(flow: &FlowReport) -> String {
    let window = flow.windows.of(flow.focus());
    match (window.max_raw, window.max_window_bytes()) {
        (Some(raw), Some(bytes)) => format!("{} -> {}", units::grouped(u64::from(raw)), units::bytes(bytes)),
        (Some(raw), None) => format!("{} -> ?", units::grouped(u64::from(raw))),
        (None, _) => "?".to_owned(),
    }
}

fn in_flight(flow: &FlowReport) -> String {
    flow.windows.of(flow.focus()).max_in_flight_bytes.map_or_else(unknown, units::bytes)
}

fn rtt(flow: &FlowReport) -> String {
    flow.rtt_us.map_or_else(unknown, units::duration)
}

fn rate(flow: &FlowReport) -> String {
    flow.windows.of(flow.focus()).rate_bytes_per_s.map_or_else(unknown, units::rate)
}

fn ceiling(flow: &FlowReport) -> String {
    let window = flow.windows.of(flow.focus());
    let ceiling =
        window.max_window_bytes().zip(flow.rtt_us).and_then(|(bytes, rtt)| units::rate_of(bytes, rtt));
    ceiling.map_or_else(unknown, units::rate)
}

fn unknown() -> String {
    "?".to_owned()
}
