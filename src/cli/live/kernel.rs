//! Asks the kernel about flows that end on this host.

use std::net::SocketAddr;

use crate::decode::Endpoint;
use crate::flow::{Flow, Kernel, KernelView, Side};
use crate::source::KernelConnections;

/// The kernel of this host, as a witness.
#[derive(Debug)]
pub(super) struct Witness {
    connections: KernelConnections,
    /// Questions left until the next tick: forwarded traffic would ask for nothing all day.
    left: u32,
}

/// Questions per tick.
const QUESTIONS: u32 = 512;

impl Witness {
    /// Where there is a kernel that answers.
    pub(super) fn open() -> Option<Self> {
        Some(Self { connections: KernelConnections::open()?, left: 0 })
    }

    pub(super) fn tick(&mut self) {
        self.left = QUESTIONS;
    }

    /// Asks about `flow`, once.
    pub(super) fn ask(&mut self, flow: &mut Flow) {
        if flow.handshake.kernel != Kernel::Unasked || self.left == 0 {
            return;
        }
        self.left -= 1;
        let connection = Side::BOTH.into_iter().find_map(|side| {
            let local = address(flow.endpoints.of(side));
            let remote = address(flow.endpoints.of(side.peer()));
            self.connections.ask(local, remote).map(|connection| (side, connection))
        });
        flow.handshake.asked(match connection {
            Some((side, connection)) => Kernel::Knows(KernelView {
                side,
                shifts: connection.shifts,
                rtt_us: connection.rtt_us,
                maximum_segment_size: connection.maximum_segment_size,
            }),
            None => Kernel::Unknown,
        });
    }
}

fn address(endpoint: &Endpoint) -> SocketAddr {
    SocketAddr::new(endpoint.address, endpoint.port)
}
