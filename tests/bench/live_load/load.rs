//! What is sent over the link.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, bind, send, setsockopt, socket, sockopt,
};

use crate::link::{FAR_MAC, Link, NAME, NEAR_ADDRESS, NEAR_MAC};
use crate::namespaces::join;

const BULK_BYTES: u64 = 1_000_000_000;
const SYNS: u32 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// 1 GB of TCP in pieces of up to 64 KiB.
    Bulk,
    /// The same, cut to the size of the link.
    BulkCut,
    /// A million flows of one SYN each, so many per second.
    Syns { per_second: Option<u32> },
}

/// What was sent, and how long that took.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
}

impl Load {
    pub(crate) const ALL: [Self; 4] =
        [Self::Bulk, Self::BulkCut, Self::Syns { per_second: Some(50_000) }, Self::Syns { per_second: None }];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bulk => "1 GB in large pieces",
            Self::BulkCut => "1 GB in full segments",
            Self::Syns { per_second: Some(_) } => "1,000,000 SYNs, 50,000 a second",
            Self::Syns { per_second: None } => "1,000,000 SYNs at once",
        }
    }

    pub(crate) fn run(self, link: &Link) -> Result<Sent> {
        match self {
            Self::Bulk | Self::BulkCut => bulk(link),
            Self::Syns { per_second } => link.far.within(move || syns(per_second)),
        }
    }
}

fn bulk(link: &Link) -> Result<Sent> {
    let listener = link.near.within(|| Ok(TcpListener::bind("10.9.0.2:80")?))?;
    let reader = link.near.spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut room = vec![0; 1 << 18];
        while stream.read(&mut room)? > 0 {}
        Ok(())
    });
    let time = link.far.within(|| {
        let mut stream = TcpStream::connect("10.9.0.2:80")?;
        let block = vec![0x55; 1 << 18];
        let start = Instant::now();
        let mut left = BULK_BYTES;
        while left > 0 {
            let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
            left -= stream.write(block.get(..bytes).unwrap_or_default())? as u64;
        }
        drop(stream);
        join(reader)?;
        Ok(start.elapsed())
    })?;
    Ok(Sent { bytes: BULK_BYTES, time })
}

fn syns(per_second: Option<u32>) -> Result<Sent> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let link = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)?;
    setsockopt(&link, sockopt::SndBuf, &(4 << 20)).ok();
    let address = getifaddrs()?
        .filter(|entry| entry.interface_name == NAME)
        .find_map(|entry| entry.address.and_then(|address| address.as_link_addr().copied()))
        .context("no link")?;
    bind(link.as_raw_fd(), &address)?;
    let start = Instant::now();
    let mut bytes = 0;
    for number in 0..SYNS {
        let frame = syn(number);
        while let Err(error) = send(link.as_raw_fd(), &frame, MsgFlags::empty()) {
            if error != Errno::ENOBUFS {
                return Err(error.into());
            }
        }
        bytes += frame.len() as u64;
        if let Some(per_second) = per_second
            && number % 100 == 99
        {
            let due = Duration::from_secs(1) * number / per_second;
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
    }
    Ok(Sent { bytes, time: start.elapsed() })
}

/// A SYN with MSS and window scale, from an address that no other has.
fn syn(number: u32) -> Vec<u8> {
    let [_, a, b, c] = number.to_be_bytes();
    let mut frame = [NEAR_MAC, FAR_MAC].concat();
    frame.extend([8, 0]);
    frame.extend([0x45, 0, 0, 48, 0, 0, 0x40, 0, 64, 6, 0, 0, 11, a, b, c]);
    frame.extend(NEAR_ADDRESS);
    // Port 40000 to port 80, header of seven words, SYN, window 64240.
    frame.extend([0x9c, 0x40, 0, 80, 0, a, b, c, 0, 0, 0, 0, 0x70, 2, 0xfa, 0xf0, 0, 0, 0, 0]);
    frame.extend([2, 4, 5, 180, 1, 3, 3, 10]);
    frame
}
