//! WS001: believed < declared.

use crate::detect::shifts::{Pattern, Stopping};
use crate::detect::{Case, Confidence, Explanation, Finding, FrameNote, Rule, Severity};
use crate::flow::Side;
use crate::units;

use super::{handshake_frames, plain, scaled, syn_of};

pub(crate) static RULE: Rule = Rule {
    code: "WS001",
    name: "sender-stops-at-unscaled-edge",
    severity: Severity::Problem,
    summary: "the sender acts as if the receiver's window were scaled by less than was offered",
    explanation: Explanation {
        meaning: "The receiver's SYN passes this capture point with its shift, but the sender of the data acts \
            as if the shift were smaller, usually 0. A window of 63 that means 64,512 bytes is taken for 63 \
            bytes, and the transfer crawls at one such window per round trip. Something between this capture \
            point and the sender lowered the option: the fault that Linux 2.6.17 uncovered in 2006 and that \
            kernels since 6.16, which offer shift 10, uncover again.",
        evidence: "New data ends exactly at ack + (raw window << k) of the newest ACK that the sender knew, with \
            k below the declared shift, and more data follows. It is proven when the next data was released \
            by the next ACK in 8 rounds or more, or when the ends follow windows that differ, in a fifth of \
            the rounds or more, and no acknowledged data ever went beyond that edge. Segments that are all just \
            as large as the misread window, or half of it, one flight per ACK, make it likely. Below a full \
            segment the window must be filled: what leaves room and still waits for the ACK was held back by \
            something else, Nagle's algorithm for instance. A raw window that is a power of two and never changes \
            may be a buffer of the application: possible.",
        harmless: "Never, when proven. Records that an application writes at its own pace, in just the size of \
            the raw window, look alike; they are told apart by when the next data comes.",
        remedy: "Repair or remove the box between this capture point and the sender. Until then, on the host that \
            receives the slow data, a route window of 65535 for that peer makes it offer shift 0, which cannot \
            be misread: see `wscale workarounds --peer ADDRESS`. A capture on the sender's side shows the SYN \
            as it arrives there.",
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    Side::BOTH.into_iter().filter_map(|side| find(case, side)).collect()
}

fn find(case: &Case<'_>, side: Side) -> Option<Finding> {
    let shifts = case.shifts.of(side);
    let declared = shifts.declared?;
    let stopping = shifts.stopping?;
    let (window_of, sender) = (side.name(), side.peer().name());
    let Stopping { shift, stop, .. } = stopping;
    let headline = match shift {
        0 => format!("the {sender} acts on an unscaled window"),
        _ => format!("the {sender} scales the window by {shift} instead of {declared}"),
    };
    let seen = format!(
        "{} offers shift {declared}, so a window of {} means {} bytes; {}",
        syn_of(side),
        stop.raw,
        scaled(stop.raw, declared),
        pattern(case, side, &stopping),
    );
    let place = format!(
        "the box is between this capture and the {sender}: {} passes here with shift {declared}, the {sender} acts as if it were {shift}",
        syn_of(side)
    );
    let mut frames = handshake_frames(case.flow);
    frames.extend(stop.frames.iter().flatten().map(|frame| plain(*frame)));
    if stop.frames.iter().all(Option::is_none) {
        frames.extend(case.flow.windows.of(side).sent.first_frames.into_iter().flatten().map(plain));
    }
    frames.dedup_by_key(|frame: &mut FrameNote| frame.number);
    Some(Finding {
        window_of: Some(side),
        hurts: Some(Case::towards(side)),
        box_side: Some(side.peer()),
        frames,
        place: Some(place),
        cost: case.cost(side, declared),
        next: format!(
            "{}. A capture beside the {sender} shows the {window_of}'s SYN as it arrives",
            case.workaround(side)
        ),
        ..Finding::new(&RULE, confidence(&stopping, declared), headline, seen)
    })
}

/// Buffers of applications are powers of two from here on.
const BUFFER_MIN: u16 = 256;

/// Exact ends prove it, with one exception: applications like sizes that are powers of two, and such a size is an edge
/// of some shift against a raw window of 64, and the edge itself against one of 4096.
fn confidence(stopping: &Stopping, declared: u8) -> Confidence {
    let Stopping { shift, stop, .. } = stopping;
    let round = stop.raw.is_power_of_two() && (*shift > 0 || stop.raw >= BUFFER_MIN);
    match stopping.pattern {
        Pattern::Follows => Confidence::Proven,
        _ if round => Confidence::Possible,
        // A factor of 2 is not far from what a sender may do for reasons of its own.
        Pattern::Released if declared - shift > 1 => Confidence::Proven,
        Pattern::Released | Pattern::FrozenFlight => Confidence::Likely,
    }
}

fn pattern(case: &Case<'_>, side: Side, stopping: &Stopping) -> String {
    let sender = side.peer().name();
    let Stopping { shift, stop, pattern } = stopping;
    let rounds = case.flow.windows.of(side).sent.rounds;
    let edge = match shift {
        0 => "ack + window, unscaled".to_owned(),
        _ => format!("ack + (window << {shift})"),
    };
    match pattern {
        Pattern::Released => format!(
            "the {sender} sends up to exactly {edge} ({} bytes), and goes on when the next ACK arrives ({} of {rounds} rounds)",
            scaled(stop.raw, *shift),
            stop.released,
        ),
        Pattern::Follows => format!(
            "the {sender}'s data ends exactly at {edge}, also as the window changes ({} of {rounds} rounds)",
            stop.rounds,
        ),
        Pattern::FrozenFlight => format!(
            "the {sender} sends segments of {} bytes, {} {edge} allows, one flight per ACK ({} of {rounds} rounds)",
            units::grouped(u64::from(case.flow.windows.of(side).sent.largest_segment_bytes)),
            if u64::from(case.flow.windows.of(side).sent.largest_segment_bytes)
                == u64::from(stop.raw) << shift
            {
                "just what"
            } else {
                "just half of what"
            },
            stop.rounds,
        ),
    }
}
