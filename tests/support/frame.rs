//! From a TCP segment to the frames that a capture would hold.

use std::net::{IpAddr, SocketAddr};

use super::line::Mods;

/// A segment with every number settled.
#[derive(Clone, Debug)]
pub(crate) struct Tcp {
    pub(crate) from_client: bool,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) win: u16,
    pub(crate) options: Vec<u8>,
    pub(crate) len: u32,
}

/// The link type's number, by its name in the header `link`, or as it is: then every frame is in `hex`.
pub(crate) fn link_type(link: &str) -> Result<u16, String> {
    Ok(match link {
        "null" => 0,
        "ethernet" => 1,
        "raw12" => 12,
        "raw14" => 14,
        "raw" => 101,
        "loop" => 108,
        "sll" => 113,
        "user0" => 147,
        "ipv4" => 228,
        "ipv6" => 229,
        "sll2" => 276,
        number => number.parse().map_err(|_| format!("line 1: unknown link '{link}'"))?,
    })
}

/// The frames of a segment: one, or its fragments.
pub(crate) fn build(
    link: &str,
    big_endian: bool,
    tcp: &Tcp,
    mods: &Mods,
    id: u16,
) -> Result<Vec<Vec<u8>>, String> {
    let segment = segment(tcp, mods);
    let packets = match (tcp.src.ip(), tcp.dst.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4(src.octets(), dst.octets(), &segment, mods, id)?,
        (IpAddr::V6(src), IpAddr::V6(dst)) => vec![ipv6(&src.octets(), &dst.octets(), &segment, mods)?],
        _ => return Err("one address is IPv4, the other IPv6".to_owned()),
    };
    let v6 = tcp.src.is_ipv6();
    packets.iter().map(|packet| wrap(link, big_endian, tcp.from_client, v6, packet, mods)).collect()
}

