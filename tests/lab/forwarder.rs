//! The box in the middle: it reads frames from one link and writes them to the other, later, not
//! always, not always in order, and not always as they were.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvfrom, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeSpec;

use crate::faults::{Faults, Inspector, Side};
use crate::frame::Segment;
use crate::namespaces::{Namespace, join};

/// What the path is like, apart from what is done to the packets.
#[derive(Clone)]
pub(crate) struct Path {
    /// One way.
    pub(crate) delay: Duration,
    /// Per cent of the segments never arrive (the handshake always does: a lost SYN costs a second).
    pub(crate) loss_percent: u64,
    /// Per cent of the segments arrive 5 ms late, after those sent behind them.
    pub(crate) late_percent: u64,
    /// Bytes per second in each direction.
    pub(crate) rate: Option<u32>,
}

impl Default for Path {
    fn default() -> Self {
        Self { delay: Duration::from_millis(20), loss_percent: 0, late_percent: 0, rate: None }
    }
}

/// A running box; it stops when this is dropped.
pub(crate) struct Forwarder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<u32>>>,
}

impl Forwarder {
    /// Forwards between `to-client` and `to-server` of a namespace.
    pub(crate) fn start(space: &Namespace, path: Path, faults: Faults, mtu: usize) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let links = space.within(|| Ok([open("to-client")?, open("to-server")?]))?;
        let mut wire = Wire {
            links,
            path,
            inspector: Inspector::new(faults),
            mtu,
            queue: BinaryHeap::new(),
            sent: 0,
            free: [Instant::now(); 2],
            random: 0x9e37_79b9_7f4a_7c15,
        };
        let thread = std::thread::spawn(move || wire.run(&stopped));
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Stops the box and says how many segments its faults dropped.
    pub(crate) fn stop(mut self) -> Result<u32> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(Ok(0), join)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A frame on its way, ordered by when it is due.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Instant,
    order: u64,
    link: usize,
    bytes: Vec<u8>,
}

struct Wire {
    links: [OwnedFd; 2],
    path: Path,
    inspector: Inspector,
    mtu: usize,
    queue: BinaryHeap<Reverse<Due>>,
    sent: u64,
    /// When each direction's line is free again, if it has a rate.
    free: [Instant; 2],
    random: u64,
}

impl Wire {
    fn run(&mut self, stop: &AtomicBool) -> Result<u32> {
        let mut buffer = vec![0; 1 << 17];
        while !stop.load(Ordering::Relaxed) {
            let wait = self.deliver()?;
            let [client, server] = &self.links;
            let mut polled = [
                PollFd::new(client.as_fd(), PollFlags::POLLIN),
                PollFd::new(server.as_fd(), PollFlags::POLLIN),
            ];
            match ppoll(&mut polled, Some(TimeSpec::from_duration(wait)), None) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.receive(Side::Client, &mut buffer)?;
            self.receive(Side::Server, &mut buffer)?;
        }
        Ok(self.inspector.dropped)
    }

    /// Sends what is due and says how long until there is more.
    fn deliver(&mut self) -> Result<Duration> {
        loop {
            let now = Instant::now();
            match self.queue.peek() {
                None => return Ok(Duration::from_millis(50)),
                Some(Reverse(due)) if due.at > now => {
                    return Ok((due.at - now).min(Duration::from_millis(50)));
                }
                Some(_) => {}
            }
            let (Some(Reverse(due)), [client, server]) = (self.queue.pop(), &self.links) else { continue };
            let link = if due.link == 0 { client } else { server };
            match send(link.as_raw_fd(), &due.bytes, MsgFlags::empty()) {
                // A full queue or a frame that does not fit is lost, as on any link.
                Ok(_) | Err(Errno::ENOBUFS | Errno::EAGAIN | Errno::EMSGSIZE | Errno::ENETDOWN) => {}
                Err(error) => return Err(error).context("the box cannot send"),
            }
        }
    }

    fn receive(&mut self, from: Side, buffer: &mut [u8]) -> Result<()> {
        const OUTGOING: u8 = 4; // PACKET_OUTGOING: what we sent ourselves
        let [client, server] = &self.links;
        let link = if from == Side::Client { client } else { server }.as_raw_fd();
        loop {
            match recvfrom::<LinkAddr>(link, buffer) {
                Ok((_, Some(address))) if address.pkttype() == OUTGOING => {}
                Ok((length, _)) => {
                    let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                    self.forward(bytes, from);
                }
                Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => return Ok(()),
                Err(error) => return Err(error).context("the box cannot receive"),
            }
        }
    }

    fn forward(&mut self, bytes: Vec<u8>, from: Side) {
        let segment = match Segment::parse(bytes) {
            Ok(segment) => segment,
            Err(other) => return self.enqueue(other, from, Duration::ZERO),
        };
        // The card of a host with offloads cuts before anybody else sees the frame.
        for frame in segment.split(self.mtu) {
            let Ok(segment) = Segment::parse(frame) else { continue };
            let handshake = segment.is_syn() || segment.is_syn_ack();
            if !handshake && self.chance(self.path.loss_percent) {
                continue;
            }
            let Some(segment) = self.inspector.pass(segment, from) else { continue };
            let late = !handshake && self.chance(self.path.late_percent);
            let extra = if late { Duration::from_millis(5) } else { Duration::ZERO };
            self.enqueue(segment.seal(), from, extra);
        }
    }

    fn enqueue(&mut self, bytes: Vec<u8>, from: Side, extra: Duration) {
        let link = usize::from(from == Side::Client);
        let mut start = Instant::now();
        if let (Some(rate), Some(free)) = (self.path.rate, self.free.get_mut(link)) {
            start =
                start.max(*free) + Duration::from_nanos(bytes.len() as u64 * 1_000_000_000 / u64::from(rate));
            *free = start;
        }
        self.sent += 1;
        let at = start + self.path.delay + extra;
        self.queue.push(Reverse(Due { at, order: self.sent, link, bytes }));
    }

    /// True in so many per cent of the calls, by xorshift: the same packets are hit in every run.
    fn chance(&mut self, percent: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % 100 < percent
    }
}

/// A packet socket on one interface of the current namespace.
fn open(interface: &str) -> Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let link = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)
        .context("cannot open a packet socket")?;
    setsockopt(&link, sockopt::RcvBuf, &(4 << 20)).ok();
    let address = getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address.and_then(|address| address.as_link_addr().copied()))
        .with_context(|| format!("no interface {interface}"))?;
    bind(link.as_raw_fd(), &address).with_context(|| format!("cannot bind to {interface}"))?;
    Ok(link)
}
