//! The walk over the TCP option bytes.
//!
//! The bytes are walked here and not with a library's iterator: those stop at the first kind that they do not
//! know (MD5, Fast Open, MPTCP, TCP-AO), and a window scale option behind it would vanish, which looks
//! exactly like a box that strips it.

/// Kinds as IANA assigns them.
const END: u8 = 0;
const NOP: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;
const MPTCP: u8 = 30;

/// What one SYN said about window scaling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Offer {
    /// No SYN of this side was captured, or its options were cut off before the option could be seen.
    #[default]
    Unseen,
    /// The SYN was seen to its end and has no window scale option.
    Absent,
    /// The option, with this shift as sent (RFC 7323 §2.3 allows up to 14; more is a fault). 0 is an offer:
    /// it turns scaling on for the other side.
    Shift(u8),
    /// The option twice with different shifts, or different ones in retransmissions.
    Inconsistent,
}

/// The options of one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Window scale, kind 3. Meaningful in a SYN only (RFC 7323 §2.2).
    pub window_scale: Offer,
    /// Maximum segment size, kind 2.
    pub maximum_segment_size: Option<u16>,
    /// SACK permitted, kind 4.
    pub sack_permitted: bool,
    /// Timestamps, kind 8: TSval and TSecr.
    pub timestamps: Option<(u32, u32)>,
    /// SACK blocks, kind 5: left and right edges.
    pub sack: [Option<(u32, u32)>; 4],
    /// Multipath TCP, kind 30.
    pub mptcp: bool,
    /// The longest run of NOPs.
    pub nop_run: u8,
    /// The snap length cut the options before their end.
    pub incomplete: bool,
}

impl Options {
    /// Walks `bytes`, the captured part of the options. `cut` says that the snap length took the rest.
    pub fn walk(bytes: &[u8], cut: bool) -> Self {
        let mut options = Self::default();
        options.read(bytes, cut);
        options
    }

    /// The same, written where they are wanted.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], cut: bool) {
        // RFC 7323 Appendix A: the layout that nearly every segment behind the handshake has.
        if let ([NOP, NOP, TIMESTAMPS, 10, numbers @ ..], false) = (bytes, cut)
            && numbers.len() == 8
        {
            let timestamps = two_numbers(numbers);
            *self = Self { window_scale: Offer::Absent, timestamps, nop_run: 2, ..Self::default() };
            return;
        }
        self.read_any(bytes, cut);
    }

    fn read_any(&mut self, bytes: &[u8], cut: bool) {
        *self = Self::default();
        let mut scale = None;
        let mut rest = bytes;
        let mut run = 0u8;
        let mut ended = false;
        while let Some((&kind, tail)) = rest.split_first() {
            if kind == NOP {
                run = run.saturating_add(1);
                self.nop_run = self.nop_run.max(run);
                rest = tail;
                continue;
            }
            run = 0;
            if kind == END {
                ended = true;
                break;
            }
            // Behind an impossible length no host reads on: what stands there was not offered.
            let Some((data, tail)) = split_option(tail) else {
                ended = !cut;
                break;
            };
            rest = tail;
            self.note(kind, data, &mut scale);
        }
        self.incomplete = cut && !ended;
        self.window_scale = match scale {
            Some(offer) => offer,
            // A SYN whose options were cut off says nothing about scaling: unseen is not absent.
            None if self.incomplete => Offer::Unseen,
            None => Offer::Absent,
        };
    }

    fn note(&mut self, kind: u8, data: &[u8], scale: &mut Option<Offer>) {
        match (kind, data) {
            // With another length it is no window scale option: hosts ignore it.
            (WINDOW_SCALE, [shift]) => {
                let offer = Offer::Shift(*shift);
                *scale = Some(if scale.is_none_or(|before| before == offer) {
                    offer
                } else {
                    Offer::Inconsistent
                });
            }
            (MAXIMUM_SEGMENT_SIZE, [high, low]) => {
                self.maximum_segment_size = Some(u16::from_be_bytes([*high, *low]));
            }
            (SACK_PERMITTED, []) => self.sack_permitted = true,
            (TIMESTAMPS, _) => self.timestamps = two_numbers(data),
            (SACK, _) => {
                for (block, bytes) in self.sack.iter_mut().zip(data.chunks_exact(8)) {
                    *block = two_numbers(bytes);
                }
            }
            (MPTCP, _) => self.mptcp = true,
            _ => {}
        }
    }
}

