//! 802.11 data frames (IEEE 802.11 §9.3.2), as monitors and access points hand them out: decrypted.

use super::Skip;
use super::walk::{Next, Walk};

/// The radio's header says its own length, in little endian.
pub(super) fn radiotap(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [0, _, low, high] = walk.peek()? else { return Err(Skip::Malformed) };
    walk.skip(usize::from(u16::from_le_bytes([low, high])))?;
    Ok(Next::Wlan)
}

/// A data frame. Of an aggregate (A-MSDU) only the first packet is seen: a frame has one number here, and
/// so it has one segment. The error is towards missing segments.
pub(super) fn wlan(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    const TYPE_AND_VERSION: u8 = 0x0f;
    const DATA: u8 = 0x08;
    const NO_DATA: u8 = 0x40;
    const QUALITY_OF_SERVICE: u8 = 0x80;
    const BETWEEN_STATIONS: u8 = 0x03;
    const ENCRYPTED: u8 = 0x40;
    const HIGH_THROUGHPUT: u8 = 0x80;
    const AGGREGATE: u8 = 0x80;
    const AGGREGATE_HEADER_BYTES: usize = 14;
    let [kind, flags] = walk.peek()?;
    if kind & TYPE_AND_VERSION != DATA || kind & NO_DATA != 0 || flags & ENCRYPTED != 0 {
        return Err(Skip::NotIp);
    }
    walk.skip(24)?;
    if flags & BETWEEN_STATIONS == BETWEEN_STATIONS {
        walk.skip(6)?;
    }
    if kind & QUALITY_OF_SERVICE != 0 {
        let [control, _] = walk.take()?;
        if flags & HIGH_THROUGHPUT != 0 {
            walk.skip(4)?;
        }
        if control & AGGREGATE != 0 {
            walk.skip(AGGREGATE_HEADER_BYTES)?;
        }
    }
    Ok(Next::Llc)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, decode};
    use super::*;

    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    fn frame(control: [u8; 2], behind: &[u8]) -> Result<u16, Skip> {
        decode(105, &[&control, &[0; 22], behind, &SNAP, &TCP_IN_IPV4]).map(|segment| segment.raw_window)
    }

    #[test]
    fn data_frames_are_opened() {
        assert_eq!(frame([0x08, 1], &[]), Ok(502));
        assert_eq!(frame([0x08, 3], &[0; 6]), Ok(502));
        assert_eq!(frame([0x88, 2], &[0, 0]), Ok(502));
        assert_eq!(frame([0x88, 0x82], &[0; 6]), Ok(502));
        assert_eq!(frame([0x88, 2], &[&[0x80, 0][..], &[0; 14]].concat()), Ok(502));
    }

    #[test]
    fn other_frames_are_not_ip() {
        assert_eq!(frame([0x80, 0], &[]), Err(Skip::NotIp));
        assert_eq!(frame([0x48, 1], &[]), Err(Skip::NotIp));
        assert_eq!(frame([0x08, 0x41], &[0; 8]), Err(Skip::NotIp));
    }

    #[test]
    fn the_radio_header_is_as_long_as_it_says() {
        let radio = [0, 0, 10, 0, 0, 0, 0, 0, 0, 0];
        assert!(decode(127, &[&radio, &[8, 1], &[0; 22], &SNAP, &TCP_IN_IPV4]).is_ok());
        assert_eq!(decode(127, &[&[1, 0, 10, 0], &[0; 60]]).unwrap_err(), Skip::Malformed);
    }
}
