//! What two captures convict: WS007 (the option was changed between them) and WS005 (what lies beyond the
//! unscaled edge is dropped between them).

use std::fmt::Write as _;

use crate::detect::{Confidence, Direction, FrameNote, Severity};
use crate::flow::{Side, Sides};
use crate::units;

use super::beliefs::Belief;
use super::changes::{Change, Class};
use super::options::Edit;
use super::pair::{Pair, SeenChange};
use super::trace::Conversation;

/// A finding with frames in both captures.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's code.
    pub code: &'static str,
    /// The rule's name.
    pub name: &'static str,
    /// How bad if true.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Whose window it is about.
    pub window_of: Side,
    /// The direction of data that suffers.
    pub hurts: Direction,
    /// Frames to open in the capture of each side.
    pub frames: Sides<Vec<FrameNote>>,
    /// One line that names the fault.
    pub headline: String,
    /// What was seen.
    pub seen: String,
    /// Who believes what from then on.
    pub consequences: Vec<String>,
    /// What it costs.
    pub cost: Option<String>,
    /// What to do next.
    pub next: String,
}

/// All findings of one pair, worst first.
pub(crate) fn findings(pair: &Pair, conversations: Sides<&Conversation>) -> Vec<Finding> {
    let changed = pair.changes.iter().filter(|seen| seen.change.is_window_scale());
    let mut found: Vec<Finding> = changed.map(|seen| copies_differ(pair, seen)).collect();
    found.extend(Side::BOTH.into_iter().filter_map(|side| dropped_beyond(pair, side, conversations)));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    found
}

/// WS007.
fn copies_differ(pair: &Pair, seen: &SeenChange) -> Finding {
    let Change { class, from, edit, .. } = seen.change;
    let name = class.name();
    let offer = |number: Option<u32>| number.map_or("no window scale".to_owned(), |n| format!("wscale {n}"));
    let (before, after) = edit.numbers();
    let after = match edit {
        Edit::Blanked(_) => "NOPs in its place".to_owned(),
        _ => offer(after),
    };
    let frames = seen.frames.unwrap_or_default();
    let (near, far) = (*frames.of(from), *frames.of(from.peer()));
    let note = |number, label: &str| vec![FrameNote { number, label: Some(format!("{name}, {label}")) }];
    let mut notes = Sides::default();
    *notes.of_mut(from) = note(near, &offer(before));
    *notes.of_mut(from.peer()) = note(far, &after);
    let misread = misread(pair, from);
    Finding {
        code: "WS007",
        name: "copies-of-one-syn-differ",
        severity: Severity::Problem,
        confidence: pair.confidence,
        window_of: from,
        hurts: Direction { sender: from.peer() },
        frames: notes,
        headline: match edit {
            Edit::Changed(from, to) => {
                format!("the {name}'s window scale is changed on the way from {from} to {to}")
            }
            _ => format!("the {name}'s window scale is {} on the way", edit.name()),
        },
        seen: format!(
            "the {name} leaves the {}'s side with {} (frame {near}) and reaches the {}'s side with {after} (frame {far})",
            from.name(),
            offer(before),
            from.peer().name(),
        ),
        consequences: consequences(pair),
        cost: misread.and_then(cost),
        next: next(pair, class, misread),
    }
}

fn consequences(pair: &Pair) -> Vec<String> {
    let Sides { client, server } = &pair.beliefs;
    let off = [client, server].iter().all(|belief| belief.applied == Some(0) && belief.believed == Some(0));
    if off {
        return vec![
            "both ends now agree that scaling is off: nothing stalls, and no window exceeds 65,535 B"
                .to_owned(),
        ];
    }
    vec![client.message(), server.message()]
}

/// The window that suffers, `first` before the other: one that its peer takes for too small slows data down, so it
/// goes before one that is taken for too large.
fn misread(pair: &Pair, first: Side) -> Option<&Belief> {
    let windows = [first, first.peer()].map(|side| pair.beliefs.of(side));
    windows.into_iter().filter(|belief| belief.disagrees()).min_by_key(|belief| !belief.is_too_small())
}

/// What the misread window costs.
fn cost(misread: &Belief) -> Option<String> {
    let rate = misread.rate_bytes_per_s.filter(|_| misread.is_too_small())?;
    let side = misread.window_of;
    let mut text = format!("{} from {} to {}", units::rate(rate), side.peer().name(), side.name());
    if let Some(ceiling) = misread.ceiling_bytes_per_s.filter(|ceiling| *ceiling > rate) {
        let _ = write!(text, "; up to {} would fit", units::rate(ceiling));
    }
    Some(text)
}

fn next(pair: &Pair, class: Class, misread: Option<&Belief>) -> String {
    let hop = "captures at more points in between, `wscale compare A B C ...`, say which device it is";
    let Some(misread) = misread.filter(|_| class != Class::Later) else { return hop.to_owned() };
    // The host that advertises the window, as it sees itself and its peer.
    let side = misread.window_of;
    let endpoints = pair.seen.of(side).endpoints;
    let (host, peer) = (endpoints.of(side).address, endpoints.of(side.peer()).address);
    format!("{hop}; until it is repaired: `wscale workarounds --peer {peer}` on {host}")
}

/// WS005: the data of the peer against `side`'s window.
fn dropped_beyond(pair: &Pair, side: Side, conversations: Sides<&Conversation>) -> Option<Finding> {
    let from = side.peer();
    let edge = &pair.passages.of(from).edge;
    // Where the advertiser does not scale, the unscaled edge is the edge.
    let shift = conversations.of(side).flow.handshake.declared_shift(side).filter(|shift| *shift > 0)?;
    let confidence = edge.verdict()?.min(pair.confidence);
    let lost = edge.lost_beyond + edge.silent_beyond;
    let caveat = match confidence {
        Confidence::Possible => "; nothing later shows that the peer and its capture were still alive",
        _ => "",
    };
    let note = |frames: &[u64], label: &str| {
        frames.iter().map(|number| FrameNote { number: *number, label: Some(label.to_owned()) }).collect()
    };
    let mut frames: Sides<Vec<FrameNote>> = Sides::default();
    *frames.of_mut(from) = note(&edge.lost_frames, "never arrives");
    Some(Finding {
        code: "WS005",
        name: "loss-beyond-unscaled-edge",
        severity: Severity::Problem,
        confidence,
        window_of: side,
        hurts: Direction { sender: from },
        frames,
        headline: format!("data beyond the unscaled edge of the {}'s window is dropped on the way", side.name()),
        seen: format!(
            "of {} that end beyond the unscaled edge none passes; of {} inside it {} pass{caveat}",
            units::count(lost, "transmission"),
            units::grouped(edge.passed_inside + edge.lost_inside),
            units::grouped(edge.passed_inside),
        ),
        consequences: vec![format!(
            "both ends agree on shift {shift}; the box in between takes the {}'s raw windows for bytes",
            side.name()
        )],
        cost: None,
        next: "switch off TCP window tracking in that box, or make it see both SYNs; a route window of 65535 on \
               the receiving host works around it"
            .to_owned(),
    })
}
