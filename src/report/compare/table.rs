//! The tables of a comparison: changes over all flows, and what became of the segments.

use std::io::{self, Write};

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use crate::compare::{Class, Counts, Leg, Passage, Row};
use crate::flow::Side;
use crate::units;

/// Rows of changes at most; JSON has all.
const ROWS: usize = 24;

/// `client to server`, by the sender.
pub(super) fn direction(from: Side) -> String {
    format!("{} to {}", from.name(), from.peer().name())
}

/// Every change: how regular, in which segments, and on which server ports.
pub(super) fn changes(out: &mut dyn Write, leg: &Leg) -> io::Result<()> {
    let mut table =
        vec![["change", "in", "direction", "segments", "flows", "server port", "seen"].map(str::to_owned)];
    for row in leg.rows.iter().take(ROWS) {
        let of = |share: u64, all: u64| format!("{} of {}", units::grouped(share), units::grouped(all));
        let is_flow = row.change.class == Class::Flow;
        table.push([
            row.change.brief(),
            row.change.class.name().to_owned(),
            direction(row.change.from),
            if is_flow { "all".to_owned() } else { of(row.total.segments, row.total.segments_of) },
            of(row.total.flows, row.total.flows_of),
            ports(row),
            row.frequency.name().to_owned(),
        ]);
    }
    write(out, table)?;
    if let Some(more @ 1..) = leg.rows.len().checked_sub(ROWS) {
        writeln!(out, "{}; --format json has them", units::count(more as u64, "more change"))?;
    }
    Ok(())
}

/// `80`, or `80: 3 of 3, 443: none of 5` where they differ.
fn ports(row: &Row) -> String {
    /// Ports listed at most.
    const LISTED: usize = 4;
    let known: Vec<(&u16, &Counts)> = row.ports.iter().filter(|(_, counts)| counts.segments_of > 0).collect();
    if known.len() == 1 {
        return known.iter().map(|(port, _)| port.to_string()).collect();
    }
    if known.iter().all(|(_, counts)| counts.segments == counts.segments_of) {
        return format!("all {}", known.len());
    }
    let mut listed: Vec<String> = known
        .iter()
        .take(LISTED)
        .map(|(port, counts)| match counts.flows {
            0 => format!("{port}: none of {}", counts.flows_of),
            flows => format!("{port}: {flows} of {}", counts.flows_of),
        })
        .collect();
    if known.len() > LISTED {
        listed.push("...".to_owned());
    }
    listed.join(", ")
}

/// A heading, and what is counted under it.
struct Column(&'static str, fn(&Passage) -> u64);

/// What became of the segments, by direction.
pub(super) fn passages(out: &mut dyn Write, leg: &Leg) -> io::Result<()> {
    let columns = [
        Column("sent", |passage: &Passage| passage.sent),
        Column("passed", |passage| passage.passed),
        Column("lost", |passage| passage.lost),
        Column("not captured", |passage| passage.missed),
        Column("lost or not captured", |passage| passage.unclear),
        Column("cut anew", |passage| passage.resegmented),
        Column("outside the other capture", |passage| passage.outside),
        Column("first seen behind", |passage| passage.appeared),
    ];
    let sum = |from: Side, count: fn(&Passage) -> u64| -> u64 {
        leg.pairs.iter().map(|pair| count(pair.passages.of(from))).sum()
    };
    // A column of zeros says nothing, but that nothing was lost is worth saying.
    let shown: Vec<_> = columns
        .into_iter()
        .filter(|Column(name, count)| {
            ["sent", "passed", "lost"].contains(name)
                || Side::BOTH.into_iter().any(|from| sum(from, *count) > 0)
        })
        .collect();
    let mut table: Vec<Vec<String>> = vec![
        std::iter::once("segments")
            .chain(shown.iter().map(|Column(name, _)| *name))
            .map(str::to_owned)
            .collect(),
    ];
    for from in Side::BOTH {
        let numbers = shown.iter().map(|Column(_, count)| units::grouped(sum(from, *count)));
        table.push(std::iter::once(direction(from)).chain(numbers).collect());
    }
    write(out, table)
}

fn write<R: IntoIterator<Item = String>>(out: &mut dyn Write, rows: Vec<R>) -> io::Result<()> {
    let mut builder = Builder::default();
    for row in rows {
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
