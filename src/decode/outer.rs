//! What was around the IP packet that carries the TCP segment: tags, labels and tunnels.
//!
//! Most packets have nothing around them, and segments are passed on by the million: what there is stands
//! elsewhere, a kind and a number per layer, and the addresses of one IP header only.

use std::fmt;
use std::net::IpAddr;

/// Layers that are kept; those of a deeper frame are decoded, but not remembered.
const DEPTH: usize = 8;

/// One header around the innermost IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// An 802.1Q or 802.1ad tag: the VLAN.
    Vlan(u16),
    /// 802.1ah: the service identifier.
    Pbb(u32),
    /// Cisco FabricPath: the forwarding tag.
    FabricPath(u16),
    /// Cisco VN-tag.
    VnTag,
    /// PPP over Ethernet: the session.
    Pppoe(u16),
    /// An MPLS label.
    Mpls(u32),
    /// An outer IPv4 or IPv6 header; [`Outer::endpoints`] has the addresses of the last one.
    Ip,
    /// GRE.
    Gre,
    /// ERSPAN: the session.
    Erspan(u16),
    /// VXLAN: the network identifier.
    Vxlan(u32),
    /// Geneve: the network identifier.
    Geneve(u32),
    /// GTP-U: the tunnel endpoint identifier.
    Gtp(u32),
    /// L2TP: the session.
    L2tp(u16),
    /// AYIYA.
    Ayiya,
    /// Teredo.
    Teredo,
    /// TaZmen Sniffer Protocol.
    Tzsp,
}

/// The headers around the innermost IP packet, the outermost first. Empty for plain traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outer(Option<Box<Around>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Around {
    layers: [Option<Layer>; DEPTH],
    endpoints: Option<(IpAddr, IpAddr)>,
}

impl Outer {
    /// The layers, the outermost first.
    pub fn layers(&self) -> impl Iterator<Item = Layer> + '_ {
        self.0.iter().flat_map(|around| around.layers).flatten()
    }

    /// Whether there is nothing but a link layer around the packet.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Source and destination of the innermost tunnel: of the last IP header before the one that carries TCP.
    pub fn endpoints(&self) -> Option<(IpAddr, IpAddr)> {
        self.0.as_ref()?.endpoints
    }

    pub(super) fn tunnel(&mut self, endpoints: Option<(IpAddr, IpAddr)>) {
        self.0.get_or_insert_default().endpoints = endpoints;
    }

    /// Each layer in words, the last IP header with its addresses.
    pub fn words(&self) -> impl Iterator<Item = String> + '_ {
        let last = self.layers().enumerate().filter(|(_, layer)| *layer == Layer::Ip).last();
        self.layers().enumerate().map(move |numbered| match self.endpoints() {
            Some((source, destination)) if Some(numbered) == last => format!("IP {source} > {destination}"),
            _ => numbered.1.to_string(),
        })
    }

    pub(super) fn push(&mut self, layer: Layer) {
        let layers = &mut self.0.get_or_insert_default().layers;
        if let Some(free) = layers.iter_mut().find(|layer| layer.is_none()) {
            *free = Some(layer);
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vlan(id) => write!(f, "VLAN {id}"),
            Self::Pbb(id) => write!(f, "PBB {id}"),
            Self::FabricPath(id) => write!(f, "FabricPath {id}"),
            Self::VnTag => f.write_str("VN-tag"),
            Self::Pppoe(id) => write!(f, "PPPoE {id}"),
            Self::Mpls(label) => write!(f, "MPLS {label}"),
            Self::Ip => f.write_str("IP"),
            Self::Gre => f.write_str("GRE"),
            Self::Erspan(id) => write!(f, "ERSPAN {id}"),
            Self::Vxlan(id) => write!(f, "VXLAN {id}"),
            Self::Geneve(id) => write!(f, "Geneve {id}"),
            Self::Gtp(id) => write!(f, "GTP {id:#x}"),
            Self::L2tp(id) => write!(f, "L2TP {id}"),
            Self::Ayiya => f.write_str("AYIYA"),
            Self::Teredo => f.write_str("Teredo"),
            Self::Tzsp => f.write_str("TZSP"),
        }
    }
}

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, layer) in self.words().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{layer}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deeper_than_the_list_is_forgotten() {
        let mut outer = Outer::default();
        for label in 0..20 {
            outer.push(Layer::Mpls(label));
        }
        assert_eq!(outer.layers().count(), DEPTH);
        assert_eq!(outer.layers().next(), Some(Layer::Mpls(0)));
    }

    #[test]
    fn it_reads_as_one_line() {
        let mut outer = Outer::default();
        assert!(outer.is_empty());
        for layer in [Layer::Vlan(7), Layer::Ip, Layer::Gre, Layer::Ip, Layer::Vxlan(42)] {
            outer.push(layer);
        }
        outer.tunnel(Some(([192, 0, 2, 1].into(), [192, 0, 2, 2].into())));
        assert_eq!(outer.to_string(), "VLAN 7, IP, GRE, IP 192.0.2.1 > 192.0.2.2, VXLAN 42");
    }
}