/// Two 32-bit numbers in network order, if `data` is just that.
fn two_numbers(data: &[u8]) -> Option<(u32, u32)> {
    let (first, second) = data.split_at_checked(4)?;
    Some((u32::from_be_bytes(first.try_into().ok()?), u32::from_be_bytes(second.try_into().ok()?)))
}

/// Splits what follows a kind byte into the option's data and what comes behind it. `None` when the length is
/// impossible: below 2, or beyond the end of the options.
fn split_option(after_kind: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, tail) = after_kind.split_first()?;
    tail.split_at_checked(usize::from(length).checked_sub(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_zero_is_an_offer() {
        assert_eq!(Options::walk(&[3, 3, 0, 0], false).window_scale, Offer::Shift(0));
    }

    #[test]
    fn an_option_behind_an_unknown_kind_is_found() {
        let md5: Vec<u8> = [19, 18].into_iter().chain([7; 16]).chain([3, 3, 7]).collect();
        assert_eq!(Options::walk(&md5, false).window_scale, Offer::Shift(7));
        assert_eq!(Options::walk(&[34, 6, 1, 2, 3, 4, 1, 3, 3, 9], false).window_scale, Offer::Shift(9));
    }

    #[test]
    fn the_data_of_an_unknown_option_is_no_option() {
        let options = Options::walk(&[253, 6, 3, 3, 7, 1], false);
        assert_eq!(options.window_scale, Offer::Absent);
    }

    #[test]
    fn a_truncated_syn_is_unseen() {
        let cut = Options::walk(&[2, 4, 5, 180, 4, 2], true);
        assert_eq!((cut.window_scale, cut.maximum_segment_size), (Offer::Unseen, Some(1460)));
        assert_eq!(Options::walk(&[2, 4, 5, 180, 3, 3], true).window_scale, Offer::Unseen);
        assert_eq!(Options::walk(&[3, 3, 7], true).window_scale, Offer::Shift(7));
    }

    #[test]
    fn an_impossible_length_ends_the_walk_as_it_does_in_a_host() {
        assert_eq!(Options::walk(&[5, 0, 3, 3, 7], false).window_scale, Offer::Absent);
        assert_eq!(Options::walk(&[5, 40, 3, 3, 7], false).window_scale, Offer::Absent);
        assert_eq!(Options::walk(&[5, 40, 3, 3, 7], true).window_scale, Offer::Unseen);
    }

    #[test]
    fn contradicting_options_are_inconsistent() {
        assert_eq!(Options::walk(&[3, 3, 7, 3, 3, 7], false).window_scale, Offer::Shift(7));
        assert_eq!(Options::walk(&[3, 3, 7, 3, 3, 2], false).window_scale, Offer::Inconsistent);
        assert_eq!(Options::walk(&[3, 4, 7, 7], false).window_scale, Offer::Absent);
    }

    #[test]
    fn bytes_behind_the_end_are_no_option() {
        assert_eq!(Options::walk(&[0, 3, 3, 7], false).window_scale, Offer::Absent);
        assert_eq!(Options::walk(&[1, 1, 1, 1, 0, 1, 1, 1, 1, 1], false).nop_run, 4);
    }

    #[test]
    fn timestamps_and_sack_blocks_are_read() {
        let options =
            Options::walk(&[1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9], false);
        assert_eq!(options.timestamps, Some((5, 6)));
        assert_eq!(options.sack, [Some((1, 9)), None, None, None]);
    }
}
