//! Two hosts on one link. Addresses and neighbours are fixed by hand and IPv6 is off, so that the link carries
//! what the load sends and nothing else: then its counters say how many frames there were to capture.

use std::path::Path;

use anyhow::{Context, Result};

use crate::namespaces::Namespace;

/// The link's name on both hosts.
pub(crate) const NAME: &str = "load0";
pub(crate) const FAR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const NEAR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];
pub(crate) const NEAR_ADDRESS: [u8; 4] = [10, 9, 0, 2];

pub(crate) struct Link {
    /// Where the load comes from.
    pub(crate) far: Namespace,
    /// Where it is captured.
    pub(crate) near: Namespace,
}

impl Link {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let register = folder.join("register");
        let link = Self { far: Namespace::new(&register)?, near: Namespace::new(&register)? };
        for space in [&link.far, &link.near] {
            let off = |name: &str| (format!("net/ipv6/conf/{name}/disable_ipv6"), "1".to_owned());
            space.sysctl(vec![off("default"), off("all")])?;
        }
        let [far, near] = [FAR_MAC, NEAR_MAC].map(|mac| mac.map(|byte| format!("{byte:02x}")).join(":"));
        let batch = format!(
            "link add {NAME} address {far} type veth peer name {NAME} address {near} netns {}\n",
            link.near.path()?
        );
        link.far.run(&["ip", "-batch", "-"], &(batch + &ends("10.9.0.1", "10.9.0.2", &near)))?;
        link.near.run(&["ip", "-batch", "-"], &ends("10.9.0.2", "10.9.0.1", &far))?;
        Ok(link)
    }

    /// Whether the kernel hands over large pieces, as to a card that cuts them, or cuts them itself.
    pub(crate) fn offload(&self, on: bool) -> Result<()> {
        let word = if on { "on" } else { "off" };
        for space in [&self.far, &self.near] {
            space.run(&["ethtool", "-K", NAME, "tso", word, "gso", word, "gro", word], "")?;
        }
        Ok(())
    }

    /// Frames that have passed the near end, both ways.
    pub(crate) fn frames(&self) -> Result<u64> {
        self.near.within(|| {
            // /sys shows the namespace that it was mounted in; /proc/thread-self shows this one.
            let table = std::fs::read_to_string("/proc/thread-self/net/dev")?;
            let line = table.lines().find_map(|line| line.trim().strip_prefix(&format!("{NAME}:")));
            let counts: Vec<u64> = line
                .context("the link has no counters")?
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, _>>()?;
            let of = |column: usize| counts.get(column).context("too few counters");
            Ok(of(1)? + of(9)?)
        })
    }
}

fn ends(me: &str, peer: &str, peer_mac: &str) -> String {
    format!(
        "link set lo up\nlink set {NAME} up\naddr add {me}/32 dev {NAME}\nroute add {peer}/32 dev {NAME}\n\
         neigh replace {peer} lladdr {peer_mac} dev {NAME} nud permanent\n"
    )
}
