//! Other link layers, VLAN tags, IPv6 in place of IPv4, shorter snap lengths.

use super::capture::{Capture, Frame};
use super::packet::{self, link};
use super::random::Random;

const IPV6: u16 = 0x86dd;

/// Link types that a capture can be given; NULL holds the family in the byte order of its host.
const LINKS: [u32; 6] = [link::ETHERNET, link::SLL, link::SLL2, link::RAW, link::NULL, link::LOOP];

/// The same packets with another link layer. Frames that are not IP go where it cannot carry them.
pub(crate) fn reframe(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let to = random.pick(&LINKS);
    (format!("link type {} to {to}", capture.link), convert(capture, to, &[]))
}

/// One to three VLAN tags around everything.
pub(crate) fn tag(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let to = random.pick(&[link::ETHERNET, link::SLL, link::SLL2]);
    let tags: Vec<u16> =
        (0..=random.below(3)).map(|_| random.pick(&[0x8100, 0x88a8, 0x9100, 0x9200])).collect();
    (format!("link type {to}, tags {tags:x?}"), convert(capture, to, &tags))
}

/// Frames cut behind the TCP header: one snap length for all, or as short as each can be.
pub(crate) fn snap(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let ends: Vec<Option<usize>> =
        packet::segments(capture).iter().map(|tcp| tcp.as_ref().map(|tcp| tcp.end)).collect();
    let longest = ends.iter().flatten().max().copied().unwrap_or(0);
    let (uniform, more) = (random.percent(50), random.below(100));
    let cut = |(frame, end): (&Frame, &Option<usize>)| {
        let Some(end) = end else { return frame.clone() };
        let length = if uniform { longest } else { *end } + more;
        Frame { data: frame.data[..length.min(frame.data.len())].into(), ..frame.clone() }
    };
    let frames = capture.frames.iter().zip(&ends).map(cut).collect();
    let what = if uniform { format!("cut at {}", longest + more) } else { format!("{more} of the payload") };
    (what, Capture { link: capture.link, frames })
}

/// All packets with the link header of `to`, `tags` innermost last.
pub(crate) fn convert(capture: &Capture, to: u32, tags: &[u16]) -> Capture {
    let reframed = capture.frames.iter().filter_map(|frame| {
        let (ether_type, at) = packet::network(capture.link, &frame.data)?;
        let header = header(to, ether_type, tags)?;
        Some(replaced(frame, &[&header, &frame.data[at..]].concat()))
    });
    Capture { link: to, frames: reframed.collect() }
}

/// `frame` with other bytes; the part of it that was not captured stays.
fn replaced(frame: &Frame, data: &[u8]) -> Frame {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let beyond = frame.wire_bytes.saturating_sub(length(&frame.data));
    Frame { data: data.into(), wire_bytes: length(data) + beyond, ..frame.clone() }
}

fn header(to: u32, ether_type: u16, tags: &[u16]) -> Option<Vec<u8>> {
    let outer = tags.first().copied().unwrap_or(ether_type).to_be_bytes();
    let is_ip = ether_type == 0x0800 || ether_type == IPV6;
    let family = if ether_type == IPV6 { 30 } else { 2 };
    let mut header = match to {
        link::ETHERNET => [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &outer[..]].concat(),
        link::SLL => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0], &outer[..]].concat(),
        link::SLL2 => [&outer[..], &[0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0]].concat(),
        link::NULL if is_ip => vec![family, 0, 0, 0],
        link::LOOP if is_ip => vec![0, 0, 0, family],
        link::RAW if is_ip => Vec::new(),
        _ => return None,
    };
    for (index, _) in tags.iter().enumerate() {
        header.extend([0, 7]);
        header.extend(tags.get(index + 1).copied().unwrap_or(ether_type).to_be_bytes());
    }
    Some(header)
}

/// Where IPv4 addresses go in IPv6.
const PREFIX: [u8; 12] = [0x20, 0x01, 0x0d, 0xb8, 0, 0x0b, 0, 0, 0, 0, 0, 0];

/// The address is one that `to_ipv6()` makes.
pub(crate) fn is_moved(address: std::net::IpAddr) -> bool {
    matches!(address, std::net::IpAddr::V6(address) if address.octets().starts_with(&PREFIX[..6]))
}

/// IPv6 in place of IPv4 and under one prefix, on Ethernet. `None` where fragments would have to be made anew.
pub(crate) fn to_ipv6(capture: &Capture) -> Option<Capture> {
    let capture = convert(capture, link::ETHERNET, &[]);
    let mut frames = Vec::new();
    for frame in &capture.frames {
        let Some(ip) = packet::ip(capture.link, &frame.data) else {
            frames.push(frame.clone());
            continue;
        };
        if ip.is_v6 {
            let mut data = frame.data.to_vec();
            for address in packet::addresses(&ip) {
                data[address][..6].copy_from_slice(&PREFIX[..6]);
            }
            frames.push(replaced(frame, &data));
            continue;
        }
        if ip.is_fragment || ip.payload_at > frame.data.len() {
            return None;
        }
        let mut data = header(link::ETHERNET, IPV6, &[])?;
        data.extend([0x60, 0, 0, 0]);
        data.extend(u16::try_from(ip.payload_bytes.unwrap_or(0)).unwrap().to_be_bytes());
        data.extend([ip.protocol, frame.data[ip.at + 8]]);
        for address in packet::addresses(&ip) {
            data.extend([&PREFIX, &frame.data[address]].concat());
        }
        data.extend(&frame.data[ip.payload_at..]);
        frames.push(replaced(frame, &data));
    }
    Some(Capture { link: capture.link, frames })
}

/// Every address with some of its bits the other way round: who is the larger end changes too.
pub(crate) fn readdress(capture: &Capture, random: &mut Random) -> (String, Capture) {
    let mask = random.word() | 1;
    let other = |frame: &Frame| {
        let Some(ip) = packet::ip(capture.link, &frame.data) else { return frame.clone() };
        let mut data = frame.data.to_vec();
        for address in packet::addresses(&ip) {
            if address.end <= data.len() {
                let low = address.end - 4;
                let word = packet::be32(&data, low).unwrap() ^ mask;
                data[low..address.end].copy_from_slice(&word.to_be_bytes());
            }
        }
        replaced(frame, &data)
    };
    (
        format!("addresses xor {mask:08x}"),
        Capture { link: capture.link, frames: capture.frames.iter().map(other).collect() },
    )
}
