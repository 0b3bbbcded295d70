//! What the box does to the packets: the rewritten handshake of the 2.6.17 post, and the stateful
//! box of the LKML threads of June 2006 that forgets the scale.

use crate::frame::{Segment, walk};

const WINDOW_SCALE: u8 = 3;
const SACK: u8 = 5;
const NOP: u8 = 1;

/// Which side a frame came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What becomes of the window scale option in one half of the handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum OptionFault {
    #[default]
    Keep,
    /// The option stays, its shift does not.
    Shift(u8),
    /// The option is cut out: the header becomes shorter.
    Remove,
    /// The option is overwritten: the header keeps its length.
    Nops,
}

/// Everything that the box does wrong, or merely does.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    pub(crate) syn: OptionFault,
    pub(crate) syn_ack: OptionFault,
    /// Tracks windows without their scale and drops what lies beyond.
    pub(crate) unscaled_tracking: bool,
    /// The cable is cut once this many segments with data came from the server.
    pub(crate) cut_after: Option<u32>,
    /// Makes what is added to the client's sequence numbers, of each connection another number, as firewalls do
    /// that choose their own.
    pub(crate) resequence: u32,
    /// The server sees another address and port of the client.
    pub(crate) translate: bool,
}

/// The box's memory of one connection.
pub(crate) struct Inspector {
    faults: Faults,
    /// Newest acknowledgment and unscaled edge for the client's data, and for the server's.
    edges: [Option<(u32, u32)>; 2],
    server_data_segments: u32,
    /// The last byte of the client's address.
    client_host: u8,
    pub(crate) dropped: u32,
}

/// The last byte of the client's address beyond a translating box.
pub(crate) const TRANSLATED_HOST: u8 = 99;
/// Between a client's port and the one that it seems to have: both ways the same.
const TRANSLATION: u16 = 0x1e61;

impl Inspector {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults, edges: [None, None], server_data_segments: 0, client_host: 0, dropped: 0 }
    }

    /// Passes a segment on, changed as the faults say, or drops it.
    pub(crate) fn pass(&mut self, mut segment: Segment, from: Side) -> Option<Segment> {
        if from == Side::Server && segment.payload_bytes() > 0 {
            self.server_data_segments += 1;
        }
        let cut = self.faults.cut_after.is_some_and(|limit| self.server_data_segments > limit);
        if cut || (self.faults.unscaled_tracking && !self.is_inside(&segment, from)) {
            self.dropped += 1;
            return None;
        }
        if segment.is_syn() {
            edit(&mut segment, self.faults.syn);
        } else if segment.is_syn_ack() {
            edit(&mut segment, self.faults.syn_ack);
        }
        // Beyond the box the client has the other port: what knows its own stands on the client's side.
        if from == Side::Server {
            self.translate(&mut segment, from);
        }
        resequence(&mut segment, from, self.faults.resequence);
        if from == Side::Client {
            self.translate(&mut segment, from);
        }
        Some(segment)
    }

    /// Judges data by the newest acknowledgment of the other side, taking its window as it is on the
    /// wire, and remembers this side's.
    fn is_inside(&mut self, segment: &Segment, from: Side) -> bool {
        let [client_data, server_data] = &mut self.edges;
        let (mine, theirs) =
            if from == Side::Client { (client_data, server_data) } else { (server_data, client_data) };
        if segment.has_ack() && !segment.is_reset() {
            let ack = segment.ack();
            if theirs.is_none_or(|(newest, _)| !is_before(ack, newest)) {
                *theirs = Some((ack, ack.wrapping_add(u32::from(segment.raw_window()))));
            }
        }
        let bytes = u32::try_from(segment.payload_bytes()).unwrap_or(0);
        let end = segment.seq().wrapping_add(bytes);
        bytes == 0 || mine.is_none_or(|(_, edge)| !is_before(edge, end))
    }

    fn translate(&mut self, segment: &mut Segment, from: Side) {
        if !self.faults.translate {
            return;
        }
        let (port, host) = segment.endpoint(from == Side::Client);
        if from == Side::Client {
            self.client_host = host;
            segment.set_endpoint(true, (port ^ TRANSLATION, TRANSLATED_HOST));
        } else if host == TRANSLATED_HOST {
            segment.set_endpoint(false, (port ^ TRANSLATION, self.client_host));
        }
    }
}

fn is_before(a: u32, b: u32) -> bool {
    b.wrapping_sub(a).wrapping_sub(1) < u32::MAX / 2
}

fn edit(segment: &mut Segment, fault: OptionFault) {
    if fault == OptionFault::Keep {
        return;
    }
    let options = segment.options().to_vec();
    let mut edited = Vec::new();
    for option in walk(&options) {
        let bytes = options.get(option.range).unwrap_or_default();
        match (option.kind, fault) {
            (WINDOW_SCALE, OptionFault::Shift(shift)) => edited.extend([WINDOW_SCALE, 3, shift]),
            (WINDOW_SCALE, OptionFault::Nops) => edited.extend([NOP; 3]),
            // The padding before the option would be left over: a shorter header has none.
            (WINDOW_SCALE | NOP, OptionFault::Remove) => {}
            _ => edited.extend_from_slice(bytes),
        }
    }
    segment.set_options(&edited);
}

fn resequence(segment: &mut Segment, from: Side, seed: u32) {
    if seed == 0 {
        return;
    }
    let (port, _) = segment.endpoint(from == Side::Client);
    let offset = seed.wrapping_mul(u32::from(port) | 1);
    if from == Side::Client {
        let seq = segment.seq().wrapping_add(offset);
        segment.set_seq(seq);
        return;
    }
    let ack = segment.ack().wrapping_sub(offset);
    segment.set_ack(ack);
    let mut options = segment.options().to_vec();
    for option in walk(segment.options()) {
        if option.kind != SACK {
            continue;
        }
        for edge in
            options.get_mut(option.range).unwrap_or_default().get_mut(2..).unwrap_or_default().chunks_mut(4)
        {
            if let Ok(bytes) = <[u8; 4]>::try_from(&*edge) {
                edge.copy_from_slice(&u32::from_be_bytes(bytes).wrapping_sub(offset).to_be_bytes());
            }
        }
    }
    segment.set_options(&options);
}