fn segment(tcp: &Tcp, mods: &Mods) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(60 + tcp.len as usize);
    bytes.extend(tcp.src.port().to_be_bytes());
    bytes.extend(tcp.dst.port().to_be_bytes());
    bytes.extend(tcp.seq.to_be_bytes());
    bytes.extend(tcp.ack.to_be_bytes());
    let words = u8::try_from(5 + tcp.options.len() / 4).unwrap();
    bytes.extend([words << 4, tcp.flags]);
    bytes.extend(tcp.win.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(&tcp.options);
    bytes.extend((0..tcp.len).map(|i| tcp.seq.wrapping_add(i).to_be_bytes()[3]));
    let mut sum = match (tcp.src.ip(), tcp.dst.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ones(&src.octets()) + ones(&dst.octets()),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ones(&src.octets()) + ones(&dst.octets()),
        _ => 0,
    };
    sum += 6 + (bytes.len() as u64 & 0xffff) + (bytes.len() as u64 >> 16);
    let checksum = match (mods.partial, mods.badsum) {
        (true, _) => !fold(sum),
        (false, true) => fold(sum + ones(&bytes)) ^ 0x5555,
        (false, false) => fold(sum + ones(&bytes)),
    };
    bytes[16..18].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn ipv4(src: [u8; 4], dst: [u8; 4], payload: &[u8], mods: &Mods, id: u16) -> Result<Vec<Vec<u8>>, String> {
    let header_len = 20 + mods.ipopts.len();
    if !mods.ipopts.len().is_multiple_of(4) || header_len > 60 {
        return Err("IPv4 options fill whole words, 40 bytes at most".to_owned());
    }
    let piece = mods.split.unwrap_or(payload.len().max(1));
    if mods.split.is_some() && !piece.is_multiple_of(8) {
        return Err("fragments are multiples of 8 bytes".to_owned());
    }
    let mut packets = Vec::new();
    for (at, part) in payload.chunks(piece).enumerate() {
        let total = if mods.tso { Some(0) } else { u16::try_from(header_len + part.len()).ok() };
        let total = total.ok_or("the segment is too long for IPv4; 'tso' writes length 0")?;
        let more = (at + 1) * piece < payload.len();
        let offset = u16::try_from(at * piece / 8).map_err(|_| "too many fragments")?;
        let fragment = offset | if more { 0x2000 } else { 0 } | if mods.split.is_none() { 0x4000 } else { 0 };
        let mut packet = vec![0x40 | u8::try_from(header_len / 4).unwrap(), 0];
        packet.extend(total.to_be_bytes());
        packet.extend(id.to_be_bytes());
        packet.extend(fragment.to_be_bytes());
        packet.extend([mods.ttl.unwrap_or(64), 6, 0, 0]);
        packet.extend(src);
        packet.extend(dst);
        packet.extend(&mods.ipopts);
        let checksum = fold(ones(&packet)) ^ if mods.badip { 0x5555 } else { 0 };
        packet[10..12].copy_from_slice(&checksum.to_be_bytes());
        packet.extend(part);
        packets.push(packet);
    }
    Ok(packets)
}

fn ipv6(src: &[u8; 16], dst: &[u8; 16], payload: &[u8], mods: &Mods) -> Result<Vec<u8>, String> {
    let mut extensions = Vec::new();
    let mut numbers = Vec::new();
    for name in &mods.ext {
        let (number, body): (u8, [u8; 7]) = match name.as_str() {
            "hbh" => (0, [0, 1, 4, 0, 0, 0, 0]),
            "rt" => (43, [0; 7]),
            "frag" => (44, [0, 0, 0, 0, 0, 0, 9]),
            "dst" => (60, [0, 1, 4, 0, 0, 0, 0]),
            "jumbo" => {
                // RFC 2675 §2: the length of all behind the IPv6 header, whose own length is 0.
                let [a, b, c, d] = u32::try_from(8 * mods.ext.len() + payload.len()).unwrap().to_be_bytes();
                (0, [0, 0xc2, 4, a, b, c, d])
            }
            _ => return Err(format!("unknown extension header '{name}'")),
        };
        numbers.push(number);
        extensions.push(body);
    }
    numbers.push(6);
    let length = u16::try_from(8 * extensions.len() + payload.len()).ok();
    let has_own_length = mods.tso || mods.ext.iter().any(|name| name == "jumbo");
    let length = if has_own_length { 0 } else { length.ok_or("the segment is too long for IPv6")? };
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([numbers[0], mods.ttl.unwrap_or(64)]);
    packet.extend(src);
    packet.extend(dst);
    for (body, next) in extensions.iter().zip(&numbers[1..]) {
        packet.push(*next);
        packet.extend(body);
    }
    packet.extend(payload);
    Ok(packet)
}

fn wrap(
    link: &str,
    big_endian: bool,
    from_client: bool,
    v6: bool,
    packet: &[u8],
    mods: &Mods,
) -> Result<Vec<u8>, String> {
    let (client, server) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (src, dst) = if from_client { (client, server) } else { (server, client) };
    let ether_type: [u8; 2] = if v6 { [0x86, 0xdd] } else { [8, 0] };
    // The tag names what follows it; the outer of two is a service tag (802.1ad).
    let mut types: Vec<[u8; 2]> = vec![[0x81, 0]; mods.vlan.len()];
    if types.len() > 1 {
        types[0] = [0x88, 0xa8];
    }
    types.push(ether_type);
    let mut tags = Vec::new();
    for (id, next) in mods.vlan.iter().zip(&types[1..]) {
        tags.extend(id.to_be_bytes());
        tags.extend(next);
    }
    let packet_type = if mods.out { 4 } else { 0 };
    let family: u32 = if v6 { 30 } else { 2 };
    let mut frame = match link {
        "ethernet" | "user0" => [&dst[..], &src, &types[0], &tags].concat(),
        "sll" => [&[0, packet_type, 0, 1, 0, 6][..], &src, &[0, 0], &types[0], &tags].concat(),
        "sll2" => {
            let interface = if mods.out { 3 } else { 2 };
            [&types[0][..], &[0, 0, 0, 0, 0, interface, 0, 1, packet_type, 6], &src, &[0, 0], &tags].concat()
        }
        "null" if !big_endian => family.to_le_bytes().to_vec(),
        "null" | "loop" => family.to_be_bytes().to_vec(),
        _ if mods.vlan.is_empty() => Vec::new(),
        _ => return Err(format!("no VLAN tags on link '{link}'")),
    };
    frame.extend(packet);
    if let Some(least) = mods.pad.filter(|least| *least > frame.len()) {
        frame.resize(least, 0);
    }
    Ok(frame)
}

/// The sum of the 16-bit words, an odd byte filled up with zero.
fn ones(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or(0))).sum()
}

/// The Internet checksum of a sum (RFC 1071).
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
