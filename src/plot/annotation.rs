//! The frames that a finding names: numbers in a lane above the panel, with leaders to where they lie.
//!
//! Frames of a finding crowd at the start of a flow. In the lane their labels stand side by side in the order
//! of time, so that neither labels nor leaders cross.

use std::fmt::Write;

use crate::detect::FrameNote;

use super::canvas::{Align, At, Canvas, Type, text_width};
use super::ink::Ink;
use super::panel::Panel;
use super::series::Located;

/// Height of the lane.
pub(super) const LANE: f64 = 34.0;

const SIZE: f64 = 11.5;
const GAP: f64 = 14.0;

/// Numbers without a label of their own that stand together.
const TOGETHER: usize = 5;

struct Label {
    text: String,
    /// The first of its frames.
    at: At,
}

/// Draws the lane above `panel`, and a ring around each frame that lies in it.
pub(super) fn draw(canvas: &mut Canvas<'_>, panel: &Panel, located: &[Located], notes: &[FrameNote]) {
    let mut shown: Vec<Located> =
        located.iter().copied().filter(|located| panel.shows(located.time_us)).collect();
    shown.sort_unstable_by_key(|located| (located.time_us, located.frame));
    shown.dedup_by_key(|located| located.frame);
    let place = |located: &Located| panel.at(located.time_us, located.position);
    for located in &shown {
        canvas.ring(place(located), 4.0, Ink::Faint);
    }
    let mut labels: Vec<Label> = Vec::new();
    let mut open = 0;
    for located in &shown {
        let note =
            notes.iter().find(|note| note.number == located.frame).and_then(|note| note.label.as_ref());
        match (note, labels.last_mut()) {
            (None, Some(last)) if (1..TOGETHER).contains(&open) => {
                let _ = write!(last.text, ", {}", located.frame);
                open += 1;
            }
            _ => {
                let text = note.map_or_else(String::new, |note| format!(" ({note})"));
                labels.push(Label { text: format!("frame {}{text}", located.frame), at: place(located) });
                open = usize::from(note.is_none());
            }
        }
    }
    let widths: f64 = labels.iter().map(|label| text_width(&label.text, SIZE) + GAP).sum();
    let mut from = panel.left;
    let mut rest = widths;
    for label in labels {
        let width = text_width(&label.text, SIZE);
        // As near to its frame as the labels before it and those still to come allow.
        let x = (label.at.x - width / 4.0).min(panel.right - rest + GAP).max(from);
        if x + width > panel.right + GAP {
            break;
        }
        let y = panel.top - LANE + SIZE / 2.0;
        let how = Type { size: SIZE, bold: false, ink: Ink::Text, align: Align::Left };
        canvas.text(&label.text, At { x, y }, how);
        let foot = At { x: label.at.x.clamp(x + 4.0, x + width.min(60.0)), y: y + SIZE * 0.7 };
        let entry = At { x: label.at.x, y: panel.top };
        canvas.line([foot, entry, At { y: label.at.y - 4.0, ..label.at }], Ink::Faint, 0.75);
        from = x + width + GAP;
        rest -= width + GAP;
    }
}
