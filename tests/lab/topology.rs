//! Three namespaces in a row, client, box and server, and a fourth before the server when the box
//! is the kernel's own firewall.
//!
//! Both ends believe that they share a link: addresses, routes and neighbours are fixed by hand, so
//! that a capture holds TCP and nothing else, and a connection begins without asking for anybody.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;

use crate::faults::TRANSLATED_HOST;
use crate::namespaces::Namespace;
use crate::scenario::{Host, KernelBox, Scenario};

const CLIENT_MAC: &str = "02:00:00:00:00:01";
const SERVER_MAC: &str = "02:00:00:00:00:02";
const ROUTER_CLIENT_MAC: &str = "02:00:00:00:00:11";
const ROUTER_SERVER_MAC: &str = "02:00:00:00:00:12";

/// The namespaces of one transfer; its links go with them.
pub(crate) struct Topology {
    pub(crate) client: Namespace,
    pub(crate) middle: Namespace,
    pub(crate) server: Namespace,
    router: Option<Namespace>,
}

/// The address of the client (1) or the server (2).
pub(crate) fn address(ipv6: bool, host: u8) -> IpAddr {
    if ipv6 {
        IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(host)])
    } else {
        IpAddr::from([10, 1, 0, host])
    }
}

impl Topology {
    /// Builds the hosts and links that a scenario asks for.
    pub(crate) fn build(scenario: &Scenario, register: &Path) -> Result<Self> {
        let (client, middle, server) =
            (Namespace::new(register)?, Namespace::new(register)?, Namespace::new(register)?);
        let router = scenario.kernel_box.map(|_| Namespace::new(register)).transpose()?;
        let topology = Self { client, middle, server, router };
        topology.quiet(scenario.ipv6)?;
        topology.link(scenario.mtu)?;
        let beyond_client = if topology.router.is_some() { ROUTER_CLIENT_MAC } else { SERVER_MAC };
        let beyond_server = if topology.router.is_some() { ROUTER_SERVER_MAC } else { CLIENT_MAC };
        end(&topology.client, scenario, &scenario.client, [1, 2], beyond_client)?;
        end(&topology.server, scenario, &scenario.server, [2, 1], beyond_server)?;
        topology.offload(scenario.offload)?;
        if let (Some(router), Some(kernel_box)) = (&topology.router, scenario.kernel_box) {
            route(router, scenario.ipv6)?;
            firewall(router, kernel_box, scenario.ipv6)?;
        }
        Ok(topology)
    }

    /// No IPv6 chatter where it would only be noise.
    fn quiet(&self, ipv6: bool) -> Result<()> {
        let off = |name: &str| (format!("net/ipv6/conf/{name}/disable_ipv6"), "1".to_owned());
        self.middle.sysctl(vec![off("default"), off("all")])?;
        if !ipv6 {
            for space in [&self.client, &self.server].into_iter().chain(&self.router) {
                space.sysctl(vec![off("default"), off("all")])?;
            }
        }
        Ok(())
    }

    fn link(&self, mtu: u16) -> Result<()> {
        let far = self.router.as_ref().unwrap_or(&self.server);
        let (far_name, far_mac) =
            if self.router.is_some() { ("to-client", ROUTER_CLIENT_MAC) } else { ("lab0", SERVER_MAC) };
        let batch = format!(
            "link add to-client mtu {mtu} type veth peer name lab0 address {CLIENT_MAC} mtu {mtu} netns {}\n\
             link add to-server mtu {mtu} type veth peer name {far_name} address {far_mac} mtu {mtu} netns {}\n\
             link set to-client up\nlink set to-server up\n",
            self.client.path()?,
            far.path()?,
        );
        ip(&self.middle, &batch)?;
        if let Some(router) = &self.router {
            let batch = format!(
                "link add to-server address {ROUTER_SERVER_MAC} mtu {mtu} type veth \
                 peer name lab0 address {SERVER_MAC} mtu {mtu} netns {}\n\
                 link set to-client up\nlink set to-server up\n",
                self.server.path()?
            );
            ip(router, &batch)?;
        }
        Ok(())
    }

    fn offload(&self, on: bool) -> Result<()> {
        let ends = [(&self.client, "lab0"), (&self.server, "lab0")];
        if on {
            for (space, interface) in ends {
                space.run(&["ethtool", "-K", interface, "gro", "on", "gso", "on", "tso", "on"], "")?;
            }
            return Ok(());
        }
        let middle = [(&self.middle, "to-client"), (&self.middle, "to-server")];
        let router = self.router.iter().flat_map(|space| [(space, "to-client"), (space, "to-server")]);
        for (space, interface) in ends.into_iter().chain(middle).chain(router) {
            space.run(
                &["ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off"],
                "",
            )?;
        }
        Ok(())
    }
}

