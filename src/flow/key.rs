//! What finds the flow of a segment: a number made of the 4-tuple, the same for both directions.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};

use foldhash::quality::RandomState;

use crate::decode::{Endpoint, Segment};

/// A number that stands for a 4-tuple. Different ones may share it, so it finds a flow but does not prove it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key(pub(super) u64);

impl Key {
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits are what is asked for")]
    pub(super) fn low_bits(self) -> usize {
        self.0 as usize
    }
}

/// Makes keys with a seed of its own, so that no capture can be built to collide.
#[derive(Clone, Debug, Default)]
pub struct Keys(RandomState);

impl Keys {
    /// The key of `segment`.
    pub fn of(&self, segment: &Segment) -> Key {
        let Segment { source, destination, .. } = segment;
        let number = match (&source.address, &destination.address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let number =
                    |address: &Ipv4Addr, port: u16| u64::from(address.to_bits()) << 16 | u64::from(port);
                self.unordered(number(a, source.port), number(b, destination.port))
            }
            _ => self.unordered(wide(source), wide(destination)),
        };
        Key(number)
    }

    fn unordered<T: Ord + std::hash::Hash>(&self, a: T, b: T) -> u64 {
        self.0.hash_one(if a <= b { (a, b) } else { (b, a) })
    }
}

fn wide(endpoint: &Endpoint) -> (u128, u16) {
    let address = match endpoint.address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    (address.to_bits(), endpoint.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key_and_nothing_else_has_it() {
        let keys = Keys::default();
        let endpoint = |address: &str, port| Endpoint { address: address.parse().unwrap(), port };
        let (v4, v6) = (["10.0.0.1", "10.0.0.2"], ["2001:db8::1", "2001:db8::2"]);
        for [a, b] in [v4, v6, [v4[0], v6[0]]] {
            let key = |source, destination| keys.of(&Segment { source, destination, ..Segment::default() });
            assert_eq!(key(endpoint(a, 1), endpoint(b, 2)), key(endpoint(b, 2), endpoint(a, 1)));
            assert_eq!(key(endpoint(a, 1), endpoint(a, 2)), key(endpoint(a, 2), endpoint(a, 1)));
            assert_ne!(key(endpoint(a, 1), endpoint(b, 2)), key(endpoint(a, 2), endpoint(b, 1)));
        }
        assert_ne!(Keys::default().of(&Segment::default()), keys.of(&Segment::default()));
    }
}
