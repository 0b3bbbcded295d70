//! What the design's table promises for each fault and vantage.

use crate::faults::{Faults, OptionFault};
use crate::scenario::{Direction, Expectation};

/// The one thing that the box bends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bend {
    None,
    SynZero,
    SynTwo,
    SynRemoved,
    SynNops,
    SynAckZero,
    SynAckRemoved,
    SynAckNops,
    Tracking,
}

impl Bend {
    pub(crate) const ALL: [Self; 9] = [
        Self::None,
        Self::SynZero,
        Self::SynTwo,
        Self::SynRemoved,
        Self::SynNops,
        Self::SynAckZero,
        Self::SynAckRemoved,
        Self::SynAckNops,
        Self::Tracking,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "ok",
            Self::SynZero => "syn-set0",
            Self::SynTwo => "syn-set2",
            Self::SynRemoved => "syn-remove",
            Self::SynNops => "syn-nop",
            Self::SynAckZero => "synack-set0",
            Self::SynAckRemoved => "synack-remove",
            Self::SynAckNops => "synack-nop",
            Self::Tracking => "tracking",
        }
    }

    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::None => "healthy",
            Self::SynZero => "SYN option set to 0",
            Self::SynTwo => "SYN option set to 2",
            Self::SynRemoved => "SYN option removed",
            Self::SynNops => "SYN option overwritten by NOPs",
            Self::SynAckZero => "SYN-ACK option set to 0",
            Self::SynAckRemoved => "SYN-ACK option removed",
            Self::SynAckNops => "SYN-ACK option overwritten by NOPs",
            Self::Tracking => "a stateful box drops what lies beyond the unscaled edge",
        }
    }

    pub(crate) fn faults(self) -> Faults {
        let (mut syn, mut syn_ack) = (OptionFault::Keep, OptionFault::Keep);
        match self {
            Self::None | Self::Tracking => {}
            Self::SynZero => syn = OptionFault::Shift(0),
            Self::SynTwo => syn = OptionFault::Shift(2),
            Self::SynRemoved => syn = OptionFault::Remove,
            Self::SynNops => syn = OptionFault::Nops,
            Self::SynAckZero => syn_ack = OptionFault::Shift(0),
            Self::SynAckRemoved => syn_ack = OptionFault::Remove,
            Self::SynAckNops => syn_ack = OptionFault::Nops,
        }
        Faults { syn, syn_ack, unscaled_tracking: self == Self::Tracking, ..Faults::default() }
    }
}

/// No problem, no warning, and a verdict that accuses nobody.
pub(crate) fn harmless() -> [Expectation; 2] {
    both("healthy,unproven", "", "")
}

/// The same at both sides.
pub(crate) fn both(verdicts: &'static str, must: &'static str, may: &'static str) -> [Expectation; 2] {
    [at(verdicts, must, may), at(verdicts, must, may)]
}

/// What must be said at the client's side and at the server's side (DESIGN §2.3).
pub(crate) fn expectations(bend: Bend, direction: Direction, shift: u8) -> [Expectation; 2] {
    use Direction::{Download, Upload};
    let unprovable = at("healthy,unproven", "", "");
    let lowered_syn_at_server = at("stripped", "WS002:client:client-side", "");
    let lowered_syn_ack_at_client = at("stripped", "WS002:server:server-side", "");
    match (bend, direction) {
        // An eighth of 64 KiB and less: the first flight of ten segments proves it.
        (Bend::None, _) if shift >= 3 => both("healthy", "", ""),
        (Bend::None, _) => harmless(),
        // A factor of 2 is within what windows do by themselves: suspicion at most is promised.
        (Bend::SynZero, Download) if shift < 2 => both("unproven,suspect,stripped", "", "WS001,WS002"),
        // A window of many segments is used up in full ones, hardly ever exactly (DESIGN §2.2, item 3).
        (Bend::SynZero, Download) if shift < 4 => {
            [at("unproven,suspect,stripped", "", "WS001"), lowered_syn_at_server]
        }
        (Bend::SynTwo, Download) if shift < 6 => {
            [at("unproven,suspect,stripped", "", "WS001"), lowered_syn_at_server]
        }
        // The persist timer doles out a window of 32 bytes and less, always the same: an application
        // with a timer looks like that too.
        (Bend::SynZero, Download) if shift > 10 => {
            [at("unproven,suspect,stripped", "", "WS001"), lowered_syn_at_server]
        }
        (Bend::SynZero | Bend::SynTwo, Download) => {
            [at("stripped", "WS001:client:server-side", ""), lowered_syn_at_server]
        }
        (Bend::SynZero | Bend::SynTwo, Upload) => [unprovable, lowered_syn_at_server],
        (Bend::SynRemoved, _) => [at("off", "WS101", ""), at("off", "WS102", "")],
        (Bend::SynNops, _) => [at("off", "WS101", ""), at("stripped", "WS006", "")],
        (Bend::SynAckZero, Download) => [lowered_syn_ack_at_client, unprovable],
        (Bend::SynAckZero, Upload) => {
            [lowered_syn_ack_at_client, at("stripped", "WS001:server:client-side", "")]
        }
        (Bend::SynAckRemoved | Bend::SynAckNops, _) => {
            let at_client = if bend == Bend::SynAckNops {
                "WS002:server:server-side,WS006"
            } else {
                "WS002:server:server-side"
            };
            let at_server = match (direction, shift) {
                // Scaled by 4, the client's 64 KiB is a window that clients have: less than 2 MiB.
                (Download, ..6) => at("healthy,unproven,suspect,stripped", "", "WS003,WS203"),
                (Upload, ..6) => at("stripped", "WS001:server:client-side", "WS003,WS203"),
                (Download, _) => at("stripped", "WS003:client:client-side", ""),
                (Upload, _) => at("stripped", "WS003:client:client-side,WS001:server:client-side", ""),
            };
            [at("stripped", at_client, "WS004"), at_server]
        }
        (Bend::Tracking, Download) => [beyond_the_box(shift), at("blocked", "WS005:client", "")],
        (Bend::Tracking, Upload) => [at("blocked", "WS005:server", ""), beyond_the_box(shift)],
    }
}

/// Captured at the receiver, dropped data was never there: only its absence shows.
fn beyond_the_box(shift: u8) -> Expectation {
    let verdicts = if shift > 5 { "unproven,suspect,blocked" } else { "unproven,suspect,blocked,healthy" };
    at(verdicts, "", "WS005")
}

fn at(verdicts: &'static str, must: &'static str, may: &'static str) -> Expectation {
    Expectation { verdicts, must, may }
}
