//! Which edges are drawn: one line per shift, with everything that it stands for.

use crate::flow::{MAX_SHIFT, Side};
use crate::report::WindowReport;

use super::ink::Ink;

/// An edge: `ack + (raw window << shift)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) shift: u8,
    pub(super) ink: Ink,
    pub(super) label: String,
}

/// The edges of the window that `advertiser` advertises, the unscaled one first. Edges that coincide are one.
pub(super) fn edges(window: &WindowReport, advertiser: Side) -> Vec<Edge> {
    let (receiver, sender) = (advertiser.name(), advertiser.peer().name());
    let declared = window.declared_shift;
    let unscaled = match declared {
        None => "unscaled edge: ack + raw window (the shift is unknown)".to_owned(),
        Some(0) => "unscaled edge: ack + raw window, as declared (shift 0)".to_owned(),
        Some(_) => "unscaled edge: ack + raw window".to_owned(),
    };
    let mut edges = vec![Edge { shift: 0, ink: Ink::Unscaled, label: unscaled }];
    if let Some(shift @ 1..) = declared {
        add(&mut edges, shift, Ink::Declared, format!("scaled edge, as declared (shift {shift})"), "");
    }
    if let Some(shift) = window.effective_shift.filter(|shift| declared != Some(*shift)) {
        let alone = format!("edge that the {receiver} means (shift {shift})");
        add(&mut edges, shift, Ink::Applied, alone, &format!(", what the {receiver} means"));
    }
    if let Some(shift) = believed(window) {
        let alone = format!("edge that the {sender} acts on (shift {shift})");
        add(&mut edges, shift, Ink::Believed, alone, &format!(" = what the {sender} acts on"));
    }
    edges
}

/// The shift that the sender acts on, where it was inferred and is not the declared one.
fn believed(window: &WindowReport) -> Option<u8> {
    let bounds = window.believed_shift.ok()?;
    let declared = window.declared_shift?;
    if bounds.max < declared.min(MAX_SHIFT) {
        Some(bounds.max)
    } else {
        (bounds.min > declared).then_some(bounds.min)
    }
}

fn add(edges: &mut Vec<Edge>, shift: u8, ink: Ink, alone: String, joined: &str) {
    match edges.iter_mut().find(|edge| edge.shift == shift) {
        Some(same) => same.label.push_str(joined),
        None => edges.push(Edge { shift, ink, label: alone }),
    }
}
