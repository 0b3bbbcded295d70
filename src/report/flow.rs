//! What is reported about one flow.

use std::cmp::Reverse;

use crate::decode::{Endpoint, Offer, Outer};
use crate::detect::{Bounds, Finding, Judgement, Verdict};
use crate::flow::{Flow, Overshoot, Side, Sides};

use super::Standing;

/// How much of the handshake was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Both SYNs, and the client's answer.
    Complete,
    /// Some of it.
    Partial,
    /// Neither SYN.
    Missing,
}

impl Captured {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// Where a declared shift is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftSource {
    /// Both SYNs.
    Handshake,
    /// The kernel of one end.
    Kernel,
}

impl ShiftSource {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Kernel => "kernel",
        }
    }
}

/// One side's window, and the other side's data against it.
#[derive(Clone, Debug)]
pub struct WindowReport {
    /// What the side offered.
    pub offer: Offer,
    /// What follows from both offers as seen here.
    pub declared_shift: Option<u8>,
    /// Where the declared shift is known from.
    pub shift_source: Option<ShiftSource>,
    /// The shift under which the window is read, where it is known.
    pub effective_shift: Option<u8>,
    /// What the advertiser uses.
    pub applied_shift: Bounds,
    /// What the sender of the data acts on.
    pub believed_shift: Bounds,
    /// The window of the SYN.
    pub syn_window: Option<u16>,
    /// The first raw window behind the handshake.
    pub first_raw: Option<u16>,
    /// The smallest.
    pub min_raw: Option<u16>,
    /// The largest.
    pub max_raw: Option<u16>,
    /// Segments that advertise zero.
    pub zero_windows: u32,
    /// New bytes against this window.
    pub data_bytes: u64,
    /// From the newest captured acknowledgment to the end of the data, at most.
    pub max_in_flight_bytes: Option<u64>,
    /// Rounds in which the data stopped at an edge below the declared one.
    pub edge_stops: u32,
    /// Scaling is proven to work for this window.
    pub proven: bool,
    /// The best acknowledged overshoot.
    pub overshoot: Option<Overshoot>,
    /// Bytes per second from the first to the last new data.
    pub rate_bytes_per_s: Option<u64>,
    /// What limited the data, round by round.
    pub limits: Limits,
}

/// What limited one direction, in rounds: round trips with new data. The rest is neither window nor loss: the
/// sender or its application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// All rounds.
    pub rounds: u32,
    /// Rounds in which the data reached the edge of the window.
    pub window: u32,
    /// Rounds in which data was sent again.
    pub loss: u32,
}

/// Greater is worse: the verdict, then more data, then the earlier flow.
pub type Badness = (Verdict, u64, Reverse<u64>);

/// One flow, judged.
#[derive(Clone, Debug)]
pub struct FlowReport {
    /// Position in the order of first frames: Wireshark's `tcp.stream`.
    pub index: u64,
    /// Client and server.
    pub endpoints: Sides<Endpoint>,
    /// The client sent the SYN; otherwise the first frame.
    pub client_known: bool,
    /// How much of the handshake was captured.
    pub handshake: Captured,
    /// Whether scaling is in use, as far as both SYNs tell.
    pub scaling: Option<bool>,
    /// The verdict.
    pub verdict: Verdict,
    /// First frame.
    pub first_frame: u64,
    /// Last frame.
    pub last_frame: u64,
    /// Frames.
    pub frames: u64,
    /// Capture time of the first frame.
    pub first_us: i64,
    /// From the first to the last frame.
    pub duration_us: i64,
    /// The round trip as the handshake shows it.
    pub rtt_us: Option<i64>,
    /// Tags and tunnels around the packets of each side; `None` when there are none.
    pub outer: Option<Box<Sides<Outer>>>,
    /// Each side's window.
    pub windows: Sides<WindowReport>,
    /// Something about it was weakened because the capture dropped frames.
    pub weakened: bool,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// What a policy makes of each finding; empty without one.
    pub standings: Vec<Standing>,
    /// Which of the policy's selectors match a frame of the flow, a bit each.
    pub selected: u64,
}

