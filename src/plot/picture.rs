//! The picture of one direction of a flow: a time-sequence graph, and below it the bytes in flight.
//!
//! The graph is the one that tcptrace made standard: time against sequence number, data as strokes between
//! the line of acknowledgments and the edge of the window.

use crate::detect::{Direction, FrameNote, Severity};
use crate::report::FlowReport;
use crate::units;

use super::annotation;
use super::canvas::{Align, At, Canvas, Type, dress, fit, text_width};
use super::detail;
use super::edge::{Edge, edges};
use super::ink::Ink;
use super::legend::{self, Entry, Sample};
use super::panel::{Panel, number};
use super::scale::Scale;
use super::series::{Series, Stroke};
use super::words;

const WIDTH: u32 = 1200;
const LEFT: f64 = 112.0;
const RIGHT: f64 = 1176.0;
const MARGIN: f64 = 24.0;
const GRAPH: f64 = 400.0;
const FLIGHT: f64 = 210.0;
const DETAIL: f64 = 210.0;
/// Room for the labels of a time axis.
const AXIS: f64 = 50.0;

/// A scaled edge that floats higher than this above the data, as a factor, leaves the picture: the data must
/// remain visible.
const HEADROOM: i64 = 14;

/// Windows and flights that differ by more than this are drawn on a log scale.
const LOG_FROM: i64 = 20;

/// Draws the data that flows in `direction`, as recorded in `series`. `source` names the capture.
pub fn svg(source: &str, flow: &FlowReport, direction: Direction, series: &Series) -> String {
    let advertiser = direction.sender.peer();
    let edges = edges(flow.windows.of(advertiser), advertiser);
    let mut drawn = String::new();
    // The height follows from what is above the panels: it is laid out once to measure, once to draw.
    let mut height = 0;
    for _ in 0..2 {
        drawn.clear();
        let mut canvas = Canvas::new(&mut drawn, WIDTH, height);
        canvas.fill(At { x: 0.0, y: 0.0 }, At { x: f64::from(WIDTH), y: f64::from(height) }, Ink::Paper);
        height = layout(&mut canvas, source, flow, direction, series, &edges);
        canvas.finish();
    }
    let description =
        format!("{}; {}", words::parties(flow, direction), words::numbers(flow, direction).join("; "));
    dress(&drawn, WIDTH, height, &words::headline(flow, direction), &description)
}

fn layout(
    canvas: &mut Canvas<'_>,
    source: &str,
    flow: &FlowReport,
    direction: Direction,
    series: &Series,
    edges: &[Edge],
) -> u32 {
    let mut y = titles(canvas, source, flow, direction, series);
    let entries = entries(series, edges);
    y += legend::draw(canvas, &entries, At { x: MARGIN, y }, f64::from(WIDTH) - 2.0 * MARGIN) + 8.0;
    let time = time_scale(flow, series);
    if !series.located.is_empty() {
        y += annotation::LANE;
    }
    let graph = Panel {
        left: LEFT,
        right: RIGHT,
        top: y,
        bottom: y + GRAPH,
        time,
        value: reach(series, edges, time),
    };
    draw_graph(canvas, &graph, series, edges, &notes(flow, direction));
    y += GRAPH + 26.0;
    let value = flight_scale(series, edges);
    let flight = Panel { top: y, bottom: y + FLIGHT, value, ..graph };
    draw_flight(canvas, &flight, series, edges);
    y += FLIGHT + AXIS;
    let notes = notes(flow, direction);
    if let Some((time, value)) = detail::scales(flow, series, &notes) {
        y += annotation::LANE;
        let panel = Panel { top: y, bottom: y + DETAIL, time, value, ..graph };
        panel.frame(canvas, "enlarged, bytes", true);
        draw_data(canvas, &panel, series, edges);
        annotation::draw(canvas, &panel, &series.located, &notes);
        y += DETAIL + AXIS;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "about a thousand")]
    return y as u32;
}

/// The lines above everything. Returns where they end.
fn titles(
    canvas: &mut Canvas<'_>,
    source: &str,
    flow: &FlowReport,
    direction: Direction,
    series: &Series,
) -> f64 {
    let mut y = 28.0;
    let title = Type { size: 20.0, bold: true, ink: Ink::Text, align: Align::Left };
    let width = f64::from(WIDTH) - 2.0 * MARGIN;
    canvas.text(&fit(&words::headline(flow, direction), 20.0, width), At { x: MARGIN, y }, title);
    let [first, second] = words::numbers(flow, direction);
    let mut origin = format!("{source}, tcp.stream eq {}", flow.index);
    if series.thinned {
        origin.push_str(", thinned: extremes are kept");
    }
    for (text, ink) in [
        (first, Ink::Text),
        (second, Ink::Text),
        (words::parties(flow, direction), Ink::Text),
        (origin, Ink::Faint),
    ] {
        y += if y < 30.0 { 27.0 } else { 19.0 };
        let text = fit(&text, 13.0, width);
        canvas.text(&text, At { x: MARGIN, y }, Type { size: 13.0, bold: false, ink, align: Align::Left });
    }
    y + 16.0
}

