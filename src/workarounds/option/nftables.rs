//! nftables takes the option out of SYNs to or from one destination: both ends then do without scaling.

use super::super::advice::{Check, Command, Persist, Workaround, WorksOn};
use super::super::kernel::{MAX_UNSCALED_WINDOW_BYTES, Offer};
use super::super::situation::{Situation, Target};

pub(super) const ID: &str = "nftables";

/// Only SYNs without ACK. Without the option in the SYN the SYN-ACK must not have it (RFC 7323 §2.2), so both ends agree.
const SYN_RULE: &str = "tcp flags & (syn | ack) == syn reset tcp option window";

pub(super) fn describe(situation: &Situation) -> Workaround {
    let hooks = hooks(situation);
    let mut run = vec![("nft add table inet wscale".to_owned(), None)];
    for (hook, rules) in &hooks {
        let chain =
            format!("nft add chain inet wscale {hook} '{{ type filter hook {hook} priority mangle; }}'");
        run.push((chain, None));
        for (rule, why) in rules {
            run.push((format!("nft add rule inet wscale {hook} '{rule}'"), *why));
        }
    }
    let run = run.into_iter().map(|(command, why)| Command { command, not_ready: why.map(str::to_owned) });
    let mut cost = situation.cost(Some(MAX_UNSCALED_WINDOW_BYTES.into()));
    "only connections with that destination pay, in both directions".clone_into(&mut cost.besides);
    Workaround {
        id: ID,
        title: "nftables for that destination".to_owned(),
        does: "takes the window scale option out of SYNs, on their way out on the client or on their way in on the server. Without it in the SYN neither end scales.".to_owned(),
        works: "on either end, for every fault, in both directions. Never take it out of the SYN-ACK alone: that is the one-sided fault itself.".to_owned(),
        works_on: WorksOn::Either,
        peers: situation.targets.iter().map(|target| target.peer).collect(),
        predicted: Offer::Absent,
        run: run.collect(),
        persist: persist(&hooks),
        verify: vec![
            Check { command: "nft list table inet wscale".to_owned(), shows: "the rules above".to_owned() },
            Check {
                command: format!("ss -tni dst {}", situation.targets.first().map_or("PEER".to_owned(), |target| target.peer.to_string())),
                shows: "no wscale on new connections".to_owned(),
            },
        ],
        cost,
        undo: vec![Command::ready("nft delete table inet wscale")],
        notes: notes(situation),
        post: Vec::new(),
    }
}

type Rules = Vec<(String, Option<&'static str>)>;

/// The chains that this host's part needs, with their rules.
fn hooks(situation: &Situation) -> Vec<(&'static str, Rules)> {
    let rules = |wanted: fn(&Target) -> bool, side: &str| -> Rules {
        let targets = situation.targets.iter().filter(|target| wanted(target));
        targets.map(|target| (rule(target, side), None)).collect()
    };
    if situation.targets.is_empty() {
        let why = Some("give the peer with --peer ADDR");
        return vec![("output", vec![(format!("ip daddr PEER {SYN_RULE}"), why)])];
    }
    let both = [
        ("output", rules(|target| target.is_client, "daddr")),
        ("input", rules(|target| target.is_server, "saddr")),
    ];
    both.into_iter().filter(|(_, rules)| !rules.is_empty()).collect()
}

fn rule(target: &Target, side: &str) -> String {
    let family = if target.peer.is_ipv4() { "ip" } else { "ip6" };
    format!("{family} {side} {} {SYN_RULE}", target.peer)
}

fn persist(hooks: &[(&'static str, Rules)]) -> Persist {
    let mut content = vec!["table inet wscale {".to_owned()];
    for (hook, rules) in hooks {
        content.push(format!("  chain {hook} {{"));
        content.push(format!("    type filter hook {hook} priority mangle;"));
        content.extend(rules.iter().map(|(rule, _)| format!("    {rule}")));
        content.push("  }".to_owned());
    }
    content.push("}".to_owned());
    Persist {
        path: Some("/etc/nftables.d/90-wscale.nft"),
        content,
        then: vec!["systemctl enable nftables.service".to_owned()],
        undo: vec!["rm -f /etc/nftables.d/90-wscale.nft".to_owned()],
        notes: vec!["/etc/nftables.conf must have the line: include \"/etc/nftables.d/*.nft\"".to_owned()],
    }
}

fn notes(situation: &Situation) -> Vec<String> {
    let peer = situation.targets.first().map_or("PEER".to_owned(), |target| target.peer.to_string());
    let program = if peer.contains(':') { "ip6tables" } else { "iptables" };
    vec![
        "needs Linux 5.18 and nftables 1.0.2 or later".to_owned(),
        format!(
            "older, on the client: {program} -t mangle -A OUTPUT -d {peer} -p tcp --tcp-flags SYN,ACK SYN -j TCPOPTSTRIP --strip-options wscale"
        ),
    ]
}
