//! Sequence numbers without wrap-around.
//!
//! A position counts from the initial sequence number: the SYN is at 0, the first byte of data at 1. Where no
//! SYN was captured, the first number seen is put at 1. Positions are 64 bits wide, so that they can be
//! compared and added without the modular arithmetic of RFC 9293 §3.4.

/// Farther than this from the last position, a number belongs to another connection or to an edited capture:
/// RFC 7323 §2.3 limits the window to 2^30.
const PLAUSIBLE: i64 = 1 << 30;

/// The sequence space of one side's data.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Space {
    reference: Option<(u32, i64)>,
    /// Position 0 is the initial sequence number for certain.
    anchored: bool,
}

impl Space {
    /// `sequence` is the initial sequence number: from a SYN, or one below what the SYN-ACK acknowledges.
    pub(crate) fn anchor(&mut self, sequence: u32) {
        if self.reference.is_none() {
            self.reference = Some((sequence, 0));
        }
        self.anchored = self.position(sequence) == Some(0);
    }

    /// The position of `sequence`; `None` when it fits nothing seen so far.
    pub(crate) fn position(&mut self, sequence: u32) -> Option<i64> {
        let (number, at) = *self.reference.get_or_insert((sequence, 1));
        let step = i64::from(sequence.wrapping_sub(number).cast_signed());
        if step.abs() >= PLAUSIBLE {
            return None;
        }
        if step > 0 {
            self.reference = Some((sequence, at + step));
        }
        Some(at + step)
    }

    /// Whether `sequence` lies behind every number so far.
    pub(crate) fn is_new(&self, sequence: u32) -> bool {
        self.reference.is_none_or(|(number, _)| sequence.wrapping_sub(number).cast_signed() > 0)
    }

    /// The position of `sequence` as far as known, without taking note of it.
    pub(crate) fn look_up(&self, sequence: u32) -> Option<i64> {
        let mut unchanged = *self;
        self.reference.and_then(|_| unchanged.position(sequence))
    }

    /// The initial sequence number, or what it would be if the first number seen was that of the first byte.
    pub(crate) fn initial(&self) -> Option<u32> {
        let (number, at) = self.reference?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "modulo 2^32 by intent")]
        Some(number.wrapping_sub(at as u32))
    }

    /// Whether positions count from the initial sequence number.
    pub(crate) fn is_anchored(&self) -> bool {
        self.anchored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_on_across_the_wrap() {
        let mut space = Space::default();
        space.anchor(u32::MAX - 1);
        assert_eq!(space.position(u32::MAX), Some(1));
        assert_eq!(space.position(1000), Some(1002));
        assert_eq!(space.position(u32::MAX), Some(1));
    }

    #[test]
    fn a_number_far_away_fits_nothing() {
        let mut space = Space::default();
        space.anchor(0);
        assert_eq!(space.position(1 << 31), None);
        assert_eq!(space.position(5), Some(5));
    }

    #[test]
    fn without_a_syn_the_first_number_is_at_one() {
        let mut space = Space::default();
        assert_eq!(space.position(777), Some(1));
        assert!(!space.is_anchored());
    }
}
