//! The addresses of this host, read where every user may: the IPv4 routing trie and the list of IPv6 addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::text;

/// All addresses of the host, sorted, each once; none where /proc does not say.
pub(super) fn read(proc_root: &Path) -> Vec<IpAddr> {
    let of = |name: &str| text(&proc_root.join("net").join(name)).unwrap_or_default();
    let mut addresses: Vec<IpAddr> = ipv4(&of("fib_trie")).map(IpAddr::V4).collect();
    addresses.extend(ipv6(&of("if_inet6")).map(IpAddr::V6));
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// A leaf `|-- ADDRESS` followed by `/32 host LOCAL` is an address of this host.
fn ipv4(trie: &str) -> impl Iterator<Item = Ipv4Addr> {
    let mut leaf = None;
    trie.lines().filter_map(move |line| match line.trim().strip_prefix("|-- ") {
        Some(address) => {
            leaf = address.trim().parse().ok();
            None
        }
        None if line.trim() == "/32 host LOCAL" => leaf,
        None => None,
    })
}

/// The first column of each line is the address in 32 hexadecimal digits.
fn ipv6(list: &str) -> impl Iterator<Item = Ipv6Addr> {
    list.lines().filter_map(|line| {
        let digits = line.split_ascii_whitespace().next().filter(|word| word.len() == 32)?;
        u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_broadcasts_are_no_addresses_of_the_host() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n";
        assert_eq!(ipv4(trie).collect::<Vec<_>>(), [Ipv4Addr::new(192, 0, 2, 2)]);
    }

    #[test]
    fn garbage_gives_no_address() {
        assert_eq!(ipv4("/32 host LOCAL\n|-- x\n/32 host LOCAL").count(), 0);
        assert_eq!(ipv6("zz\n\nfe8\n").count(), 0);
        assert_eq!(ipv6("fd000000000000000000000000000002 04 40 00 82 eth0").count(), 1);
    }
}
