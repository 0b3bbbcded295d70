//! Asks the kernel about flows that end on this host.

use std::net::SocketAddr;

use crate::decode::Endpoint;
use crate::flow::{Flow, Kernel, KernelView, Side};
use crate::source::{KernelAnswer, KernelConnection, KernelConnections};

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

    /// Asks about `flow`, until there is an answer for good.
    pub(super) fn ask(&mut self, flow: &mut Flow) {
        if flow.handshake.kernel != Kernel::Unasked || self.left == 0 {
            return;
        }
        self.left -= 1;
        if let Some(answer) = self.answer(flow) {
            flow.handshake.asked(answer);
        }
    }

    /// `None` while an end that is this host is in its handshake.
    fn answer(&self, flow: &Flow) -> Option<Kernel> {
        for side in Side::BOTH {
            let local = address(flow.endpoints.of(side));
            let remote = address(flow.endpoints.of(side.peer()));
            match self.connections.ask(local, remote) {
                KernelAnswer::NoConnection => {}
                KernelAnswer::Handshake => return None,
                KernelAnswer::Connection(KernelConnection { shifts, rtt_us, maximum_segment_size }) => {
                    return Some(Kernel::Knows(KernelView { side, shifts, rtt_us, maximum_segment_size }));
                }
            }
        }
        Some(Kernel::Unknown)
    }
}

fn address(endpoint: &Endpoint) -> SocketAddr {
    SocketAddr::new(endpoint.address, endpoint.port)
}
