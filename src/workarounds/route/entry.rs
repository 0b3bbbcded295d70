//! One entry of the routing table as `ip -json` prints it, and as `ip route` takes it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

/// A word that goes into a command unquoted: no space, nothing that a shell reads, no leading dash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Word(String);

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@+-".contains(&byte);
        if text.is_empty() || text.starts_with('-') || !text.bytes().all(harmless) {
            return Err("a name that cannot be part of a command".to_owned());
        }
        Ok(Self(text))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    kind: Option<Word>,
    dst: Option<String>,
    #[serde(flatten)]
    hop: Hop,
    prefsrc: Option<IpAddr>,
    protocol: Option<Word>,
    metric: Option<u32>,
    #[serde(default)]
    metrics: Vec<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    nexthops: Vec<Hop>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hop {
    gateway: Option<IpAddr>,
    via: Option<Via>,
    dev: Option<Word>,
    weight: Option<u16>,
    #[serde(default)]
    flags: Vec<String>,
}

/// A gateway of the other family.
#[derive(Debug, Deserialize)]
struct Via {
    host: IpAddr,
}

impl Entry {
    /// Delivered on this host, or not at all.
    pub(super) fn is_local(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.0 != "unicast")
    }

    /// The destination is this peer and nothing else.
    pub(super) fn is_for(&self, peer: IpAddr) -> bool {
        let alone = if peer.is_ipv4() { "/32" } else { "/128" };
        let destination = self.dst.as_deref().unwrap_or_default();
        destination.strip_suffix(alone).unwrap_or(destination).parse() == Ok(peer)
    }

    pub(super) fn first_hop(&self) -> Option<&Hop> {
        std::iter::once(&self.hop).chain(&self.nexthops).find(|hop| hop.dev.is_some())
    }

    /// What stands after the destination. With `whole` the entry itself, else what another destination inherits: not
    /// who installed it, nor its priority. A host route keeps its own, or the new one would stand beside it.
    pub(super) fn arguments(&self, whole: bool) -> String {
        let mut words = Vec::new();
        if self.nexthops.is_empty() {
            words.extend(self.hop.words());
        }
        words.extend(self.prefsrc.map(|source| format!("src {source}")));
        if whole || self.dst.as_deref().is_some_and(|dst| dst != "default" && self.is_host()) {
            words.extend(self.protocol.as_ref().map(|protocol| format!("proto {}", protocol.0)));
            words.extend(self.metric.map(|metric| format!("metric {metric}")));
        }
        for (name, value) in self.metrics.iter().flatten() {
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase());
            if let (true, Some(value), true) = (plain, value.as_u64(), whole || name != "window") {
                words.push(format!("{name} {value}"));
            }
        }
        for hop in &self.nexthops {
            words.push("nexthop".to_owned());
            words.extend(hop.words());
            words.extend(hop.weight.map(|weight| format!("weight {weight}")));
        }
        words.join(" ")
    }

    fn is_host(&self) -> bool {
        self.dst
            .as_deref()
            .and_then(|dst| dst.split('/').next()?.parse().ok())
            .is_some_and(|peer| self.is_for(peer))
    }
}

impl Hop {
    pub(super) fn device(&self) -> &str {
        self.dev.as_ref().map_or("", |word| &word.0)
    }

    pub(super) fn gateway(&self) -> Option<IpAddr> {
        self.gateway.or_else(|| self.via.as_ref().map(|via| via.host))
    }

    fn words(&self) -> impl Iterator<Item = String> {
        let gateway = self.gateway.map(|gateway| format!("via {gateway}"));
        let other_family = self.via.as_ref().map(|via| {
            let family = if via.host.is_ipv4() { "inet" } else { "inet6" };
            format!("via {family} {}", via.host)
        });
        let device = self.dev.as_ref().map(|device| format!("dev {}", device.0));
        let onlink = self.flags.iter().any(|flag| flag == "onlink").then(|| "onlink".to_owned());
        gateway.into_iter().chain(other_family).chain(device).chain(onlink)
    }
}
