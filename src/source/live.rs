//! Live traffic: an interface through libpcap, or a pipe, read without waiting longer than asked.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pcap::{Active, Capture};

use super::{Error, Frame, LinkType, cause, time_us};

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// That many frames.
    Frames(u64),
    /// Nothing within the time allowed.
    Idle,
    /// The end: there will be no more.
    Ended,
}

/// Frames that were lost before they could be judged, as libpcap counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// By the kernel, for lack of room in the capture's buffer.
    pub kernel: u64,
    /// By the interface or its driver.
    pub interface: u64,
}

impl Lost {
    /// All of them.
    pub fn frames(self) -> u64 {
        self.kernel + self.interface
    }
}

/// Frames as they arrive.
pub trait Arriving {
    /// The link layers of the frames, as far as they are known at the beginning.
    fn link_types(&self) -> &[LinkType];

    /// Hands up to `at_most` frames to `sink`; waits up to `wait` for the first.
    fn read(
        &mut self,
        at_most: usize,
        wait: Duration,
        sink: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<Batch, Error>;

    /// What was lost so far; `None` where nobody counts.
    fn lost(&mut self) -> Option<Lost>;
}

/// How to capture.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes to take of each frame.
    pub snap_bytes: u32,
    /// Room for frames that were not read yet.
    pub buffer_bytes: u32,
    /// Also frames that are not for this host.
    pub promiscuous: bool,
    /// In tcpdump's syntax; empty for all.
    pub filter: String,
}

/// How long the kernel may collect frames before it hands them over: short enough to report at once, long
/// enough not to wake up for every frame.
const BATCH_MS: i32 = 100;

/// An interface.
pub struct Interface {
    name: String,
    capture: Capture<Active>,
    link_type: LinkType,
    frames: u64,
    is_down: bool,
}

impl Interface {
    /// Opens `name`, `any` for all interfaces.
    pub fn open(name: &str, settings: &Settings) -> Result<Self, Error> {
        let failed = |error: &pcap::Error| refusal(name, &cause(error));
        let limit = |bytes: u32| i32::try_from(bytes).unwrap_or(i32::MAX);
        let capture = Capture::from_device(name).map_err(|error| failed(&error))?;
        let capture = capture
            .snaplen(limit(settings.snap_bytes))
            .buffer_size(limit(settings.buffer_bytes))
            // libpcap warns that all interfaces together cannot be promiscuous, and the warning would be taken
            // for an error.
            .promisc(settings.promiscuous && name != "any")
            .timeout(BATCH_MS);
        let mut capture = capture.open().map_err(|error| failed(&error))?;
        if !settings.filter.is_empty() {
            capture.filter(&settings.filter, true).map_err(|error| Error::Filter {
                expression: settings.filter.clone(),
                cause: cause(&error),
            })?;
        }
        let capture = capture.setnonblock().map_err(|error| failed(&error))?;
        let link_type = LinkType::new(capture.get_datalink().0);
        Ok(Self { name: name.to_owned(), capture, link_type, frames: 0, is_down: false })
    }

    /// The interface is down; frames come again when it is up.
    pub fn is_down(&self) -> bool {
        self.is_down
    }

    fn take(&mut self, at_most: usize, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<u64, Error> {
        let Self { capture, frames, link_type, .. } = self;
        let before = *frames;
        let outcome = capture.dispatch(Some(at_most), |packet| {
            *frames += 1;
            let time = packet.header.ts;
            sink(&Frame {
                number: *frames,
                time_us: time_us(time.tv_sec, time.tv_usec),
                link: link_type.number,
                wire_bytes: packet.header.len,
                data: packet.data,
            });
        });
        match outcome {
            Ok(_) | Err(pcap::Error::TimeoutExpired) => Ok(self.frames - before),
            // Some versions of libpcap take an interface that goes down for an error once, and go on reading
            // when it is up again; others say nothing.
            Err(error) if cause(&error).contains("went down") => {
                self.is_down = true;
                Ok(0)
            }
            Err(error) => Err(Error::Vanished { interface: self.name.clone(), cause: cause(&error) }),
        }
    }
}

impl Arriving for Interface {
    fn link_types(&self) -> &[LinkType] {
        std::slice::from_ref(&self.link_type)
    }

    fn read(
        &mut self,
        at_most: usize,
        wait: Duration,
        sink: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<Batch, Error> {
        let mut taken = self.take(at_most, sink)?;
        if taken == 0 {
            let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO);
            let mut readable = [PollFd::new(self.capture.as_fd(), PollFlags::POLLIN)];
            // A signal ends the wait early, and that is what it is for.
            let _ = poll(&mut readable, timeout);
            taken = self.take(at_most, sink)?;
        }
        if taken > 0 {
            self.is_down = false;
        }
        Ok(if taken > 0 { Batch::Frames(taken) } else { Batch::Idle })
    }

    fn lost(&mut self) -> Option<Lost> {
        let stats = self.capture.stats().ok()?;
        Some(Lost { kernel: u64::from(stats.dropped), interface: u64::from(stats.if_dropped) })
    }
}

/// libpcap tells apart what went wrong only in words.
fn refusal(interface: &str, said: &str) -> Error {
    let interface = interface.to_owned();
    // It names the interface in some of its messages; the user needs it once.
    let said = said.strip_prefix(&format!("{interface}: ")).unwrap_or(said);
    let lower = said.to_lowercase();
    if lower.contains("permission") || lower.contains("not permitted") {
        return Error::Permission { interface };
    }
    let cause = if lower.contains("no such device") {
        "there is no such interface".to_owned()
    } else {
        said.to_owned()
    };
    Error::Interface { interface, cause }
}
