//! What finds the flow of a segment: the 4-tuple, the same for both directions.

use std::net::IpAddr;

use crate::decode::{Endpoint, Segment};

/// Both endpoints, the smaller first. Numbers instead of addresses: comparing and hashing them is most of what
/// finding a flow costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    low: u128,
    high: u128,
    /// Both ports, and which version of IP the addresses are.
    rest: u64,
}

impl Key {
    pub(super) fn of(segment: &Segment) -> Self {
        let (a, b) = (numbers(&segment.source), numbers(&segment.destination));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let version = u64::from(segment.source.address.is_ipv6());
        Self { low: low.0, high: high.0, rest: version << 32 | u64::from(low.1) << 16 | u64::from(high.1) }
    }
}

fn numbers(endpoint: &Endpoint) -> (u128, u16) {
    let address = match endpoint.address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    (address, endpoint.port)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::decode::{Flags, Options, Outer};

    fn key(source: (IpAddr, u16), destination: (IpAddr, u16)) -> Key {
        let endpoint = |(address, port)| Endpoint { address, port };
        Key::of(&Segment {
            frame: 1,
            time_us: 0,
            source: endpoint(source),
            destination: endpoint(destination),
            sequence: 0,
            acknowledgment: 0,
            flags: Flags::default(),
            raw_window: 0,
            payload_bytes: 0,
            option_bytes: 0,
            options: Options::default(),
            outer: Outer::default(),
        })
    }

    #[test]
    fn both_directions_have_one_key_and_nothing_else_has_it() {
        let [a, b] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(|address| IpAddr::V4(Ipv4Addr::from(address)));
        let six = |address: IpAddr| match address {
            IpAddr::V4(address) => IpAddr::V6(Ipv6Addr::from_bits(u128::from(address.to_bits()))),
            IpAddr::V6(_) => address,
        };
        assert_eq!(key((a, 1), (b, 2)), key((b, 2), (a, 1)));
        assert_eq!(key((a, 1), (a, 2)), key((a, 2), (a, 1)));
        assert_ne!(key((a, 1), (b, 2)), key((a, 2), (b, 1)));
        assert_ne!(key((a, 1), (b, 2)), key((six(a), 1), (six(b), 2)));
    }
}