/// Only what occurs is explained.
fn entries(series: &Series, edges: &[Edge]) -> Vec<Entry> {
    let entry = |sample, ink, label: &str| Entry { ink, sample, label: label.to_owned() };
    let mut entries = vec![entry(Sample::Strokes, Ink::Data, "data; bytes in flight, as captured")];
    if !series.again.is_empty() {
        entries.push(entry(Sample::Strokes, Ink::Again, "data sent again"));
    }
    entries.push(entry(Sample::Line, Ink::Ack, "acknowledged"));
    entries.extend(edges.iter().map(|edge| entry(Sample::Line, edge.ink, &edge.label)));
    if !series.closed.is_empty() {
        entries.push(entry(Sample::Diamond, Ink::Unscaled, "window of zero"));
    }
    if !series.located.is_empty() {
        entries.push(entry(Sample::Ring, Ink::Faint, "frame of the evidence"));
    }
    entries
}

/// The frames of the evidence: those of the findings about this direction (those about none in particular belong
/// to both), or the one that proves the window healthy.
pub fn notes(flow: &FlowReport, direction: Direction) -> Vec<FrameNote> {
    let about = flow.findings.iter().filter(|finding| {
        finding.rule.severity > Severity::Note
            && finding.window_of.is_none_or(|side| side == direction.sender.peer())
    });
    let named: Vec<FrameNote> = about.flat_map(|finding| finding.frames.iter().cloned()).collect();
    let window = flow.windows.of(direction.sender.peer());
    match window.overshoot.filter(|_| window.proven && named.is_empty()) {
        Some(over) => vec![FrameNote { number: over.frame, label: None }],
        None => named,
    }
}

/// To the last data, and a little on, so that its acknowledgment shows; not through an idle tail.
pub(super) fn time_scale(flow: &FlowReport, series: &Series) -> Scale {
    let last = |strokes: &[Stroke]| strokes.last().map(|stroke| stroke.time_us);
    let ended = last(&series.data).max(last(&series.again));
    let closed = series.closed.last().map(|point| point.time_us);
    let located = series.located.last().map(|located| located.time_us);
    let Some(ended) = ended.max(closed).max(located) else {
        return Scale::linear(number(flow.duration_us));
    };
    let tail = (ended / 25).max(flow.rtt_us.unwrap_or(0) * 3 / 2);
    Scale::linear(number(ended + tail))
}

/// From 0 to the highest edge that keeps the data visible.
fn reach(series: &Series, edges: &[Edge], time: Scale) -> Scale {
    let sent = series.data.iter().chain(&series.again).map(|stroke| stroke.end).max().unwrap_or(0);
    let shown =
        || series.grants.iter().filter(|grant| number(grant.time_us) <= time.high() && !grant.unscaled);
    let highest = |shift: u8| shown().map(|grant| grant.edge(shift)).max().unwrap_or(0);
    let lowest = |shift: u8| shown().filter(|grant| grant.raw > 0).map(|grant| grant.edge(shift)).min();
    let floor = sent.max(highest(0)).max(100);
    let roof = floor.saturating_mul(HEADROOM);
    // An edge that never comes near is not worth the room below it.
    let near = edges.iter().filter(|edge| lowest(edge.shift).is_some_and(|lowest| lowest < roof));
    let edge = near.map(|edge| highest(edge.shift)).max().unwrap_or(0).min(roof);
    let headroom = if edges.iter().all(|edge| lowest(edge.shift).is_none_or(|lowest| lowest < roof)) {
        1.04
    } else {
        1.3
    };
    Scale::linear(number(floor.max(edge)) * headroom)
}

fn draw_graph(canvas: &mut Canvas<'_>, panel: &Panel, series: &Series, edges: &[Edge], notes: &[FrameNote]) {
    panel.frame(canvas, "bytes from the start", false);
    draw_data(canvas, panel, series, edges);
    beyond(canvas, panel, series, edges);
    if series.data.is_empty() && series.again.is_empty() {
        let at = At { x: f64::midpoint(panel.left, panel.right), y: f64::midpoint(panel.top, panel.bottom) };
        let how = Type { size: 14.0, bold: false, ink: Ink::Text, align: Align::Center };
        canvas.text("no data was captured in this direction", at, how);
    }
    annotation::draw(canvas, panel, &series.located, notes);
}

