//! Smaller receive buffers: the post's second advice, with the rmem_max that it needs today.

use super::super::advice::{Check, Persist, Workaround, WorksOn};
use super::super::kernel::{Offer, largest_space_bytes};
use super::super::situation::Situation;
use super::post;
use super::sysctl::{self, Setting};

pub(super) const ID: &str = "buffers";

pub(super) fn describe(situation: &Situation) -> Workaround {
    let shift = situation.wanted_shift;
    let settings = settings(situation);
    let rmem = target_rmem(situation);
    let core = target_core(situation);
    let (predicted, window_bytes) = situation.predict(|stack, _| {
        if !settings.is_empty() {
            let [_, default, limit] = rmem;
            stack.rmem_default_bytes = Some(default);
            stack.rmem_limit_bytes = Some(limit);
            stack.core_rmem_max_bytes = Some(core);
        }
    });
    let mut cost = situation.cost(window_bytes);
    "all connections of this network namespace pay. rmem_max also limits SO_RCVBUF of every program on the machine, UDP included".clone_into(&mut cost.besides);
    let mut verify: Vec<Check> = settings.iter().map(Setting::check).collect();
    verify.push(Check {
        command: "tcpdump -nvi any 'tcp[tcpflags] & tcp-syn != 0'".to_owned(),
        shows: shows(predicted),
    });
    Workaround {
        id: ID,
        title: title(situation),
        does: does(situation, shift, settings.is_empty()),
        works: works(shift),
        works_on: WorksOn::Receiver,
        peers: Vec::new(),
        predicted,
        run: settings.iter().map(Setting::run).collect(),
        persist: if settings.is_empty() { Persist::default() } else { sysctl::persist(&settings) },
        verify,
        cost,
        undo: settings.iter().map(Setting::undo).collect(),
        notes: vec!["tcp_rmem belongs to the network namespace (a container has its own), net.core.rmem_max to the machine".to_owned()],
        post: vec![post::wmem(), post::rmem(situation)],
    }
}

/// Both settings, where this kernel offers more than is wanted.
fn settings(situation: &Situation) -> Vec<Setting> {
    let now = situation.predict(|_, _| {}).0;
    if matches!(now, Offer::Shift { max, .. } if max <= situation.wanted_shift) {
        return Vec::new();
    }
    let mut settings = vec![Setting {
        name: "net.ipv4.tcp_rmem",
        new: sysctl::words(target_rmem(situation)),
        now: situation.host.tcp_rmem.value().map(sysctl::words),
        elsewhere: false,
    }];
    let core = situation.stack.core_rmem_max_bytes;
    if core != Some(target_core(situation)) {
        settings.push(Setting {
            name: "net.core.rmem_max",
            new: target_core(situation).to_string(),
            now: core.map(|bytes| bytes.to_string()),
            elsewhere: core.is_none() || situation.host.rmem_max_read_only,
        });
    }
    settings
}

/// The post's numbers for its shift of 2, else the largest limit that gives the wanted shift.
fn target_rmem(situation: &Situation) -> [u32; 3] {
    if situation.wanted_shift == 2 {
        return post::RMEM;
    }
    let limit = largest_space_bytes(situation.wanted_shift);
    let [minimum, default, _] = situation.host.tcp_rmem.value().unwrap_or(post::RMEM);
    [minimum.min(limit), default.min(limit), limit]
}

/// net.core.rmem_max stays where it is if it does not raise the shift.
fn target_core(situation: &Situation) -> u32 {
    let [.., limit] = target_rmem(situation);
    match situation.stack.core_rmem_max_bytes {
        Some(core) if core <= largest_space_bytes(situation.wanted_shift) => core,
        _ => limit,
    }
}

fn does(situation: &Situation, shift: u8, nothing_to_do: bool) -> String {
    if nothing_to_do {
        return format!("nothing is left to do: this host offers a shift of {shift} or less already.");
    }
    let [.., limit] = target_rmem(situation);
    format!(
        "the kernel offers the shift that the larger of tcp_rmem's limit and net.core.rmem_max needs; {limit} bytes need {shift}. Both have to come down, for new connections."
    )
}

fn title(situation: &Situation) -> String {
    match situation.wanted_shift {
        2 if !situation.max_shift_was_given() => "the buffers of 2006".to_owned(),
        shift if situation.max_shift_was_given() => format!("buffers for a shift of {shift}"),
        shift => format!("buffers for a shift of {shift} (those of 2006 give 2, which eases the fault only)"),
    }
}

fn works(shift: u8) -> String {
    if shift == 0 {
        return "on the receiver of the slow direction, against the same faults as the route's window."
            .to_owned();
    }
    format!(
        "on the receiver of the slow direction. It eases the fault: who ignores the shift still takes the window for 1/{} of what it is. --max-shift 0 cures it.",
        1_u32 << shift
    )
}

fn shows(predicted: Offer) -> String {
    match predicted {
        Offer::Absent => "no wscale in this host's SYN or SYN-ACK".to_owned(),
        Offer::Shift { min, max } if min == max => format!("wscale {min} in this host's SYN or SYN-ACK"),
        Offer::Shift { .. } | Offer::Unknown => "a smaller wscale in this host's SYN or SYN-ACK".to_owned(),
    }
}
