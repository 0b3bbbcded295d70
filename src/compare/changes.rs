//! What differs between two captures of one segment, header by header.
//!
//! Always told in the direction of travel: a segment of the client passes the client's capture first. Numbers
//! that translation shifts (addresses, ports, sequence numbers) are compared as translated; the translation
//! itself is a property of the flow.

use crate::flow::{Side, Sides};

use super::options::{self, Edit};
use super::trace::{ACK, RST, Record, SYN};

/// What kind of segment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The client's SYN.
    Syn,
    /// The server's answer.
    SynAck,
    /// Everything behind the handshake.
    Later,
    /// The flow as a whole.
    Flow,
}

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A TCP option, by kind.
    Option(u8),
    /// The order of the options.
    OptionOrder,
    /// Only the padding between options.
    OptionPadding,
    /// The raw window.
    Window,
    /// SACK blocks do not fit the sequence numbers any more.
    SackBlocks,
    /// PSH or URG.
    PushUrgent,
    /// TCP's ECN bits, ECE and CWR.
    EcnFlags,
    /// The urgent pointer.
    UrgentPointer,
    /// Header and payload do not add up as before: damaged, or the payload was rewritten.
    Checksum,
    /// IP's ECN bits, other than by a congestion mark.
    Ecn,
    /// Differentiated services.
    Dscp,
    /// Don't Fragment.
    DontFragment,
    /// The sequence numbers of one side.
    SequenceNumbers,
    /// The client's address or port.
    ClientEndpoint,
    /// The server's address or port.
    ServerEndpoint,
    /// The hop limit rises on the way: something sent the packet anew.
    HopLimit,
}

/// One change: of what, in which segments, of which sender, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// In which segments.
    pub class: Class,
    /// Who sent them.
    pub from: Side,
    /// Which field.
    pub field: Field,
    /// How.
    pub edit: Edit,
}

impl Change {
    /// Whether it takes window scaling away, or changes it.
    pub fn is_window_scale(&self) -> bool {
        self.field == Field::Option(options::WINDOW_SCALE) && self.class != Class::Later
    }
}

pub(crate) fn class(record: &Record) -> Class {
    match (record.has(SYN), record.has(ACK)) {
        (true, false) => Class::Syn,
        (true, true) => Class::SynAck,
        (false, _) => Class::Later,
    }
}

/// TCP's control bits by what they are for.
const PUSH_URGENT: u8 = 8 | 32;
const ECN_FLAGS: u8 = 64 | 128;

/// The changes from `before`, captured where the segment passed first, to `after`. `offsets` is what the way
/// adds to the sequence numbers of each side, seen in this direction of travel.
pub(crate) fn changes(before: &Record, after: &Record, offsets: Sides<u32>) -> Vec<Change> {
    let mut found = Vec::new();
    let mut note = |field, edit| found.push(Change { class: class(before), from: before.from, field, edit });
    let (old, new) = (&before.headers, &after.headers);
    let difference = options::difference(&old.options, &new.options);
    for (kind, edit) in difference.edits {
        note(Field::Option(kind), edit);
    }
    if difference.reordered {
        note(Field::OptionOrder, Edit::Rewritten);
    }
    if difference.padding {
        note(Field::OptionPadding, Edit::Rewritten);
    }
    if !sack_fits(before, after, *offsets.of(before.from.peer())) {
        note(Field::SackBlocks, Edit::Rewritten);
    }
    // The window of a reset means nothing.
    if before.raw_window != after.raw_window && !before.has(RST) {
        let edit = match class(before) {
            Class::Later => Edit::Rewritten,
            _ => Edit::Changed(before.raw_window.into(), after.raw_window.into()),
        };
        note(Field::Window, edit);
    }
    let bits = old.control ^ new.control;
    if bits & PUSH_URGENT != 0 {
        note(Field::PushUrgent, Edit::Rewritten);
    }
    if bits & ECN_FLAGS != 0 {
        note(Field::EcnFlags, changed(old.control >> 6, new.control >> 6));
    }
    if old.urgent != new.urgent {
        note(Field::UrgentPointer, Edit::Rewritten);
    }
    if is_damaged(before, after) {
        note(Field::Checksum, Edit::Rewritten);
    }
    // RFC 3168 §5: a router marks congestion by setting both bits of a packet that has one of them.
    let is_mark = new.ecn == 3 && old.ecn != 0;
    if old.ecn != new.ecn && !is_mark {
        note(Field::Ecn, changed(old.ecn, new.ecn));
    }
    if old.dscp != new.dscp {
        note(Field::Dscp, changed(old.dscp, new.dscp));
    }
    if let (Some(old), Some(new)) = (old.dont_fragment, new.dont_fragment)
        && old != new
    {
        note(Field::DontFragment, changed(old.into(), new.into()));
    }
    if new.hop_limit > old.hop_limit {
        note(Field::HopLimit, changed(old.hop_limit, new.hop_limit));
    }
    found
}

fn changed(from: u8, to: u8) -> Edit {
    Edit::Changed(from.into(), to.into())
}

/// Whether the SACK blocks moved with the sequence numbers that they name. A box that rewrites the one and
/// forgets the other makes every loss a stall.
fn sack_fits(before: &Record, after: &Record, offset: u32) -> bool {
    let known = before.sack.iter().zip(&after.sack).filter_map(|(old, new)| old.zip(*new));
    known
        .into_iter()
        .all(|((left, right), new)| (left.wrapping_add(offset), right.wrapping_add(offset)) == new)
}

/// A checksum that is wrong behind the box, or that says that the payload is another.
fn is_damaged(before: &Record, after: &Record) -> bool {
    use crate::decode::Checksum::Implies;
    match (before.headers.checksum, after.headers.checksum) {
        (Implies { verified: Some(false), .. }, _) => false,
        (_, Implies { verified: Some(false), .. }) => true,
        (Implies { payload_sum: old, .. }, Implies { payload_sum: new, .. }) => old != new,
        _ => false,
    }
}
