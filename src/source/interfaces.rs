//! The interfaces that libpcap can capture on.

use std::net::IpAddr;

use super::{Error, cause};

/// One interface.
#[derive(Clone, Debug)]
pub struct InterfaceInfo {
    /// The name for `-i`.
    pub name: String,
    /// What libpcap says about it.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Up, running, loopback, wireless, in words.
    pub states: Vec<&'static str>,
}

/// All interfaces, those with addresses first, as libpcap orders them.
pub fn interfaces() -> Result<Vec<InterfaceInfo>, Error> {
    let devices = pcap::Device::list()
        .map_err(|error| Error::Interface { interface: "any".to_owned(), cause: cause(&error) })?;
    Ok(devices.into_iter().map(describe).collect())
}

fn describe(device: pcap::Device) -> InterfaceInfo {
    let flags = &device.flags;
    let states = [
        (flags.is_up(), "up"),
        (!flags.is_up(), "down"),
        (flags.is_running(), "running"),
        (flags.is_loopback(), "loopback"),
        (flags.is_wireless(), "wireless"),
    ];
    InterfaceInfo {
        states: states.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect(),
        addresses: device.addresses.iter().map(|address| address.addr).collect(),
        name: device.name,
        description: device.desc,
    }
}
