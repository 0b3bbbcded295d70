//! UDP, and the tunnels that are known by their ports.
//!
//! A port alone proves nothing: each tunnel's function checks what its header must say, and what fails further
//! in is counted as ordinary UDP.

use super::walk::{Next, Walk};
use super::{Skip, gtp, ipv6_over_udp, overlay, ppp};

type Enter = fn(&mut Walk<'_>) -> Result<Next, Skip>;

/// IANA's ports, and the one that Linux used for VXLAN before there was one.
const TUNNELS: [(u16, Enter); 11] = [
    (1701, ppp::l2tp),
    (2152, gtp::gtp),
    (3544, ipv6_over_udp::teredo),
    (4754, |_| Ok(Next::Gre)),
    (4789, overlay::vxlan),
    (4790, overlay::vxlan_gpe),
    (5072, ipv6_over_udp::ayiya),
    (6081, overlay::geneve),
    (6635, |_| Ok(Next::Mpls)),
    (8472, overlay::vxlan),
    (37008, overlay::tzsp),
];

/// A UDP header. The destination's port decides; answers may only have the other one.
pub(super) fn udp(walk: &mut Walk<'_>) -> Result<Next, Skip> {
    let [s0, s1, d0, d1, _, _, _, _] = walk.take()?;
    let enter = |port| TUNNELS.iter().find(|(known, _)| *known == port).map(|(_, enter)| enter);
    let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    let enter = enter(destination).or_else(|| enter(source)).ok_or(Skip::NotTcp)?;
    walk.guessed = true;
    enter(walk)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{TCP_IN_IPV4, decode, udp};
    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(TUNNELS.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn other_ports_and_other_payloads_are_not_tcp() {
        assert_eq!(decode(228, &[&udp(53, &[&TCP_IN_IPV4])]).unwrap_err(), Skip::NotTcp);
        for (port, _) in TUNNELS {
            let name_server_answer = udp(port, &[&[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0], &[3; 60]]);
            assert_eq!(decode(228, &[&name_server_answer]).unwrap_err(), Skip::NotTcp, "{port}");
        }
    }
}
