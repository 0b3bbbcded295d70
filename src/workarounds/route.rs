//! The route to a peer, asked of the system's routing table, and the commands that set a window on it.
//!
//! `ip -json route get fibmatch` names the entry that decides, with its metrics; kernels without `fibmatch` (before
//! 4.13) still name gateway and device. All that becomes part of a command is an address, a number or a word of
//! harmless characters.

mod entry;

use std::net::IpAddr;
use std::process::Command;

use entry::Entry;

/// What a new route to the peer alone has to say to leave everything but the window as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The device; the first one of a route with several.
    pub device: String,
    /// The gateway; `None` where the peer is on the link.
    pub gateway: Option<IpAddr>,
    /// Everything after the destination but a window: `via ... dev ...`.
    arguments: String,
    /// There is a route to this peer alone already: its arguments to the letter, window included.
    existing: Option<String>,
}

impl Route {
    /// Asks the routing table of this host.
    pub fn ask(peer: IpAddr) -> Result<Self, String> {
        let (matched, error) = run(&["route", "get", "fibmatch"], peer)?;
        if let Ok(route) = Self::parse(&matched, peer) {
            return Ok(route);
        }
        if error.contains("unreachable") {
            return Err(format!("no route to {peer}"));
        }
        let (plain, error) = run(&["route", "get"], peer)?;
        if plain.trim().is_empty() {
            return Err(format!(
                "no route to {peer}: {}",
                error.lines().next().unwrap_or("ip says nothing").trim()
            ));
        }
        Self::parse(&plain, peer)
    }

    /// Reads what `ip -json route get` printed.
    pub fn parse(json: &str, peer: IpAddr) -> Result<Self, String> {
        let entries: Vec<Entry> = serde_json::from_str(json)
            .map_err(|error| format!("cannot read the route to {peer}: {error}"))?;
        let entry = entries.first().ok_or_else(|| format!("no route to {peer}"))?;
        if entry.is_local() {
            return Err(format!("{peer} is an address of this host"));
        }
        let hop = entry.first_hop().ok_or_else(|| format!("the route to {peer} names no device"))?;
        Ok(Self {
            device: hop.device().to_owned(),
            gateway: hop.gateway(),
            arguments: entry.arguments(false),
            existing: entry.is_for(peer).then(|| entry.arguments(true)),
        })
    }

    /// The command that limits the windows offered to this peer.
    pub fn replace(&self, peer: IpAddr, window_bytes: u32) -> String {
        // `ip` wants the window before the next hops of a multipath route, and anywhere else it is welcome too.
        format!("{} replace {} window {window_bytes} {}", program(peer), prefix(peer), self.arguments)
    }

    /// The command that puts back what is there now.
    pub fn undo(&self, peer: IpAddr) -> String {
        match &self.existing {
            Some(arguments) => format!("{} replace {} {arguments}", program(peer), prefix(peer)),
            None => format!("{} del {}", program(peer), prefix(peer)),
        }
    }
}

/// `ip route` for the family of `peer`.
pub fn program(peer: IpAddr) -> &'static str {
    if peer.is_ipv4() { "ip route" } else { "ip -6 route" }
}

/// `192.0.2.2/32`, `2001:db8::2/128`.
pub fn prefix(peer: IpAddr) -> String {
    format!("{peer}/{}", if peer.is_ipv4() { 32 } else { 128 })
}

/// Standard output and standard error of `ip -json ... PEER`.
fn run(arguments: &[&str], peer: IpAddr) -> Result<(String, String), String> {
    let family = if peer.is_ipv4() { "-4" } else { "-6" };
    let output = Command::new("ip")
        .args(["-json", family])
        .args(arguments)
        .arg(peer.to_string())
        .output()
        .map_err(|error| format!("cannot run ip to ask for the route to {peer}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&output.stdout), text(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(json: &str, peer: &str) -> Result<(String, String), String> {
        let peer = peer.parse().unwrap();
        Route::parse(json, peer).map(|route| (route.replace(peer, 65_535), route.undo(peer)))
    }

    #[test]
    fn the_default_route_becomes_a_host_route_with_a_window() {
        let json = r#"[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","protocol":"dhcp","metric":100,"flags":[]}]"#;
        let (replace, undo) = route(json, "198.51.100.7").unwrap();
        assert_eq!(replace, "ip route replace 198.51.100.7/32 window 65535 via 192.0.2.1 dev eth0");
        assert_eq!(undo, "ip route del 198.51.100.7/32");
    }

    #[test]
    fn metrics_and_the_source_address_of_the_entry_are_kept() {
        let json = r#"[{"dst":"198.51.100.0/24","dev":"eth0","protocol":"kernel","scope":"link","prefsrc":"198.51.100.1",
            "flags":[],"metrics":[{"mtu":1400,"window":1000000}]}]"#;
        let (replace, _) = route(json, "198.51.100.7").unwrap();
        assert_eq!(
            replace,
            "ip route replace 198.51.100.7/32 window 65535 dev eth0 src 198.51.100.1 mtu 1400"
        );
    }

    #[test]
    fn an_existing_host_route_is_put_back_as_it_was() {
        let json = r#"[{"dst":"198.51.100.7","gateway":"192.0.2.1","dev":"eth0","protocol":"static","metric":50,
            "flags":["onlink"],"metrics":[{"window":262144}]}]"#;
        let (replace, undo) = route(json, "198.51.100.7").unwrap();
        assert_eq!(
            replace,
            "ip route replace 198.51.100.7/32 window 65535 via 192.0.2.1 dev eth0 onlink proto static metric 50"
        );
        assert_eq!(
            undo,
            "ip route replace 198.51.100.7/32 via 192.0.2.1 dev eth0 onlink proto static metric 50 window 262144"
        );
    }

    #[test]
    fn ipv6_multipath_and_gateways_of_the_other_family() {
        let json = r#"[{"dst":"default","gateway":"fe80::1","dev":"eth0","metric":1024,"flags":[],"pref":"medium"}]"#;
        let (replace, undo) = route(json, "2001:db8::2").unwrap();
        assert_eq!(replace, "ip -6 route replace 2001:db8::2/128 window 65535 via fe80::1 dev eth0");
        assert_eq!(undo, "ip -6 route del 2001:db8::2/128");
        let json = r#"[{"dst":"default","flags":[],"nexthops":[{"gateway":"10.0.0.1","dev":"a","weight":1,"flags":[]},
            {"via":{"family":"inet6","host":"fe80::9"},"dev":"b","weight":2,"flags":[]}]}]"#;
        let (replace, _) = route(json, "198.51.100.7").unwrap();
        assert!(replace.ends_with(
            "window 65535 nexthop via 10.0.0.1 dev a weight 1 nexthop via inet6 fe80::9 dev b weight 2"
        ));
    }

    #[test]
    fn what_cannot_be_a_route_is_refused() {
        for json in [
            "",
            "[]",
            "[{}]",
            r#"[{"type":"local","dst":"198.51.100.7","dev":"lo","flags":[]}]"#,
            r#"[{"dst":"default","gateway":"192.0.2.1","dev":"eth0; reboot","flags":[]}]"#,
            r#"[{"dst":"default","gateway":"192.0.2.1","dev":"-batch","flags":[]}]"#,
            r#"[{"dst":"default","gateway":"$(reboot)","dev":"eth0","flags":[]}]"#,
        ] {
            assert!(route(json, "198.51.100.7").is_err(), "{json}");
        }
    }
}
