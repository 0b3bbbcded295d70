//! Repair the box: the only cure without a price.

use super::super::advice::{Check, Persist, Workaround, WorksOn};
use super::super::situation::Situation;

pub(super) const ID: &str = "repair-box";

const KNOBS: [&str; 7] = [
    "Cisco ASA: a tcp-map with `tcp-options window-scale allow`, in the policy that the traffic meets",
    "Cisco IOS zone firewall: `parameter-map type inspect global`, `tcp window-scale-enforcement loose`",
    "pf: `flags S/SA keep state` on every pass rule; a state made from a later packet has never seen the scale",
    "Linux: `sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1`",
    "iptables SYNPROXY: `--wscale` must be the shift that the backend offers",
    "Palo Alto: look for drops in the counter tcp_drop_out_of_wnd",
    "NetScaler: enable window scaling in the TCP profile",
];

pub(super) fn describe(situation: &Situation) -> Workaround {
    let (predicted, window_bytes) = situation.predict(|_, _| {});
    let mut cost = situation.cost(window_bytes);
    "no price, the windows of today stay; every other option costs throughput".clone_into(&mut cost.besides);
    Workaround {
        id: ID,
        title: "repair the box in the middle".to_owned(),
        does: "makes the box pass the window scale option of SYN and SYN-ACK untouched, and count with it if it checks windows. Nothing changes on this host.".to_owned(),
        works: "on the box, for every fault, in both directions, for all hosts behind it.".to_owned(),
        works_on: WorksOn::Box,
        peers: situation.targets.iter().map(|target| target.peer).collect(),
        predicted,
        run: Vec::new(),
        persist: Persist { notes: vec!["save the box's configuration".to_owned()], ..Persist::default() },
        verify: vec![Check {
            command: "wscale compare CLIENT.pcap SERVER.pcap".to_owned(),
            shows: "no option changed between the two sides of the box".to_owned(),
        }],
        cost,
        undo: Vec::new(),
        notes: KNOBS.map(str::to_owned).to_vec(),
        post: Vec::new(),
    }
}
