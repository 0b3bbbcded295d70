//! Capture files: pcap and pcapng, written by hand.

/// One frame as captured.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    pub(crate) bytes: Vec<u8>,
    /// Length on the wire; `bytes` may be shorter.
    pub(crate) wire_length: usize,
}

/// Frames and what the file's header says about them.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    pub(crate) link_type: u16,
    pub(crate) snaplen: u32,
    pub(crate) nano: bool,
    pub(crate) big_endian: bool,
    pub(crate) pcapng: bool,
    pub(crate) frames: Vec<Frame>,
}

impl Capture {
    /// The file's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if self.pcapng { self.pcapng() } else { self.pcap() }
    }

    /// The usual ending of such a file.
    pub(crate) fn extension(&self) -> &'static str {
        if self.pcapng { "pcapng" } else { "pcap" }
    }

    fn pcap(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.u32(&mut out, if self.nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
        self.u16(&mut out, 2);
        self.u16(&mut out, 4);
        for word in [0, 0, self.snaplen, u32::from(self.link_type)] {
            self.u32(&mut out, word);
        }
        let tick = if self.nano { 1 } else { 1000 };
        for frame in &self.frames {
            let fraction = frame.time.rem_euclid(1_000_000_000) / tick;
            self.u32(&mut out, u32::try_from(frame.time.div_euclid(1_000_000_000)).unwrap());
            self.u32(&mut out, u32::try_from(fraction).unwrap());
            self.u32(&mut out, length(frame.bytes.len()));
            self.u32(&mut out, length(frame.wire_length));
            out.extend(&frame.bytes);
        }
        out
    }

    fn pcapng(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut body = Vec::new();
        self.u32(&mut body, 0x1a2b_3c4d);
        self.u16(&mut body, 1);
        self.u16(&mut body, 0);
        body.extend([0xff; 8]);
        self.block(&mut out, 0x0a0d_0d0a, &body);
        body.clear();
        self.u16(&mut body, self.link_type);
        self.u16(&mut body, 0);
        self.u32(&mut body, self.snaplen);
        // if_tsresol: 10^-9 or 10^-6 seconds, then the end of the options.
        self.u16(&mut body, 9);
        self.u16(&mut body, 1);
        body.extend([if self.nano { 9 } else { 6 }, 0, 0, 0, 0, 0, 0, 0]);
        self.block(&mut out, 1, &body);
        for frame in &self.frames {
            body.clear();
            let ticks = u64::try_from(if self.nano { frame.time } else { frame.time / 1000 }).unwrap();
            self.u32(&mut body, 0);
            self.u32(&mut body, u32::try_from(ticks >> 32).unwrap());
            self.u32(&mut body, u32::try_from(ticks & 0xffff_ffff).unwrap());
            self.u32(&mut body, length(frame.bytes.len()));
            self.u32(&mut body, length(frame.wire_length));
            body.extend(&frame.bytes);
            body.resize(body.len().next_multiple_of(4), 0);
            self.block(&mut out, 6, &body);
        }
        out
    }

    fn block(&self, out: &mut Vec<u8>, kind: u32, body: &[u8]) {
        let total = length(body.len() + 12);
        self.u32(out, kind);
        self.u32(out, total);
        out.extend(body);
        self.u32(out, total);
    }

    fn u32(&self, out: &mut Vec<u8>, n: u32) {
        out.extend(if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() });
    }

    fn u16(&self, out: &mut Vec<u8>, n: u16) {
        out.extend(if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() });
    }
}

fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap()
}
