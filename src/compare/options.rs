//! What happened to the options of one segment between two captures, option by option, in their order.

use crate::decode::OptionBytes;

const END: u8 = 0;
const NOP: u8 = 1;
pub(crate) const MAXIMUM_SEGMENT_SIZE: u8 = 2;
pub(crate) const WINDOW_SCALE: u8 = 3;
pub(crate) const SACK_PERMITTED: u8 = 4;
pub(crate) const SACK: u8 = 5;
pub(crate) const TIMESTAMPS: u8 = 8;

/// What was done to one option. The numbers are those of options that hold one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// It is there behind the box only.
    Added(Option<u32>),
    /// It is gone, and what follows moved up.
    Removed(Option<u32>),
    /// NOPs stand in its place.
    Blanked(Option<u32>),
    /// It holds another number.
    Changed(u32, u32),
    /// It holds something else, which differs from segment to segment.
    Rewritten,
}

/// The name of an option kind, as IANA lists it; unknown ones by number.
pub fn name(kind: u8) -> String {
    let name = match kind {
        MAXIMUM_SEGMENT_SIZE => "MSS",
        WINDOW_SCALE => "window scale",
        SACK_PERMITTED => "SACK permitted",
        SACK => "SACK",
        TIMESTAMPS => "timestamps",
        19 => "MD5 signature",
        28 => "user timeout",
        29 => "TCP-AO",
        30 => "MPTCP",
        34 => "Fast Open cookie",
        69 => "encryption negotiation",
        253 | 254 => return format!("experimental option {kind}"),
        _ => return format!("option {kind}"),
    };
    name.to_owned()
}

/// One option where it stands.
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    kind: u8,
    at: usize,
    bytes: usize,
    data: &'a [u8],
}

impl Item<'_> {
    fn number(&self) -> Option<u32> {
        match (self.kind, self.data) {
            (MAXIMUM_SEGMENT_SIZE, [high, low]) => Some(u32::from(u16::from_be_bytes([*high, *low]))),
            (WINDOW_SCALE, [shift]) => Some(u32::from(*shift)),
            _ => None,
        }
    }
}

/// The options of one header.
struct Walk<'a> {
    items: Vec<Item<'a>>,
    /// Every option was seen.
    complete: bool,
}

impl<'a> Walk<'a> {
    fn new(options: &'a OptionBytes) -> Self {
        let bytes = options.as_slice();
        let mut walk = Self { items: Vec::new(), complete: !options.cut };
        let mut at = 0;
        while let Some(&kind) = bytes.get(at) {
            if kind == NOP {
                at += 1;
                continue;
            }
            if kind == END {
                walk.complete = true;
                break;
            }
            let length = bytes.get(at + 1).map_or(0, |length| usize::from(*length));
            let Some(data) = bytes.get(at + 2..at + length) else {
                walk.complete = false;
                break;
            };
            walk.items.push(Item { kind, at, bytes: length, data });
            at += length;
        }
        walk
    }

    /// The `nth` option of `kind`: MPTCP may stand in one header more than once.
    fn nth(&self, kind: u8, nth: usize) -> Option<&Item<'a>> {
        self.items.iter().filter(|item| item.kind == kind).nth(nth)
    }
}

/// The kinds in `options`, in their order.
pub(crate) fn kinds(options: &OptionBytes) -> Vec<u8> {
    Walk::new(options).items.iter().map(|item| item.kind).collect()
}

/// What differs between two captures of the same options.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// By option kind.
    pub(crate) edits: Vec<(u8, Edit)>,
    /// Options that both have stand in another order.
    pub(crate) reordered: bool,
    /// Only the padding between the options differs.
    pub(crate) padding: bool,
}

