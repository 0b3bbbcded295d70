//! `tcp_window_scaling = 0`: the post's first advice, and the bluntest.

use super::super::advice::{Check, Workaround, WorksOn};
use super::super::situation::Situation;
use super::post;
use super::sysctl::{self, Setting};

pub(super) const ID: &str = "scaling-off";

pub(super) fn describe(situation: &Situation) -> Workaround {
    let settings = [Setting {
        name: "net.ipv4.tcp_window_scaling",
        new: "0".to_owned(),
        now: situation.host.tcp_window_scaling.value().map(|value| value.to_string()),
        elsewhere: false,
    }];
    let (predicted, window_bytes) = situation.predict(|stack, _| stack.scaling = Some(false));
    let mut cost = situation.cost(window_bytes);
    "every connection of this network namespace pays, with every peer, in both directions, broken path or not".clone_into(&mut cost.besides);
    let mut verify: Vec<Check> = settings.iter().map(Setting::check).collect();
    verify.push(Check {
        command: "tcpdump -nvi any 'tcp[tcpflags] & tcp-syn != 0'".to_owned(),
        shows: "no wscale in this host's SYN or SYN-ACK".to_owned(),
    });
    Workaround {
        id: ID,
        title: "window scaling off".to_owned(),
        does: "neither SYN nor SYN-ACK of this host carries the option, so neither end scales. For new connections.".to_owned(),
        works: "on either end, for every fault, in both directions.".to_owned(),
        works_on: WorksOn::Either,
        peers: Vec::new(),
        predicted,
        run: settings.iter().map(Setting::run).collect(),
        persist: sysctl::persist(&settings),
        verify,
        cost,
        undo: settings.iter().map(Setting::undo).collect(),
        notes: vec!["it belongs to the network namespace: a container has its own".to_owned()],
        post: vec![post::scaling_off()],
    }
}