/// Addresses, route, buffers and options of one end.
fn end(space: &Namespace, scenario: &Scenario, host: &Host, [me, peer]: [u8; 2], beyond: &str) -> Result<()> {
    let (me, peer_address) = (address(scenario.ipv6, me), address(scenario.ipv6, peer));
    let other = address(scenario.ipv6, TRANSLATED_HOST);
    let (prefix, nodad) = if scenario.ipv6 { (128, " nodad") } else { (32, "") };
    // Below the machine's own net.core.rmem_max only the route can choose the shift.
    let window = match host.shift {
        Some(0) => " window 65535".to_owned(),
        Some(shift @ 1..=6) => format!(" window {}", 1_u64 << (15 + shift)),
        _ => String::new(),
    };
    let batch = format!(
        "link set lo up\nlink set lab0 up\naddr add {me}/{prefix} dev lab0{nodad}\n\
         route add {peer_address}/{prefix} dev lab0{window}\nroute add {other}/{prefix} dev lab0\n\
         neigh replace {peer_address} lladdr {beyond} dev lab0 nud permanent\n\
         neigh replace {other} lladdr {beyond} dev lab0 nud permanent\n"
    );
    let largest = 1_u64 << (15 + host.shift.unwrap_or(10).max(7));
    let flag = |on: bool| if on { "1" } else { "0" }.to_owned();
    space.sysctl(vec![
        ("net/ipv4/tcp_rmem".to_owned(), format!("4096 131072 {}", largest.min(i32::MAX as u64))),
        ("net/ipv4/tcp_wmem".to_owned(), "4096 65536 8388608".to_owned()),
        ("net/ipv4/tcp_window_scaling".to_owned(), flag(host.shift.is_some())),
        ("net/ipv4/tcp_timestamps".to_owned(), flag(host.timestamps)),
    ])?;
    ip(space, &batch)
}

/// Makes a namespace pass packets between its two links.
fn route(router: &Namespace, ipv6: bool) -> Result<()> {
    let family = if ipv6 { "ipv6" } else { "ipv4" };
    router.sysctl(vec![(format!("net/{family}/conf/all/forwarding"), "1".to_owned())])?;
    let (client, server) = (address(ipv6, 1), address(ipv6, 2));
    let (nat, prefix) = (address(ipv6, TRANSLATED_HOST), if ipv6 { 128 } else { 32 });
    let nodad = if ipv6 { " nodad" } else { "" };
    ip(
        router,
        &format!(
            "addr add {nat}/{prefix} dev to-server{nodad}\n\
             route add {client}/{prefix} dev to-client\nroute add {server}/{prefix} dev to-server\n\
             neigh replace {client} lladdr {CLIENT_MAC} dev to-client nud permanent\n\
             neigh replace {server} lladdr {SERVER_MAC} dev to-server nud permanent\n"
        ),
    )
}

/// Gives a namespace the rules of a box that the kernel brings along.
pub(crate) fn firewall(router: &Namespace, kernel_box: KernelBox, ipv6: bool) -> Result<()> {
    let iptables = if ipv6 { "ip6tables" } else { "iptables" };
    let strip = |flags: &str| {
        let rule = ["-t", "mangle", "-A", "FORWARD", "-p", "tcp", "--tcp-flags", "SYN,ACK", flags];
        let target = ["-j", "TCPOPTSTRIP", "--strip-options", "wscale"];
        router.run(&[&[iptables][..], &rule, &target].concat(), "")
    };
    let nft = |flags: &str| {
        let rules = format!(
            "add table inet lab\n\
             add chain inet lab forward {{ type filter hook forward priority mangle; }}\n\
             add rule inet lab forward tcp flags & (syn | ack) == {flags} reset tcp option window\n"
        );
        router.run(&["nft", "-f", "-"], &rules)
    };
    match kernel_box {
        KernelBox::IptablesSyn => strip("SYN"),
        KernelBox::IptablesSynAck => strip("SYN,ACK"),
        KernelBox::NftablesSyn => nft("syn"),
        KernelBox::NftablesSynAck => nft("(syn | ack)"),
        KernelBox::Destination => {
            let [server, other] = [2, TRANSLATED_HOST].map(|host| address(ipv6, host).to_string());
            let rule = ["-t", "nat", "-A", "PREROUTING", "-p", "tcp", "-d", &other];
            let target = ["-j", "DNAT", "--to-destination", &server];
            router.run(&[&[iptables][..], &rule, &target].concat(), "")
        }
        KernelBox::Masquerade => {
            let rule = ["-t", "nat", "-A", "POSTROUTING", "-o", "to-server", "-p", "tcp"];
            let target = ["-j", "MASQUERADE", "--to-ports", "50000-50999"];
            router.run(&[&[iptables][..], &rule, &target].concat(), "")
        }
    }
}

fn ip(space: &Namespace, batch: &str) -> Result<()> {
    space.run(&["ip", "-batch", "-"], batch)
}
