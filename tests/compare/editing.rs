//! Edits saved captures the way a box edits packets: headers only, checksums kept right by their difference
//! (RFC 1624). Ethernet and IPv4. It shares no code with what it tests.

use std::path::Path;

const ETHERNET: usize = 14;
const IP: usize = ETHERNET;
const TCP: usize = ETHERNET + 20;

/// One captured frame.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) time_us: i64,
    pub(crate) wire_bytes: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A recording of `fixtures/recordings`.
pub(crate) fn recording(name: &str) -> Vec<Packet> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(name);
    let bytes = std::fs::read(path).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 1), "pcap with microseconds, Ethernet");
    let mut packets = Vec::new();
    let mut at = 24;
    while at < bytes.len() {
        let captured = word(at + 8) as usize;
        packets.push(Packet {
            time_us: i64::from(word(at)) * 1_000_000 + i64::from(word(at + 4)),
            wire_bytes: word(at + 12),
            bytes: bytes[at + 16..at + 16 + captured].to_vec(),
        });
        at += 16 + captured;
    }
    packets
}

/// Writes a capture, in the order of time.
pub(crate) fn save(packets: &[Packet], path: &Path) {
    let mut sorted: Vec<&Packet> = packets.iter().collect();
    sorted.sort_by_key(|packet| packet.time_us);
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1] {
        bytes.extend(word.to_le_bytes());
    }
    for packet in sorted {
        let seconds = u32::try_from(packet.time_us / 1_000_000).unwrap();
        let rest = u32::try_from(packet.time_us % 1_000_000).unwrap();
        let captured = u32::try_from(packet.bytes.len()).unwrap();
        for word in [seconds, rest, captured, packet.wire_bytes] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(&packet.bytes);
    }
    std::fs::write(path, bytes).unwrap();
}

