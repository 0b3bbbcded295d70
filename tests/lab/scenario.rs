//! One transfer of the matrix: two hosts, a path, what is done to the packets, what is sent, and
//! what must be said about it from either side.

use std::time::Duration;

use crate::faults::Faults;
use crate::forwarder::Path;

/// How a host is set up.
#[derive(Clone)]
pub(crate) struct Host {
    /// The shift that it offers; `None` turns window scaling off.
    pub(crate) shift: Option<u8>,
    pub(crate) timestamps: bool,
    pub(crate) congestion: &'static str,
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) send_buffer: Option<usize>,
    pub(crate) nodelay: bool,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            shift: Some(10),
            timestamps: true,
            congestion: "cubic",
            receive_buffer: None,
            send_buffer: None,
            nodelay: false,
        }
    }
}

/// A box that the kernel brings along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KernelBox {
    IptablesSyn,
    IptablesSynAck,
    NftablesSyn,
    NftablesSynAck,
    Masquerade,
    /// Packets to another address leave for the server's.
    Destination,
}

impl KernelBox {
    /// What the kernel lacks when it refuses the rule.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Self::IptablesSyn | Self::IptablesSynAck => "the iptables target TCPOPTSTRIP",
            Self::NftablesSyn | Self::NftablesSynAck => "the nftables statement 'reset tcp option'",
            Self::Masquerade => "the iptables target MASQUERADE",
            Self::Destination => "the iptables target DNAT",
        }
    }
}

/// Which way the bulk of the data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Download,
    Upload,
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }
}

/// What one side does with its socket, in order.
#[derive(Clone)]
pub(crate) enum Step {
    Send(usize),
    Receive(usize),
    Pause(Duration),
    /// Receives this many bytes, this many at a time, with a pause after each.
    ReceiveSlowly(usize, usize, Duration),
    /// Receives this many bytes and sends one byte whenever it had to wait this long.
    ReceiveImpatiently(usize, Duration),
    Repeat(usize, Vec<Step>),
}

/// What both sides do.
#[derive(Clone)]
pub(crate) struct Traffic {
    pub(crate) client: Vec<Step>,
    pub(crate) server: Vec<Step>,
}

/// What one vantage must say, in the words of the manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expectation {
    /// Verdicts, any of which is right, separated by commas.
    pub(crate) verdicts: &'static str,
    /// Findings that must be there, `CODE[:window_of[:box]]`, separated by commas.
    pub(crate) must: &'static str,
    /// Problems and warnings that may be there too; any other is wrong.
    pub(crate) may: &'static str,
}

/// How fast the transfer must (not) be, in bytes per second.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    AtLeast(f64),
    AtMost(f64),
    Any,
}

/// One transfer; it makes two cells, one for each side it is captured at.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) ipv6: bool,
    pub(crate) mtu: u16,
    pub(crate) offload: bool,
    pub(crate) client: Host,
    pub(crate) server: Host,
    pub(crate) path: Path,
    pub(crate) faults: Faults,
    pub(crate) kernel_box: Option<KernelBox>,
    pub(crate) direction: Direction,
    pub(crate) traffic: Traffic,
    pub(crate) limit: Duration,
    pub(crate) pace: Pace,
    /// At the client's side, at the server's side.
    pub(crate) expect: [Expectation; 2],
}
