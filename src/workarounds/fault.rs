//! A fault that a report found, in the words that decide which workaround helps: who the ends are, which direction is
//! slow, and whether windows are misread or data is dropped.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::units;

/// An end of a connection: the client sent the SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The side that sent the SYN.
    Client,
    /// The other side.
    Server,
}

impl Role {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The direction of the data that a fault slows down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// A download.
    ServerToClient,
    /// An upload.
    ClientToServer,
}

impl Direction {
    /// The end that receives the slow data: there a smaller window helps.
    pub fn receiver(self) -> Role {
        match self {
            Self::ServerToClient => Role::Client,
            Self::ClientToServer => Role::Server,
        }
    }

    /// In plain words.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::ServerToClient => "from server to client",
            Self::ClientToServer => "from client to server",
        }
    }
}

/// The rules whose findings a workaround can cure: all of them by windows that need no scaling.
const CURABLE: [&str; 8] = ["WS001", "WS002", "WS003", "WS004", "WS005", "WS006", "WS007", "WS008"];

/// The code as this program spells it, if a workaround can cure what it stands for.
pub fn curable(code: &str) -> Option<&'static str> {
    CURABLE.into_iter().find(|known| *known == code)
}

/// Findings with the same two ends and the same slow direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Address of the client.
    pub client: IpAddr,
    /// Address of the server.
    pub server: IpAddr,
    /// The slow direction; unknown where the report does not say.
    pub slow: Option<Direction>,
    /// The rules that fired.
    pub codes: BTreeSet<&'static str>,
    /// On how many flows.
    pub flows: usize,
}

impl Fault {
    /// The ends that may receive the slow data: both while the direction is unknown.
    pub fn may_receive(&self, role: Role) -> bool {
        self.slow.is_none_or(|slow| slow.receiver() == role)
    }

    /// The address of one end.
    pub fn address(&self, role: Role) -> IpAddr {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// The address of the end opposite to `role`.
    pub fn peer_of(&self, role: Role) -> IpAddr {
        self.address(role.other())
    }

    /// Which end a host with these addresses is: both on a loopback, none for a bystander.
    pub fn roles_of(&self, addresses: &[IpAddr]) -> Vec<Role> {
        [Role::Client, Role::Server]
            .into_iter()
            .filter(|role| addresses.contains(&self.address(*role)))
            .collect()
    }

    /// `WS001 from server to client, client 192.0.2.1, server 192.0.2.2 (3 flows)`.
    pub fn sentence(&self) -> String {
        let codes = self.codes.iter().copied().collect::<Vec<_>>().join(", ");
        let slow = self.slow.map_or("direction unknown", Direction::phrase);
        let flows = units::count(self.flows as u64, "flow");
        format!("{codes} {slow}, client {}, server {} ({flows})", self.client, self.server)
    }
}