/// Compares the options as they entered the box with those that left it. SACK blocks are left out: they are
/// sequence numbers.
pub(crate) fn difference(before: &OptionBytes, after: &OptionBytes) -> Difference {
    let mut difference = Difference::default();
    if before == after {
        return difference;
    }
    let (old, new) = (Walk::new(before), Walk::new(after));
    let mut seen = [0usize; 256];
    for item in &old.items {
        let nth = count(&mut seen, item.kind);
        let edit = match new.nth(item.kind, nth) {
            Some(other) if other.data == item.data || item.kind == SACK => None,
            Some(other) => Some(match (item.number(), other.number()) {
                (Some(from), Some(to)) => Edit::Changed(from, to),
                _ => Edit::Rewritten,
            }),
            None if is_blank(after, item) => Some(Edit::Blanked(item.number())),
            // What the snap length cut is unseen, not absent.
            None if !new.complete => None,
            None => Some(Edit::Removed(item.number())),
        };
        difference.edits.extend(edit.map(|edit| (item.kind, edit)));
    }
    let mut seen = [0usize; 256];
    for item in &new.items {
        let nth = count(&mut seen, item.kind);
        if old.complete && old.nth(item.kind, nth).is_none() {
            difference.edits.push((item.kind, Edit::Added(item.number())));
        }
    }
    if old.complete && new.complete {
        let common = |walk: &Walk<'_>, other: &Walk<'_>| -> Vec<u8> {
            walk.items
                .iter()
                .map(|item| item.kind)
                .filter(|kind| other.items.iter().any(|item| item.kind == *kind))
                .collect()
        };
        difference.reordered = common(&old, &new) != common(&new, &old);
        let moved = old.items.iter().zip(&new.items).any(|(a, b)| a.at != b.at);
        let longer = before.as_slice().len() != after.as_slice().len();
        difference.padding = difference.edits.is_empty() && !difference.reordered && (moved || longer);
    }
    difference
}

fn count(seen: &mut [usize; 256], kind: u8) -> usize {
    seen.get_mut(usize::from(kind)).map_or(0, |count| {
        *count += 1;
        *count - 1
    })
}

/// Whether NOPs fill the place of `item`.
fn is_blank(after: &OptionBytes, item: &Item<'_>) -> bool {
    after
        .as_slice()
        .get(item.at..item.at + item.bytes)
        .is_some_and(|bytes| bytes.iter().all(|byte| *byte == NOP))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mss 1460, sackOK, TS 1 0, nop, wscale 10: what Linux sends.
    const LINUX: [u8; 20] = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 10];

    fn edits(after: &[u8]) -> Vec<(u8, Edit)> {
        difference(&OptionBytes::new(&LINUX, false), &OptionBytes::new(after, false)).edits
    }

    #[test]
    fn every_edit_of_the_window_scale_has_its_name() {
        let mut lowered = LINUX;
        lowered[19] = 0;
        assert_eq!(edits(&lowered), [(WINDOW_SCALE, Edit::Changed(10, 0))]);
        let mut blanked = LINUX;
        blanked[17..].fill(1);
        assert_eq!(edits(&blanked), [(WINDOW_SCALE, Edit::Blanked(Some(10)))]);
        assert_eq!(edits(&LINUX[..16]), [(WINDOW_SCALE, Edit::Removed(Some(10)))]);
        assert!(edits(&LINUX).is_empty());
    }

    #[test]
    fn an_option_that_the_snap_length_cut_was_not_removed() {
        let whole = OptionBytes::new(&LINUX, false);
        let cut = OptionBytes::new(&LINUX[..16], true);
        assert!(difference(&whole, &cut).edits.is_empty());
        assert!(difference(&cut, &whole).edits.is_empty());
    }

    #[test]
    fn another_order_is_no_removal() {
        let turned = [4, 2, 2, 4, 5, 180, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 10];
        let difference = difference(&OptionBytes::new(&LINUX, false), &OptionBytes::new(&turned, false));
        assert!(difference.reordered && difference.edits.is_empty() && !difference.padding);
    }

    #[test]
    fn padding_alone_is_told_apart() {
        let shifted = [1, 1, 4, 2];
        let difference =
            difference(&OptionBytes::new(&[4, 2, 1, 1], false), &OptionBytes::new(&shifted, false));
        assert!(difference.padding && difference.edits.is_empty());
    }

    #[test]
    fn unknown_kinds_go_by_their_number() {
        assert_eq!(edits(&[LINUX.as_slice(), &[77, 4, 1, 2]].concat()), [(77, Edit::Added(None))]);
        assert_eq!(name(77), "option 77");
    }
}