impl FlowReport {
    /// Copies what is reported out of a flow and its judgement.
    pub fn new(index: u64, flow: &Flow, judgement: Judgement) -> Self {
        let syn = &flow.handshake.syn;
        let handshake = match (syn.client.is_some(), syn.server.is_some(), flow.handshake.completed.is_some())
        {
            (true, true, true) => Captured::Complete,
            (false, false, _) => Captured::Missing,
            _ => Captured::Partial,
        };
        Self {
            index,
            endpoints: flow.endpoints,
            client_known: flow.client_known,
            handshake,
            scaling: flow.handshake.scaling(),
            verdict: judgement.verdict,
            first_frame: flow.first_frame,
            last_frame: flow.last_frame,
            frames: flow.frames,
            first_us: flow.first_us,
            duration_us: flow.duration_us(),
            rtt_us: flow.handshake.rtt_us(),
            outer: flow.outer.clone(),
            windows: Sides {
                client: WindowReport::new(flow, &judgement, Side::Client),
                server: WindowReport::new(flow, &judgement, Side::Server),
            },
            weakened: judgement.weakened,
            findings: judgement.findings,
            standings: Vec::new(),
            selected: 0,
        }
    }

    /// The side whose window the flow is about: that of the worst finding, else the one with more data
    /// against it.
    pub fn focus(&self) -> Side {
        let accused = self.findings.first().and_then(|finding| finding.window_of);
        let busier = if self.windows.server.data_bytes > self.windows.client.data_bytes {
            Side::Server
        } else {
            Side::Client
        };
        accused.unwrap_or(busier)
    }

    /// The findings, each with what a policy makes of it.
    pub fn findings(&self) -> impl Iterator<Item = (&Finding, Option<Standing>)> {
        let standings = self.standings.iter().copied().map(Some).chain(std::iter::repeat(None));
        self.findings.iter().zip(standings)
    }

    /// Client and server in one line.
    pub fn name(&self) -> String {
        format!("flow {}: {} -> {}", self.index, self.endpoints.client, self.endpoints.server)
    }

    /// How bad it is.
    pub fn badness(&self) -> Badness {
        (self.verdict, self.data_bytes(), Reverse(self.index))
    }

    /// Bytes of new data in both directions.
    pub fn data_bytes(&self) -> u64 {
        self.windows.client.data_bytes + self.windows.server.data_bytes
    }
}

impl WindowReport {
    /// Written where it is kept, if it is taken in line: a copy would be half of the work.
    #[inline]
    fn new(flow: &Flow, judgement: &Judgement, side: Side) -> Self {
        let window = flow.windows.of(side);
        let shifts = judgement.shifts.of(side);
        let sent = &window.sent;
        Self {
            offer: flow.handshake.offer(side),
            declared_shift: shifts.declared,
            shift_source: shifts.declared.map(|_| match flow.handshake.scaling_on_wire() {
                Some(_) => ShiftSource::Handshake,
                None => ShiftSource::Kernel,
            }),
            effective_shift: *judgement.effective_shift.of(side),
            applied_shift: shifts.applied,
            believed_shift: shifts.believed,
            syn_window: window.advertised.syn_window,
            first_raw: window.advertised.first.map(|first| first.raw),
            min_raw: window.advertised.min_raw,
            max_raw: window.advertised.max_raw,
            zero_windows: u32::try_from(window.advertised.zero_windows).unwrap_or(u32::MAX),
            data_bytes: sent.bytes,
            max_in_flight_bytes: sent.max_in_flight_bytes,
            edge_stops: shifts.stopping.map_or(0, |stopping| stopping.stop.rounds),
            proven: *judgement.proven.of(side),
            overshoot: window.overshoots.best,
            rate_bytes_per_s: sent.rate_bytes_per_s(),
            limits: Limits { rounds: sent.rounds, window: sent.limited_rounds, loss: sent.lossy_rounds },
        }
    }

    /// The largest window in bytes; `None` while the shift is unknown.
    pub fn max_window_bytes(&self) -> Option<u64> {
        Some(u64::from(self.max_raw?) << self.effective_shift?)
    }
}
