//! The legend: in rows above the panels, where it covers no data.

use super::canvas::{Align, At, Canvas, Type, text_width};
use super::ink::Ink;

const SIZE: f64 = 12.0;
const ROW: f64 = 19.0;
const SAMPLE: f64 = 34.0;
const GAP: f64 = 8.0;

/// How an entry's sample is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    Line,
    Strokes,
    Diamond,
    Ring,
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) ink: Ink,
    pub(super) sample: Sample,
    pub(super) label: String,
}

/// Draws `entries` in as many rows as they need and returns the height used.
pub(super) fn draw(canvas: &mut Canvas<'_>, entries: &[Entry], from: At, width: f64) -> f64 {
    let (mut x, mut y) = (from.x, from.y + ROW / 2.0);
    for entry in entries {
        let needed = SAMPLE + GAP + text_width(&entry.label, SIZE);
        if x > from.x && x + needed > from.x + width {
            x = from.x;
            y += ROW;
        }
        sample(canvas, entry, At { x, y });
        let how = Type { size: SIZE, bold: false, ink: Ink::Text, align: Align::Left };
        canvas.text(&entry.label, At { x: x + SAMPLE + GAP, y }, how);
        x += needed + 2.0 * GAP;
    }
    y + ROW / 2.0 - from.y
}

fn sample(canvas: &mut Canvas<'_>, entry: &Entry, at: At) {
    let center = At { x: at.x + SAMPLE / 2.0, y: at.y };
    match entry.sample {
        Sample::Line => canvas.line([at, At { x: at.x + SAMPLE, y: at.y }], entry.ink, 2.0),
        Sample::Strokes => {
            for step in [-8.0, 0.0, 8.0] {
                let x = center.x + step;
                let (low, high) =
                    (At { x, y: at.y + 5.0 - step / 4.0 }, At { x, y: at.y - 5.0 - step / 4.0 });
                canvas.stroke(low, high, entry.ink, 2.0);
            }
        }
        Sample::Diamond => diamond(canvas, center, entry.ink),
        Sample::Ring => canvas.ring(center, 4.0, entry.ink),
    }
}

/// The mark of a closed window.
pub(super) fn diamond(canvas: &mut Canvas<'_>, at: At, ink: Ink) {
    let corner = |x: f64, y: f64| At { x: at.x + x, y: at.y + y };
    canvas.polygon([corner(0.0, -5.0), corner(4.0, 0.0), corner(0.0, 5.0), corner(-4.0, 0.0)], ink);
}
