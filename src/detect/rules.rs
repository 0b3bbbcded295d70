//! The rules, one file each: identity, explanation, check and tests.

pub(super) mod ws001;
pub(super) mod ws002;
pub(super) mod ws003;
pub(super) mod ws004;
pub(super) mod ws005;
pub(super) mod ws006;
pub(super) mod ws007;
pub(super) mod ws008;
pub(super) mod ws009;
pub(super) mod ws101;
pub(super) mod ws102;
pub(super) mod ws103;
pub(super) mod ws104;
pub(super) mod ws105;
pub(super) mod ws201;
pub(super) mod ws202;
pub(super) mod ws203;

use crate::decode::Offer;
use crate::flow::{Flow, Side};
use crate::units;

use super::FrameNote;

/// The frames of the handshake, each with what it offers.
fn handshake_frames(flow: &Flow) -> Vec<FrameNote> {
    let mut frames = Vec::new();
    for (side, name) in [(Side::Client, "SYN"), (Side::Server, "SYN-ACK")] {
        if let Some(syn) = flow.handshake.syn.of(side) {
            frames.push(noted(syn.frame, format!("{name}, {}", offer(syn.offer))));
        }
    }
    frames
}

/// An offer in words.
fn offer(offer: Offer) -> String {
    match offer {
        Offer::Shift(shift) => format!("wscale {shift}"),
        Offer::Absent => "no wscale".to_owned(),
        Offer::Unseen => "wscale unseen".to_owned(),
        Offer::Inconsistent => "wscale inconsistent".to_owned(),
    }
}

fn noted(number: u64, label: impl Into<String>) -> FrameNote {
    FrameNote { number, label: Some(label.into()) }
}

fn plain(number: u64) -> FrameNote {
    FrameNote { number, label: None }
}

/// `63 -> 64,512 bytes`: what a raw window means under a shift.
fn scaled(raw: u16, shift: u8) -> String {
    units::grouped(u64::from(raw) << shift)
}

/// `the client's SYN` or `the server's SYN-ACK`.
fn syn_of(side: Side) -> &'static str {
    match side {
        Side::Client => "the client's SYN",
        Side::Server => "the server's SYN-ACK",
    }
}