impl Packet {
    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.bytes[at..at + 2].try_into().unwrap())
    }

    fn long(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Where the options end.
    fn options(&self) -> std::ops::Range<usize> {
        TCP + 20..TCP + usize::from(self.bytes[TCP + 12] >> 4) * 4
    }

    pub(crate) fn is_syn(&self) -> bool {
        self.bytes[TCP + 13] & 2 != 0
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        usize::from(self.word(IP + 2)) - (self.options().end - IP)
    }

    /// Clients have the higher port, whatever their address becomes.
    pub(crate) fn is_from_client(&self) -> bool {
        self.word(TCP) > self.word(TCP + 2)
    }

    /// What the TCP checksum covers, without checksum and payload.
    fn sum(&self) -> u64 {
        let header = self.bytes[TCP..self.options().end].to_vec();
        let addresses = &self.bytes[IP + 12..IP + 20];
        let words = addresses.chunks(2).chain(header.chunks(2)).enumerate();
        words
            .filter(|(index, _)| *index != 4 + 8)
            .map(|(_, word)| u64::from(u16::from_be_bytes([word[0], word[1]])))
            .sum()
    }

    /// Changes header fields and keeps both checksums right.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.sum();
        change(self);
        let after = self.sum();
        // HC' = ~(~HC + ~m + m')
        let inverse = u64::from(!self.word(TCP + 16)) + 65535 * 100 + after - before;
        let folded = u16::try_from(inverse % 65535).unwrap();
        self.put(TCP + 16, &(!folded).to_be_bytes());
        self.put(IP + 10, &[0, 0]);
        let header = self.bytes[IP..IP + 20].chunks(2);
        let sum: u64 = header.map(|word| u64::from(u16::from_be_bytes([word[0], word[1]]))).sum();
        self.put(IP + 10, &(!u16::try_from(sum % 65535).unwrap()).to_be_bytes());
    }

    /// Gives the client's end another address and port.
    pub(crate) fn move_client(&mut self, address: [u8; 4], port: u16) {
        let (at, port_at) = if self.is_from_client() { (IP + 12, TCP) } else { (IP + 16, TCP + 2) };
        self.edit(|packet| {
            packet.put(port_at, &port.to_be_bytes());
            packet.put(at, &address);
        });
    }

    /// Gives the server's end another address and port.
    pub(crate) fn move_server(&mut self, address: [u8; 4], port: u16) {
        let (at, port_at) = if self.is_from_client() { (IP + 16, TCP + 2) } else { (IP + 12, TCP) };
        self.edit(|packet| {
            packet.put(port_at, &port.to_be_bytes());
            packet.put(at, &address);
        });
    }

    pub(crate) fn client_port(&self) -> u16 {
        self.word(if self.is_from_client() { TCP } else { TCP + 2 })
    }

    /// Adds to the sequence numbers of the client and of the server, SACK blocks included if `sack`.
    pub(crate) fn shift_sequence(&mut self, client: u32, server: u32, sack: bool) {
        let (own, peer) = if self.is_from_client() { (client, server) } else { (server, client) };
        let blocks = self.option(5).filter(|_| sack);
        self.edit(|packet| {
            let add = |packet: &mut Self, at: usize, offset: u32| {
                let number = packet.long(at).wrapping_add(offset);
                packet.put(at, &number.to_be_bytes());
            };
            add(packet, TCP + 4, own);
            if packet.bytes[TCP + 13] & 16 != 0 {
                add(packet, TCP + 8, peer);
            }
            for at in blocks.into_iter().flat_map(|(at, length)| (at + 2..at + length).step_by(4)) {
                add(packet, at, peer);
            }
        });
    }

    /// Adds to the timestamps of the client and of the server.
    pub(crate) fn shift_timestamps(&mut self, client: u32, server: u32) {
        let Some((at, _)) = self.option(8) else { return };
        let (own, peer) = if self.is_from_client() { (client, server) } else { (server, client) };
        self.edit(|packet| {
            let (value, echo) = (packet.long(at + 2), packet.long(at + 6));
            packet.put(at + 2, &value.wrapping_add(own).to_be_bytes());
            if echo != 0 {
                packet.put(at + 6, &echo.wrapping_add(peer).to_be_bytes());
            }
        });
    }

    /// Adds to the IP identification.
    pub(crate) fn shift_id(&mut self, offset: u16) {
        let id = self.word(IP + 4).wrapping_add(offset);
        self.edit(|packet| packet.put(IP + 4, &id.to_be_bytes()));
    }

    /// No IP identification, as in IPv6 and as RFC 6864 allows.
    pub(crate) fn clear_id(&mut self) {
        self.edit(|packet| packet.put(IP + 4, &[0, 0]));
    }

    /// Where the option of `kind` is, and its length.
    fn option(&self, kind: u8) -> Option<(usize, usize)> {
        let mut at = self.options().start;
        while at < self.options().end {
            match self.bytes[at] {
                0 => return None,
                1 => at += 1,
                found => {
                    let length = usize::from(self.bytes[at + 1]);
                    if found == kind {
                        return Some((at, length));
                    }
                    at += length;
                }
            }
        }
        None
    }

    /// Overwrites the data of the option of `kind`.
    pub(crate) fn set_option(&mut self, kind: u8, data: &[u8]) {
        let (at, _) = self.option(kind).unwrap();
        self.edit(|packet| packet.put(at + 2, data));
    }

    /// Overwrites the option of `kind` with NOPs.
    pub(crate) fn blank_option(&mut self, kind: u8) {
        let (at, length) = self.option(kind).unwrap();
        self.edit(|packet| packet.put(at, &vec![1; length]));
    }

    pub(crate) fn set_window(&mut self, raw: u16) {
        self.edit(|packet| packet.put(TCP + 14, &raw.to_be_bytes()));
    }

    pub(crate) fn window(&self) -> u16 {
        self.word(TCP + 14)
    }

    pub(crate) fn lower_hop_limit(&mut self, hops: u8) {
        self.edit(|packet| packet.bytes[IP + 8] -= hops);
    }

    /// Sets the two ECN bits.
    pub(crate) fn set_ecn(&mut self, bits: u8) {
        self.edit(|packet| packet.bytes[IP + 1] = packet.bytes[IP + 1] & 0xfc | bits);
    }

    /// Whether `next` goes on where this ends.
    pub(crate) fn follows(&self, next: &Self) -> bool {
        let end = self.long(TCP + 4).wrapping_add(u32::try_from(self.payload_bytes()).unwrap());
        end == next.long(TCP + 4) && self.long(TCP + 8) == next.long(TCP + 8)
    }

    /// Takes in the payload of `next`; only the length says so, as far as headers go.
    pub(crate) fn take_in(&mut self, next: &Self) {
        let more = next.payload_bytes();
        let total = self.word(IP + 2) + u16::try_from(more).unwrap();
        self.edit(|packet| packet.put(IP + 2, &total.to_be_bytes()));
        self.wire_bytes += u32::try_from(more).unwrap();
    }

    /// A checksum that does not fit any more.
    pub(crate) fn damage(&mut self) {
        self.bytes[TCP + 17] ^= 0x10;
    }
}

/// Every packet changed.
pub(crate) fn edited(packets: &[Packet], change: impl Fn(&mut Packet)) -> Vec<Packet> {
    let mut packets = packets.to_vec();
    packets.iter_mut().for_each(change);
    packets
}

/// A clock that is `offset_us` ahead and runs away by `ppm`.
pub(crate) fn by_clock(packets: &[Packet], offset_us: i64, ppm: i64) -> Vec<Packet> {
    let start = packets[0].time_us;
    edited(packets, |packet| packet.time_us += offset_us + (packet.time_us - start) * ppm / 1_000_000)
}

/// A capture that misses `percent` of its frames, chosen by `seed`.
pub(crate) fn missing(packets: &[Packet], percent: u64, seed: u64) -> Vec<Packet> {
    let mut state = seed;
    let mut kept = packets.to_vec();
    kept.retain(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100 >= percent
    });
    kept
}

/// The flow again, as another connection: another port, other numbers, later.
pub(crate) fn sibling(packets: &[Packet], number: u16) -> Vec<Packet> {
    let many = u32::from(number);
    edited(packets, |packet| {
        packet.move_client([10, 1, 0, 1], 10_000 + number);
        packet.shift_sequence(many.wrapping_mul(2_654_435_761), many.wrapping_mul(40_503_113), true);
        packet.shift_timestamps(many.wrapping_mul(77_777_777), many.wrapping_mul(99_999_989));
        packet.shift_id(number.wrapping_mul(251));
        packet.time_us += i64::from(number) * 3_000;
    })
}
