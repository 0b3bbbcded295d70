//! The one line with which `analyze`, `live` and `compare` end: what to type next, and where.

use super::fault::{Fault, Role};

/// What to type for `fault`, and on which end; `None` where no workaround cures it.
pub fn line(fault: &Fault) -> Option<String> {
    if fault.codes.is_empty() {
        return None;
    }
    let Some(slow) = fault.slow else {
        return Some(format!(
            "wscale workarounds --peer {}    on the client {}: the slow direction is unknown, so nftables there or a repair of the box",
            fault.server, fault.client
        ));
    };
    let role = slow.receiver();
    let who = match role {
        Role::Client => "client",
        Role::Server => "server",
    };
    Some(format!(
        "wscale workarounds --peer {} --role {who}    on the {who} {}, which receives the slow data: a route window of 65535 there cures it",
        fault.peer_of(role),
        fault.address(role)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fault::Direction;
    use super::*;

    #[test]
    fn the_hint_names_the_receiver_of_the_slow_data() {
        let fault = |slow| Fault {
            client: "10.1.0.1".parse().unwrap(),
            server: "10.1.0.2".parse().unwrap(),
            slow,
            codes: ["WS001"].into(),
            flows: 1,
        };
        let line = |slow| super::line(&fault(slow)).unwrap();
        assert!(
            line(Some(Direction::ServerToClient))
                .starts_with("wscale workarounds --peer 10.1.0.2 --role client  ")
        );
        assert!(
            line(Some(Direction::ClientToServer))
                .starts_with("wscale workarounds --peer 10.1.0.1 --role server  ")
        );
        assert!(line(None).contains("nftables"));
        assert_eq!(super::line(&Fault { codes: [].into(), ..fault(None) }), None);
    }
}
