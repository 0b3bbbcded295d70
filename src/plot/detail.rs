//! The part of a picture that is shown enlarged: the data that a finding names.
//!
//! Beside a scaled edge of a megabyte a piece of 63 bytes is less than a pixel. That it ends exactly at the
//! unscaled edge shows only when that stretch is drawn alone.

use crate::detect::FrameNote;
use crate::report::FlowReport;

use super::panel::number;
use super::scale::Scale;
use super::series::{Grant, Series, Stroke};

/// The scales of the enlarged part, where findings name data.
pub(super) fn scales(flow: &FlowReport, series: &Series, notes: &[FrameNote]) -> Option<(Scale, Scale)> {
    // The frames with a label are those of the handshake.
    let is_plain = |frame: u64| notes.iter().any(|note| note.number == frame && note.label.is_none());
    let named = || series.located.iter().filter(|located| is_plain(located.frame));
    let first = named().map(|located| located.time_us).min()?;
    let last = named().map(|located| located.time_us).max()?;
    let margin = ((last - first) / 6).max(flow.rtt_us.unwrap_or(0)).max(10);
    let (from, to) = ((first - margin).max(0), last + margin);
    let within = |stroke: &&Stroke| (from..=to).contains(&stroke.time_us);
    let strokes = || series.data.iter().chain(&series.again).filter(within);
    let known = |grant: &&Grant| !grant.unscaled && (from..=to).contains(&grant.time_us);
    let edges = || series.grants.iter().filter(known);
    let low = strokes().map(|stroke| stroke.start).chain(edges().map(|grant| grant.ack)).min()?;
    let high = strokes().map(|stroke| stroke.end).chain(edges().map(|grant| grant.edge(0))).max()?;
    let room = number((high - low).max(10)) * 0.12;
    let low = (number(low) - room).max(0.0);
    Some((Scale::span(number(from), number(to)), Scale::span(low, number(high) + room)))
}
