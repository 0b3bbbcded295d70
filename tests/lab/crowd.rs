//! Two hundred connections at once through one box, captured at both sides and compared: which flow
//! of one capture is which of the other, and what was done to them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};

use crate::capture::Capture;
use crate::expect::Bend;
use crate::faults::{Faults, OptionFault};
use crate::forwarder::Forwarder;
use crate::matrix::bulk;
use crate::namespaces::join;
use crate::own::{self, Own};
use crate::scenario::{Direction, KernelBox, Scenario};
use crate::topology::{Topology, address};
use crate::transfer::{Bench, SIDES};

pub(crate) const FLOWS: u16 = 200;
const PORT: u16 = 80;
const PATIENCE: Duration = Duration::from_secs(20);

/// A box, and what each of the connections downloads through it.
pub(crate) struct Crowd {
    pub(crate) scenario: Scenario,
    bytes: usize,
}

/// What came of it.
pub(crate) struct Crowded {
    /// The client's port as the server's side sees it, by what it is on its own side: told by the sockets.
    pub(crate) ports: BTreeMap<u16, u16>,
    /// tcpdump's captures of both sides, and wscale's.
    pub(crate) captures: [[PathBuf; 2]; 2],
}

/// Every box.
pub(crate) fn all() -> Vec<Crowd> {
    let set_zero = Faults { syn: OptionFault::Shift(0), ..Faults::default() };
    let removed = Faults { syn_ack: OptionFault::Remove, ..Faults::default() };
    let rewriting = Faults { resequence: 0x3141_5926, ..Faults::default() };
    vec![
        crowd("nat-ok", Some(KernelBox::Masquerade), Faults::default(), 20_000),
        crowd("nat-syn-set0", Some(KernelBox::Masquerade), set_zero, 500),
        crowd("redirect-synack-remove", Some(KernelBox::Destination), removed.clone(), 20_000),
        crowd("resequenced-ok", None, rewriting.clone(), 20_000),
        crowd(
            "resequenced-synack-remove",
            None,
            Faults { resequence: rewriting.resequence, ..removed.clone() },
            20_000,
        ),
        crowd(
            "nat-resequenced-synack-remove",
            Some(KernelBox::Masquerade),
            Faults { resequence: rewriting.resequence, ..removed },
            20_000,
        ),
    ]
}

fn crowd(name: &str, kernel_box: Option<KernelBox>, faults: Faults, bytes: usize) -> Crowd {
    let mut scenario = bulk(Bend::None, Direction::Download, false, 10);
    scenario.name = format!("crowd-{name}");
    scenario.what = format!("{FLOWS} downloads of {bytes} bytes at once, {name}");
    scenario.kernel_box = kernel_box;
    scenario.faults = faults;
    Crowd { scenario, bytes }
}

impl Crowd {
    /// Runs it in namespaces of its own.
    pub(crate) fn run(&self, bench: &Bench) -> Result<Crowded> {
        let scenario = &self.scenario;
        let topology = Topology::build(scenario, &bench.register).context("building the hosts")?;
        let captures = [".pcap", ".live.pcap"]
            .map(|end| SIDES.map(|side| bench.directory.join(format!("{}.{side}{end}", scenario.name))));
        let [[at_client, at_server], [own_client, own_server]] = &captures;
        let running = [(&topology.client, at_client), (&topology.server, at_server)]
            .map(|(space, file)| Capture::start(space, bench.tool, file, None));
        let own = [(&topology.client, own_client), (&topology.server, own_server)]
            .map(|(space, file)| Own::start(space, file, bench.in_user_namespace()));
        let (path, faults) = (scenario.path.clone(), scenario.faults.clone());
        let forwarder = Forwarder::start(&topology.middle, path, faults, scenario.mtu.into())?;
        let ports = self.transfer(&topology);
        thread::sleep(scenario.path.delay * 4 + own::BATCH);
        for capture in own {
            ensure!(capture?.stop()?.dropped == 0, "wscale's capture dropped frames");
        }
        for capture in running {
            ensure!(capture?.stop()? == 0, "a capture dropped frames");
        }
        forwarder.stop()?;
        Ok(Crowded { ports: ports?, captures })
    }

    fn transfer(&self, topology: &Topology) -> Result<BTreeMap<u16, u16>> {
        let me = SocketAddr::new(address(false, 2), PORT);
        let listener = topology.server.within(move || listener(me))?;
        let bytes = self.bytes;
        let server = topology.server.spawn(move || {
            let served: Vec<_> = (0..FLOWS)
                .map(|_| {
                    let (stream, peer) = listener.accept().context("accept")?;
                    Ok(thread::spawn(move || serve(stream, bytes).map(|number| (number, peer.port()))))
                })
                .collect::<Result<_>>()?;
            served.into_iter().map(join).collect::<Result<BTreeMap<u16, u16>>>()
        });
        let redirected = self.scenario.kernel_box == Some(KernelBox::Destination);
        let host = if redirected { crate::faults::TRANSLATED_HOST } else { 2 };
        let peer = SocketAddr::new(address(false, host), PORT);
        let clients: Vec<_> =
            (0..FLOWS).map(|number| topology.client.spawn(move || download(peer, number, bytes))).collect();
        let mine = clients.into_iter().map(join).collect::<Result<Vec<u16>>>()?;
        let seen = join(server)?;
        let of = |(number, port): (u16, u16)| Some((port, *seen.get(&number)?));
        (0..).zip(mine).map(of).collect::<Option<_>>().context("a connection was not served")
    }
}

/// One download; the server is told its number, and the port is returned.
fn download(peer: SocketAddr, number: u16, bytes: usize) -> Result<u16> {
    let mut stream = TcpStream::connect_timeout(&peer, PATIENCE).context("connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&number.to_be_bytes())?;
    stream.read_exact(&mut vec![0; bytes]).context("download")?;
    Ok(stream.local_addr()?.port())
}

fn serve(mut stream: TcpStream, bytes: usize) -> Result<u16> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut number = [0; 2];
    stream.read_exact(&mut number).context("request")?;
    stream.write_all(&vec![0x55; bytes])?;
    // The client hangs up first.
    stream.read_exact(&mut [0]).ok();
    Ok(u16::from_be_bytes(number))
}

fn listener(me: SocketAddr) -> Result<TcpListener> {
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    setsockopt(
        &socket,
        sockopt::ReceiveTimeout,
        &nix::sys::time::TimeVal::new(i64::try_from(PATIENCE.as_secs())?, 0),
    )?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(me))?;
    // All of them knock at once; std's own backlog of 128 would have some of them knock again.
    listen(&socket, Backlog::new(512)?)?;
    Ok(TcpListener::from(socket))
}
