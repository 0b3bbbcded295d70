//! The two ends: ordinary sockets of the kernel, driven by a list of steps, bounded in time.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, connect, listen, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::faults::TRANSLATED_HOST;
use crate::namespaces::join;
use crate::scenario::{Direction, Host, KernelBox, Scenario, Step};
use crate::topology::{Topology, address};

const PORT: u16 = 80;
const CHUNK: usize = 1 << 16;
const SEGMENT: usize = 1448;

/// What came of a transfer. The sockets stay open until this is dropped.
pub(crate) struct Outcome {
    pub(crate) complete: bool,
    /// Bytes of the bulk that reached the receiving application.
    pub(crate) bytes: u64,
    /// From the start of the connection to the last of them.
    pub(crate) took: Duration,
    ends: [Option<TcpStream>; 2],
}

impl Outcome {
    pub(crate) fn bytes_per_second(&self) -> f64 {
        f64::from(u32::try_from(self.bytes).unwrap_or(u32::MAX)) / self.took.as_secs_f64().max(1e-6)
    }

    /// Ends the connection properly.
    pub(crate) fn close(&mut self) {
        self.ends = [None, None];
    }
}

struct End {
    stream: Option<TcpStream>,
    /// Bytes written at a time: once begun, the kernel fills a large buffer, however small its limit.
    chunk: usize,
    complete: bool,
    bytes: u64,
    last: Option<Instant>,
}

/// Runs both ends to their last step or to the time limit.
pub(crate) fn run(topology: &Topology, scenario: &Scenario) -> Result<Outcome> {
    let start = Instant::now();
    let deadline = start + scenario.limit;
    let peer = address(scenario.ipv6, 2);
    let (listening, is_listening) = mpsc::channel();
    let (host, steps) = (scenario.server.clone(), scenario.traffic.server.clone());
    let server = topology.server.spawn(move || {
        let listener = listener(peer, &host)?;
        listening.send(()).ok();
        let Some(stream) = accept(&listener, deadline)? else { return Ok(End::new(None, &host)) };
        End::new(Some(stream), &host).perform(&steps, deadline)
    });
    is_listening.recv_timeout(Duration::from_secs(5)).context("the server does not listen")?;
    let (host, steps) = (scenario.client.clone(), scenario.traffic.client.clone());
    let redirected = scenario.kernel_box == Some(KernelBox::Destination);
    let destination = if redirected { address(scenario.ipv6, TRANSLATED_HOST) } else { peer };
    let client = topology.client.spawn(move || {
        let stream = connected(destination, &host, deadline)?;
        End::new(stream, &host).perform(&steps, deadline)
    });
    let (client, server) = (join(client), join(server));
    let (client, server) = (client.context("client")?, server.context("server")?);
    let receiver = if scenario.direction == Direction::Download { &client } else { &server };
    Ok(Outcome {
        complete: client.complete && server.complete,
        bytes: receiver.bytes,
        took: receiver.last.map_or(scenario.limit, |last| last - start),
        ends: [client.stream, server.stream],
    })
}

impl End {
    fn new(stream: Option<TcpStream>, host: &Host) -> Self {
        let chunk = if host.send_buffer.is_some() { SEGMENT } else { CHUNK };
        Self { stream, chunk, complete: false, bytes: 0, last: None }
    }

    fn perform(mut self, steps: &[Step], deadline: Instant) -> Result<Self> {
        let Some(stream) = self.stream.take() else { return Ok(self) };
        stream.set_read_timeout(Some(Duration::from_millis(50)))?;
        stream.set_write_timeout(Some(Duration::from_millis(50)))?;
        self.complete = steps.iter().all(|step| self.step(&stream, step, deadline));
        self.stream = Some(stream);
        Ok(self)
    }