/// Acknowledgments, edges over them, data on top.
fn draw_data(canvas: &mut Canvas<'_>, panel: &Panel, series: &Series, edges: &[Edge]) {
    let mut highest = 0;
    let acks = series.grants.iter().map(|grant| {
        highest = highest.max(grant.ack);
        (grant.time_us, highest)
    });
    panel.steps(canvas, acks, Ink::Ack, 1.5);
    for edge in edges.iter().rev() {
        let points = series.grants.iter().map(|grant| (grant.time_us, grant.edge(edge.shift)));
        panel.steps(canvas, points, edge.ink, 2.0);
    }
    for (strokes, ink) in [(&series.data, Ink::Data), (&series.again, Ink::Again)] {
        for stroke in strokes.iter().filter(|stroke| panel.shows(stroke.time_us)) {
            let (from, to) = (panel.at(stroke.time_us, stroke.start), panel.at(stroke.time_us, stroke.end));
            // A stroke of a few bytes must not vanish.
            canvas.stroke(from, At { y: to.y.min(from.y - 1.5), ..to }, ink, 2.0);
        }
    }
    for point in series.closed.iter().filter(|point| panel.shows(point.time_us)) {
        legend::diamond(canvas, panel.at(point.time_us, point.value), Ink::Unscaled);
    }
}

/// Says so where an edge is so far above the data that it is not in the picture.
fn beyond(canvas: &mut Canvas<'_>, panel: &Panel, series: &Series, edges: &[Edge]) {
    let mut y = panel.top + 14.0;
    for edge in edges.iter().filter(|edge| edge.shift > 0) {
        let behind = || series.grants.iter().filter(|grant| !grant.unscaled && panel.shows(grant.time_us));
        let lowest = behind().filter(|grant| grant.raw > 0).map(|grant| grant.edge(edge.shift)).min();
        if lowest.is_some_and(|lowest| number(lowest) > panel.value.high()) {
            let most = behind().map(|grant| grant.window_bytes(edge.shift)).max().unwrap_or(0);
            let text = format!(
                "above the picture: the {}, up to {} above the acknowledged",
                edge.label,
                units::bytes(most.unsigned_abs()),
            );
            let right = panel.right - 10.0;
            let (from, to) =
                (At { x: right - text_width(&text, 12.0), y: y - 8.0 }, At { x: right, y: y + 8.0 });
            canvas.fill(from, to, Ink::Paper);
            canvas.text(
                &text,
                At { x: right, y },
                Type { size: 12.0, bold: true, ink: Ink::Text, align: Align::Right },
            );
            y += 18.0;
        }
    }
}

/// Linear from 0, or logarithmic when the largest flight and windows differ much.
pub(super) fn flight_scale(series: &Series, edges: &[Edge]) -> Scale {
    let behind = || series.grants.iter().filter(|grant| !grant.unscaled);
    let mut largest: Vec<i64> = edges
        .iter()
        .filter_map(|edge| behind().map(|grant| grant.window_bytes(edge.shift)).max())
        .chain(series.in_flight.iter().map(|point| point.value).max())
        .filter(|value| *value > 0)
        .collect();
    largest.sort_unstable();
    let (Some(&least), Some(&most)) = (largest.first(), largest.last()) else { return Scale::linear(1.0) };
    if most > least.saturating_mul(LOG_FROM) {
        let syn = series.grants.iter().filter(|grant| grant.unscaled).map(|grant| i64::from(grant.raw));
        let most = syn.max().unwrap_or(0).max(most);
        let smallest = behind().map(|grant| i64::from(grant.raw)).filter(|raw| *raw > 0).min();
        Scale::log(number(smallest.unwrap_or(least).min(least)) / 4.0, number(most) * 2.0)
    } else {
        Scale::linear(number(most) * 1.08)
    }
}

fn draw_flight(canvas: &mut Canvas<'_>, panel: &Panel, series: &Series, edges: &[Edge]) {
    let title = if panel.value.is_log() { "in flight and window (log)" } else { "in flight and window" };
    panel.frame(canvas, title, true);
    // The unscaled window comes last: it must show also where the flight is a black band.
    let window = |canvas: &mut Canvas<'_>, edge: &Edge| {
        let points = series.grants.iter().map(|grant| (grant.time_us, grant.window_bytes(edge.shift)));
        panel.steps(canvas, points, edge.ink, 2.0);
    };
    edges.iter().skip(1).for_each(|edge| window(canvas, edge));
    let points = series.in_flight.iter().map(|point| (point.time_us, point.value));
    panel.steps(canvas, points, Ink::Data, 1.5);
    edges.iter().take(1).for_each(|edge| window(canvas, edge));
    for point in series.closed.iter().filter(|point| panel.shows(point.time_us)) {
        legend::diamond(canvas, At { x: panel.x(point.time_us), y: panel.bottom - 5.0 }, Ink::Unscaled);
    }
}
