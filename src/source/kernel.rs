//! What the kernel of this host knows about its own connections, through sock_diag: the shifts that it really
//! uses. Needs no privileges; Linux only.

use std::net::SocketAddr;

/// One end of a connection, as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelConnection {
    /// The shift of this host's own window and the one it applies to its peer's; `None` when scaling is off.
    pub shifts: Option<(u8, u8)>,
    /// The smallest round trip that it measured.
    pub rtt_us: Option<i64>,
    /// The maximum segment size that it announced.
    pub maximum_segment_size: Option<u16>,
}

/// What the kernel says about two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelAnswer {
    /// There is no connection between them, or none any more.
    NoConnection,
    /// The handshake is not over: nothing is agreed on yet.
    Handshake,
    /// A connection.
    Connection(KernelConnection),
}

/// A channel to ask the kernel through.
#[derive(Debug)]
pub struct KernelConnections {
    #[cfg(target_os = "linux")]
    socket: netlink_sys::Socket,
}

#[cfg(not(target_os = "linux"))]
impl KernelConnections {
    /// Not available here.
    pub fn open() -> Option<Self> {
        None
    }

    /// Not available here.
    pub fn ask(&self, _: SocketAddr, _: SocketAddr) -> KernelAnswer {
        KernelAnswer::NoConnection
    }
}

#[cfg(target_os = "linux")]
impl KernelConnections {
    /// Opens the channel, where there is one.
    pub fn open() -> Option<Self> {
        let mut socket = netlink_sys::Socket::new(netlink_sys::protocols::NETLINK_SOCK_DIAG).ok()?;
        socket.bind_auto().ok()?;
        socket.connect(&netlink_sys::SocketAddr::new(0, 0)).ok()?;
        // The kernel answers within the call that asks; nothing to wait for.
        socket.set_non_blocking(true).ok()?;
        Some(Self { socket })
    }

    /// The connection from `local`, an address of this host, to `remote`.
    pub fn ask(&self, local: SocketAddr, remote: SocketAddr) -> KernelAnswer {
        let answered = || {
            self.socket.send(&request(local, remote), 0).ok()?;
            let mut answer = Vec::with_capacity(4096);
            self.socket.recv(&mut answer, 0).ok()?;
            let (state, info) = state_and_info(&answer)?;
            Some(read(state, info.as_deref()))
        };
        answered().unwrap_or(KernelAnswer::NoConnection)
    }
}

#[cfg(target_os = "linux")]
fn request(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
    use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};

    let request = InetRequest {
        family: if local.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: local.port(),
            destination_port: remote.port(),
            source_address: local.ip(),
            destination_address: remote.ip(),
            interface_id: 0,
            cookie: [0xff; 8],
        },
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

#[cfg(target_os = "linux")]
fn state_and_info(answer: &[u8]) -> Option<(u8, Option<Vec<u8>>)> {
    use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::inet::nlas::Nla;

    let message = NetlinkMessage::<SockDiagMessage>::deserialize(answer).ok()?;
    let NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) = message.payload else {
        return None;
    };
    let info = response.nlas.into_iter().find_map(|nla| match nla {
        Nla::TcpInfo(info) => Some(info),
        _ => None,
    });
    Some((response.header.state, info))
}

/// Reads the state of a socket, and the kernel's `struct tcp_info`, which a connection has that is not over; it
/// grows at its end from version to version.
#[cfg(any(target_os = "linux", test))]
fn read(state: u8, info: Option<&[u8]>) -> KernelAnswer {
    /// Without a connection the kernel answers with the socket that listens.
    const LISTEN: u8 = 10;
    const SYN_SENT: u8 = 2;
    const SYN_RECV: u8 = 3;
    const NEW_SYN_RECV: u8 = 12;
    match (state, info.and_then(connection)) {
        (SYN_SENT | SYN_RECV | NEW_SYN_RECV, _) => KernelAnswer::Handshake,
        (LISTEN, _) | (_, None) => KernelAnswer::NoConnection,
        (_, Some(connection)) => KernelAnswer::Connection(connection),
    }
}

#[cfg(any(target_os = "linux", test))]
fn connection(info: &[u8]) -> Option<KernelConnection> {
    const TCPI_OPT_WSCALE: u8 = 4;
    let &[_, _, _, _, _, options, shifts, ..] = info else { return None };
    let word = |at: usize| {
        let bytes: [u8; 4] = info.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    };
    // `tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4`: the first bit field is the low half on little endian.
    let (low, high) = (shifts & 0xf, shifts >> 4);
    let (peer, own) = if cfg!(target_endian = "little") { (low, high) } else { (high, low) };
    let known = |us: &u32| ![0, u32::MAX].contains(us);
    let rtt_us = word(148).filter(known).or(word(68).filter(known)).map(i64::from);
    Some(KernelConnection {
        shifts: (options & TCPI_OPT_WSCALE != 0).then_some((own, peer)),
        rtt_us,
        maximum_segment_size: word(84).and_then(|bytes| u16::try_from(bytes).ok()).filter(|bytes| *bytes > 0),
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn only_a_socket_behind_its_handshake_is_a_connection() {
        let [info, none] = [Some(&[0; 160][..]), None];
        for (state, info) in [(10, info), (7, none), (6, none)] {
            assert_eq!(read(state, info), KernelAnswer::NoConnection, "{state}");
        }
        for (state, info) in [(2, info), (3, info), (3, none), (12, none)] {
            assert_eq!(read(state, info), KernelAnswer::Handshake, "{state}");
        }
        for state in [1, 4, 5, 8, 9, 11] {
            assert!(matches!(read(state, info), KernelAnswer::Connection(_)), "{state}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_knows_a_connection_from_both_ends() {
        let Some(kernel) = KernelConnections::open() else { return };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let stream = TcpStream::connect(server).unwrap();
        let client = stream.local_addr().unwrap();
        let _accepted = listener.accept().unwrap();
        let KernelAnswer::Connection(at_client) = kernel.ask(client, server) else { return };
        let KernelAnswer::Connection(at_server) = kernel.ask(server, client) else { panic!() };
        let (own, peer) = at_client.shifts.unwrap();
        assert_eq!(at_server.shifts, Some((peer, own)));
        assert!(at_client.maximum_segment_size.is_some());
        assert_eq!(kernel.ask(server, "127.0.0.1:1".parse().unwrap()), KernelAnswer::NoConnection);
    }
}
