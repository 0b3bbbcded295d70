//! `window` of a route: scaling stays on, but the windows offered to one destination need none.

use std::net::IpAddr;

use super::super::advice::{Check, Command, Persist, Workaround, WorksOn};
use super::super::kernel::{MAX_UNSCALED_WINDOW_BYTES, Offer};
use super::super::route::{Route, prefix, program};
use super::super::situation::{Situation, Target};

pub(super) const ID: &str = "route-window";

pub(super) fn describe(situation: &Situation) -> Workaround {
    let targets: Vec<&Target> = situation.targets.iter().filter(|target| target.receives).collect();
    let window = MAX_UNSCALED_WINDOW_BYTES;
    let (predicted, window_bytes) =
        situation.predict(|_, connection| connection.route_window_bytes = Some(window));
    let (mut run, mut undo): (Vec<_>, Vec<_>) = targets.iter().map(|target| commands(target, window)).unzip();
    if targets.is_empty() {
        let why = "give the peer with --peer ADDR, and gateway and device are filled in";
        run.push(Command::not_ready(
            format!("ip route replace PEER/32 window {window} via GATEWAY dev DEVICE"),
            why,
        ));
        undo.push(Command::not_ready("ip route del PEER/32", why));
    }
    let mut cost = situation.cost(window_bytes);
    "only connections with that destination pay; the route stays with this gateway until it is removed"
        .clone_into(&mut cost.besides);
    Workaround {
        id: ID,
        title: "a window on the route to that destination".to_owned(),
        does: format!("windows towards the destination stay at {window} bytes or below; the SYN still carries the option, with shift 0, so nothing is left to misread. For new connections, opened or accepted."),
        works: "on the receiver of the slow direction, and only there: on the client against a slow download, on the server against a slow upload. Against a rewritten or removed option and against a box that drops beyond the unscaled edge.".to_owned(),
        works_on: WorksOn::Receiver,
        peers: targets.iter().map(|target| target.peer).collect(),
        predicted,
        persist: persist(&targets, &run),
        verify: verify(&targets, predicted),
        run,
        cost,
        undo,
        notes: Vec::new(),
        post: Vec::new(),
    }
}

fn commands(target: &Target, window_bytes: u32) -> (Command, Command) {
    let peer = target.peer;
    match &target.route {
        Ok(route) => (Command::ready(route.replace(peer, window_bytes)), Command::ready(route.undo(peer))),
        Err(why) => {
            let (program, prefix) = (program(peer), prefix(peer));
            let replace = format!("{program} replace {prefix} window {window_bytes} via GATEWAY dev DEVICE");
            (Command::not_ready(replace, why), Command::not_ready(format!("{program} del {prefix}"), why))
        }
    }
}

fn persist(targets: &[&Target], run: &[Command]) -> Persist {
    let unit =
        ["[Unit]", "Description=TCP windows that a box on the path can read", "Wants=network-online.target"];
    let service = ["After=network-online.target", "", "[Service]", "Type=oneshot"];
    let mut content: Vec<String> = unit.into_iter().chain(service).map(str::to_owned).collect();
    content.extend(run.iter().map(|line| format!("ExecStart=/sbin/{}", line.command)));
    content.extend(["", "[Install]", "WantedBy=multi-user.target"].map(str::to_owned));
    let mut notes: Vec<String> = targets.iter().filter_map(|target| network_manager(target)).collect();
    notes.push("systemd-networkd has no key for it (InitialAdvertisedReceiveWindow= is initrwnd, another thing): use the unit there too".to_owned());
    Persist {
        path: Some("/etc/systemd/system/wscale-route.service"),
        content,
        then: vec!["systemctl enable wscale-route.service".to_owned()],
        undo: vec![
            "systemctl disable wscale-route.service".to_owned(),
            "rm -f /etc/systemd/system/wscale-route.service".to_owned(),
        ],
        notes,
    }
}

fn network_manager(target: &Target) -> Option<String> {
    let route = target.route.as_ref().ok()?;
    let family = if target.peer.is_ipv4() { "ipv4" } else { "ipv6" };
    let gateway = route.gateway.map_or_else(String::new, |gateway: IpAddr| format!(" {gateway}"));
    Some(format!(
        "NetworkManager: nmcli connection modify CONNECTION +{family}.routes \"{}{gateway} window={MAX_UNSCALED_WINDOW_BYTES}\"",
        prefix(target.peer)
    ))
}

fn verify(targets: &[&Target], predicted: Offer) -> Vec<Check> {
    let option = match predicted {
        Offer::Absent => "no wscale (tcp_window_scaling is 0 on this host)",
        Offer::Unknown | Offer::Shift { .. } => "wscale 0",
    };
    let check = |device: &str, peer: &str, program: &str| {
        [
            Check {
                command: format!("{program} show {peer}"),
                shows: format!("window {MAX_UNSCALED_WINDOW_BYTES}"),
            },
            Check {
                command: format!("tcpdump -nvi {device} 'tcp and host {peer}'"),
                shows: format!("{option} in this host's SYN or SYN-ACK, on the next connection"),
            },
        ]
    };
    if targets.is_empty() {
        return check("DEVICE", "PEER", "ip route").into();
    }
    let device =
        |route: &Result<Route, String>| route.as_ref().map_or("any".to_owned(), |route| route.device.clone());
    targets
        .iter()
        .flat_map(|target| check(&device(&target.route), &target.peer.to_string(), program(target.peer)))
        .collect()
}
