//! One flow as the rules see it, with what several of them ask.

use crate::decode::Offer;
use crate::flow::{Altered, Flow, Side, Sides};
use crate::units;

use super::{Confidence, Cost, Direction, Shifts};

/// One flow, and the shifts inferred for it.
#[derive(Debug)]
pub struct Case<'a> {
    /// The evidence.
    pub flow: &'a Flow,
    /// The three shifts of each side's window.
    pub shifts: Sides<Shifts>,
}

/// The window behind the handshake is far below what the SYN promised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collapse {
    /// The shift that makes up for it.
    pub(crate) shift: u8,
    pub(crate) confidence: Confidence,
    /// The window is the SYN's divided by just this power of two.
    pub(crate) exact: bool,
}

/// A collapse smaller than this is one of the receivers that open with less than they said.
const COLLAPSE_MIN: u8 = 2;

/// From here on, and only with persistence, a collapse need not be an exact power of two.
const COLLAPSE_INEXACT_MIN: u8 = 4;

/// Smaller windows belong to stacks that do not grow them.
const GROWING_WINDOW_MIN: u64 = 16_384;

/// "Again and again" for a window that stays collapsed.
const PERSISTENT_SEGMENTS: u32 = 3;

impl<'a> Case<'a> {
    /// Infers the shifts of `flow`.
    pub fn new(flow: &'a Flow) -> Self {
        let shifts =
            Sides { client: Shifts::infer(flow, Side::Client), server: Shifts::infer(flow, Side::Server) };
        Self { flow, shifts }
    }

    /// Whether a retransmitted SYN came without the option: then the ends may disagree without any box.
    pub(crate) fn has_fallback(&self) -> bool {
        Side::BOTH
            .iter()
            .any(|side| self.flow.handshake.syn.of(*side).is_some_and(|syn| syn.retried_without.is_some()))
    }

    /// Whether two copies of one SYN differ in this capture: the box itself is in it, and neither copy alone
    /// says what was declared.
    pub(crate) fn is_altered(&self) -> bool {
        Side::BOTH.iter().any(|side| self.alteration(*side).is_some())
    }

    /// The two copies of `side`'s SYN that differ.
    pub(crate) fn alteration(&self, side: Side) -> Option<Altered> {
        let syn = self.flow.handshake.syn.of(side).as_ref()?;
        let beyond = self.flow.twin.and_then(|twin| *twin.syn.of(side));
        let translated =
            beyond.filter(|(_, offer)| *offer != syn.offer && ![*offer, syn.offer].contains(&Offer::Unseen));
        syn.altered.or_else(|| {
            let (mut before, mut after) = ((syn.frame, syn.offer), translated?);
            if after.0 < before.0 {
                std::mem::swap(&mut before, &mut after);
            }
            Some(Altered { before, after })
        })
    }

    /// Whether `side`'s window collapses behind the handshake, as far as the declared shift does not explain.
    pub(crate) fn collapse(&self, side: Side) -> Option<Collapse> {
        let declared = self.shifts.of(side).declared?;
        let windows = &self.flow.windows.of(side).advertised;
        let floor = windows.floor;
        let excess = floor.shift.checked_sub(declared)?;
        if excess < COLLAPSE_MIN {
            return None;
        }
        let promised = floor.promised_bytes;
        let scaled = u64::from(floor.raw) << floor.shift;
        let syn_window = u64::from(windows.syn_window.unwrap_or(0));
        // Linux opens its window by two segments for each that arrives (`tcp_grow_window()`), on top of what it
        // received: the first ACK may already stand for a little more than the SYN promised.
        let grown = match floor.acknowledged_bytes {
            few if few * 32 <= syn_window && syn_window >= GROWING_WINDOW_MIN => promised + 3 * few,
            _ => promised,
        };
        let off_by = if scaled > grown { scaled - grown } else { promised.saturating_sub(scaled) };
        let exact = off_by * 20 <= promised;
        let persistent = floor.segments >= PERSISTENT_SEGMENTS;
        // Buffers come in powers of two: 32768 and then 8192 is perhaps only a smaller buffer.
        let round = is_round(windows.syn_window.unwrap_or(0)) && is_round(floor.raw);
        // `needed` is rounded up to the next shift: the factor itself must be 16.
        let by_16 = u64::from(floor.raw) << (declared + COLLAPSE_INEXACT_MIN) <= promised;
        let exactly = floor.acknowledged_bytes == 0 && off_by < 1 << floor.shift;
        let confidence = match (exact, round, persistent) {
            (true, _, true) if exactly && excess >= COLLAPSE_INEXACT_MIN => Confidence::Proven,
            (true, false, _) => Confidence::Likely,
            (true, true, _) if excess >= COLLAPSE_INEXACT_MIN => Confidence::Likely,
            (true, true, _) => Confidence::Possible,
            (false, _, true) if by_16 && floor.acknowledged_bytes <= syn_window / 2 => Confidence::Likely,
            _ => return None,
        };
        Some(Collapse { shift: floor.shift, confidence, exact })
    }

    /// Whether new data beyond the unscaled window was sent and acknowledged, so that a reset to 0 is
    /// excluded, and nothing suggests a stop between that and the declared shift.
    pub(crate) fn is_scaled(&self, side: Side) -> bool {
        let shifts = self.shifts.of(side);
        let stops = &self.flow.windows.of(side).stops;
        let Some(declared) = shifts.declared else { return false };
        declared > 0
            && shifts.overshoot > 0
            && !self.may_be_unscaled(side, declared)
            && shifts.stopping.is_none()
            && (shifts.overshoot..declared).all(|shift| stops.at(shift).rounds < PERSISTENT_SEGMENTS)
    }

    /// The first window repeats the SYN's number although scaled it would be at least four times as large. Below
    /// the threshold of WS003 that convicts nobody (Solaris does it), but it proves nothing either.
    fn may_be_unscaled(&self, side: Side, declared: u8) -> bool {
        let windows = &self.flow.windows.of(side).advertised;
        let (Some(syn), Some(first)) = (windows.syn_window, windows.first) else { return false };
        syn < u16::MAX && first.raw == syn && declared >= COLLAPSE_MIN
    }

    /// What the direction towards `side` reached, and what its window allows with `shift`.
    pub(crate) fn cost(&self, side: Side, shift: u8) -> Option<Cost> {
        let window = self.flow.windows.of(side);
        let sent = &window.sent;
        let window_bytes = u64::from(window.advertised.max_raw?) << shift;
        let rtt_us = self.flow.handshake.rtt_us();
        Some(Cost {
            rate_bytes_per_s: sent.rate_bytes_per_s(),
            ceiling_bytes_per_s: rtt_us.and_then(|rtt| units::rate_of(window_bytes, rtt)),
            window_bytes,
            rtt_us,
        })
    }

    /// The command that works around a misread window of `side`: it belongs on the host that advertises it.
    pub(crate) fn workaround(&self, side: Side) -> String {
        let endpoints = &self.flow.endpoints;
        let (host, peer) = (endpoints.of(side).address, endpoints.of(side.peer()).address);
        format!(
            "`wscale workarounds --peer {peer}` on {host}: that host receives the slow data, a route window of 65535 there works around it"
        )
    }

    /// The direction of data that runs against `side`'s window.
    pub(crate) fn towards(side: Side) -> Direction {
        Direction { sender: side.peer() }
    }
}

/// A power of two, or one less than 65536.
fn is_round(window: u16) -> bool {
    window.is_power_of_two() || window == u16::MAX
}
