//! MPLS labels, and the packet or the frame that they carry.

use super::walk::{Next, Walk};
use super::{Layer, Skip};

/// Takes the labels down to the bottom of the stack. Nothing says what is behind it: IP shows its version,
/// a pseudowire is an Ethernet frame with or without a control word (RFC 4448 §4.6).
pub(super) fn mpls(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    loop {
        let [a, b, c, _hops] = walk.take()?;
        walk.pass(Layer::Mpls(u32::from_be_bytes([0, a, b, c]) >> 4));
        if c & 1 == 1 {
            break;
        }
    }
    let [first] = walk.peek()?;
    match first >> 4 {
        4 | 6 => Ok(Next::Ip),
        0 if !is_frame(walk) => {
            walk.skip(4)?;
            Ok(Next::Ethernet)
        }
        _ => Ok(Next::Ethernet),
    }
}

/// Whether a frame with an EtherType that leads to IP begins here: then there is no control word.
fn is_frame(walk: &Walk<'_>) -> bool {
    walk.peek::<14>().is_ok_and(|[.., high, low]| {
        matches!(u16::from_be_bytes([high, low]), 0x0800 | 0x86dd | 0x8100 | 0x88a8 | 0x8847 | 0x8864)
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ETHERNET, MAC, TCP_IN_IPV4, decode};

    fn outer(behind_labels: &[u8]) -> String {
        let labels = [0x88, 0x47, 0, 1, 0x20, 64, 0, 0, 0x31, 64];
        decode(ETHERNET, &[&MAC, &labels, behind_labels, &TCP_IN_IPV4]).unwrap().outer.to_string()
    }

    #[test]
    fn the_stack_is_taken_to_its_bottom() {
        assert_eq!(outer(&[]), "MPLS 18, MPLS 3");
    }

    #[test]
    fn a_pseudowire_may_have_a_control_word() {
        let mac = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 6, 8, 0];
        assert_eq!(outer(&mac), "MPLS 18, MPLS 3");
        assert_eq!(outer(&[&[0, 0, 0, 9][..], &mac].concat()), "MPLS 18, MPLS 3");
        assert_eq!(outer(&[&MAC[..], &[8, 0]].concat()), "MPLS 18, MPLS 3");
    }
}
