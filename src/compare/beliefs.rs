//! Who believes what: the three shifts of each window, with both captures together.
//!
//! From one capture point what an end knows is inferred. With a capture at each side of the box it is read: the
//! advertiser applies what its own capture declares, the sender of the data believes what the other one does
//! (RFC 7323 §2.2: both options must have been seen). What the traffic itself shows is the cross-check.

use std::fmt::Write as _;

use crate::detect::Interval;
use crate::flow::{Side, Sides};
use crate::units;

use super::trace::Conversation;

/// One side's window.
#[derive(Clone, Copy, Debug)]
pub struct Belief {
    /// Whose window.
    pub window_of: Side,
    /// The shift that the advertiser uses, by the SYNs that it sent and got.
    pub applied: Option<u8>,
    /// The shift that the sender of the data uses, by the SYNs that it sent and got.
    pub believed: Option<u8>,
    /// What the windows in both captures allow for the former; `None` where they contradict each other.
    pub applied_seen: Option<Interval>,
    /// What the data in both captures allows for the latter.
    pub believed_seen: Option<Interval>,
    /// The largest raw window.
    pub max_raw: Option<u16>,
    /// Bytes per second that were sent against it.
    pub rate_bytes_per_s: Option<u64>,
    /// Bytes per second that it allows, scaled right.
    pub ceiling_bytes_per_s: Option<u64>,
}

impl Belief {
    pub(crate) fn new(window_of: Side, conversations: Sides<&Conversation>) -> Self {
        let advertiser = conversations.of(window_of);
        let sender = conversations.of(window_of.peer());
        let shifts = |flow: &Conversation| flow.judgement.shifts.of(window_of).clone();
        let applied = advertiser.flow.handshake.declared_shift(window_of);
        let window = advertiser.flow.windows.of(window_of);
        let max_raw = window.advertised.max_raw;
        let window_bytes = max_raw.zip(applied).map(|(raw, shift)| u64::from(raw) << shift);
        let rtt_us = sender
            .flow
            .handshake
            .rtt_us()
            .or_else(|| advertiser.flow.handshake.rtt_us())
            .filter(|us| *us > 0);
        Self {
            window_of,
            applied,
            believed: sender.flow.handshake.declared_shift(window_of),
            applied_seen: both(shifts(advertiser).applied.ok(), shifts(sender).applied.ok()),
            believed_seen: both(shifts(advertiser).believed.ok(), shifts(sender).believed.ok()),
            max_raw,
            rate_bytes_per_s: window.sent.rate_bytes_per_s(),
            ceiling_bytes_per_s: window_bytes
                .zip(rtt_us)
                .and_then(|(bytes, rtt_us)| units::rate_of(bytes, rtt_us)),
        }
    }

    /// Both ends are known, and they disagree.
    pub fn disagrees(&self) -> bool {
        self.applied.zip(self.believed).is_some_and(|(applied, believed)| applied != believed)
    }

    /// The sender of the data takes the window for smaller than it is.
    pub fn is_too_small(&self) -> bool {
        self.believed < self.applied && self.disagrees()
    }

    /// One sentence.
    pub fn message(&self) -> String {
        let (owner, peer) = (self.window_of.name(), self.window_of.peer().name());
        let (Some(applied), Some(believed)) = (self.applied, self.believed) else {
            return format!("the {owner}'s window: the handshake was not captured at both sides");
        };
        if applied == believed {
            return format!("the {owner}'s window: both act on shift {applied}");
        }
        let mut text =
            format!("the {owner}'s window: the {owner} applies {applied}, the {peer} believes {believed}");
        if let Some(raw) = self.max_raw {
            let _ = write!(
                text,
                ": {} means {} to the {owner} and {} to the {peer}",
                units::grouped(raw.into()),
                units::bytes(u64::from(raw) << applied),
                units::bytes(u64::from(raw) << believed)
            );
        }
        match self.believed_seen {
            Some(seen) if seen.max <= believed && seen.max < applied => {
                let _ = write!(text, "; the data stops at shift {}, as it must", seen.max);
            }
            Some(seen) if seen.min > believed => {
                let _ = write!(text, "; yet the data goes beyond it, as with shift {} or more", seen.min);
            }
            _ => {}
        }
        text
    }
}

/// What both allow.
fn both(a: Option<Interval>, b: Option<Interval>) -> Option<Interval> {
    let (a, b) = (a?, b?);
    let interval = Interval { min: a.min.max(b.min), max: a.max.min(b.max) };
    (interval.min <= interval.max).then_some(interval)
}