    /// One step; false when time is up or the connection is gone.
    fn step(&mut self, stream: &TcpStream, step: &Step, deadline: Instant) -> bool {
        match *step {
            Step::Send(bytes) => self.send(stream, bytes, deadline),
            Step::Pause(time) => pause(time, deadline),
            Step::Receive(bytes) => self.receive(stream, bytes, deadline),
            Step::ReceiveSlowly(bytes, chunk, every) => (0..bytes.div_ceil(chunk)).all(|index| {
                self.receive(stream, chunk.min(bytes - index * chunk), deadline) && pause(every, deadline)
            }),
            Step::ReceiveImpatiently(bytes, after) => {
                let goal = self.bytes + bytes as u64;
                while self.bytes < goal && Instant::now() < deadline {
                    let before = self.bytes;
                    let patience = (Instant::now() + after).min(deadline);
                    let left = usize::try_from(goal - self.bytes).unwrap_or(usize::MAX);
                    self.receive(stream, left, patience);
                    if self.bytes == before && !self.send(stream, 1, deadline) {
                        return false;
                    }
                }
                self.bytes >= goal
            }
            Step::Repeat(times, ref steps) => {
                (0..times).all(|_| steps.iter().all(|step| self.step(stream, step, deadline)))
            }
        }
    }

    fn receive(&mut self, mut stream: &TcpStream, bytes: usize, deadline: Instant) -> bool {
        let mut buffer = vec![0; CHUNK.min(bytes.max(1))];
        let mut left = bytes;
        while left > 0 {
            let room = buffer.get_mut(..left.min(CHUNK)).unwrap_or_default();
            match stream.read(room) {
                Ok(0) => return false,
                Ok(read) => {
                    left -= read;
                    self.bytes += read as u64;
                    self.last = Some(Instant::now());
                }
                Err(error) if is_patient(error.kind()) => {}
                Err(_) => return false,
            }
            if Instant::now() >= deadline && left > 0 {
                return false;
            }
        }
        true
    }

    fn send(&self, mut stream: &TcpStream, bytes: usize, deadline: Instant) -> bool {
        let buffer = vec![0x55; self.chunk.min(bytes)];
        let mut left = bytes;
        while left > 0 {
            match stream.write(buffer.get(..left.min(self.chunk)).unwrap_or_default()) {
                Ok(written) => left -= written,
                Err(error) if is_patient(error.kind()) => {}
                Err(_) => return false,
            }
            if Instant::now() >= deadline && left > 0 {
                return false;
            }
        }
        true
    }
}

fn pause(time: Duration, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    thread::sleep(time.min(left));
    time < left
}

fn is_patient(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn tcp_socket(peer: IpAddr, host: &Host) -> Result<OwnedFd> {
    let family = if peer.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let congestion = std::ffi::OsString::from(host.congestion);
    setsockopt(&socket, sockopt::TcpCongestion, &congestion)
        .with_context(|| format!("no congestion control {}", host.congestion))?;
    // Linux doubles what it is asked for.
    if let Some(bytes) = host.receive_buffer {
        setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
    }
    if let Some(bytes) = host.send_buffer {
        setsockopt(&socket, sockopt::SndBuf, &bytes)?;
    }
    if host.nodelay {
        setsockopt(&socket, sockopt::TcpNoDelay, &true)?;
    }
    Ok(socket)
}

fn listener(address: IpAddr, host: &Host) -> Result<TcpListener> {
    let socket = tcp_socket(address, host)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(address, PORT)))?;
    listen(&socket, Backlog::new(8)?)?;
    Ok(TcpListener::from(socket))
}

fn accept(listener: &TcpListener, deadline: Instant) -> Result<Option<TcpStream>> {
    set_timeout(listener, deadline)?;
    match listener.accept() {
        Ok((stream, _)) => Ok(Some(stream)),
        Err(error) if is_patient(error.kind()) => Ok(None),
        Err(error) => Err(error).context("accept"),
    }
}

fn connected(peer: IpAddr, host: &Host, deadline: Instant) -> Result<Option<TcpStream>> {
    let socket = tcp_socket(peer, host)?;
    let left = deadline.saturating_duration_since(Instant::now());
    setsockopt(&socket, sockopt::SendTimeout, &time_value(left))?;
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(peer, PORT))) {
        Ok(()) => Ok(Some(TcpStream::from(socket))),
        Err(nix::errno::Errno::EINPROGRESS | nix::errno::Errno::ETIMEDOUT) => Ok(None),
        Err(error) => Err(error).context("connect"),
    }
}

fn set_timeout(listener: &TcpListener, deadline: Instant) -> Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    setsockopt(listener, sockopt::ReceiveTimeout, &time_value(left))?;
    Ok(())
}

fn time_value(time: Duration) -> TimeVal {
    TimeVal::milliseconds(i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1))
}
