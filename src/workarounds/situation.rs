//! What the workarounds are chosen from: the host, the peers with their routes, and this host's part in the faults.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::units;

use super::Request;
use super::advice::{Case, Ceiling, Cost};
use super::fault::Role;
use super::host::Host;
use super::kernel::{self, Connection, Offer, Stack};
use super::route::Route;

/// The buffers of before 2.6.17 give this shift.
const SHIFT_OF_2006: u8 = 2;

/// A peer and what this host is to it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) peer: IpAddr,
    pub(super) route: Result<Route, String>,
    /// This host receives the slow data from the peer, or may.
    pub(super) receives: bool,
    /// This host opens the connections.
    pub(super) is_client: bool,
    /// This host accepts them.
    pub(super) is_server: bool,
}

#[derive(Debug)]
pub(super) struct Situation {
    pub(super) host: Host,
    pub(super) stack: Stack,
    pub(super) targets: Vec<Target>,
    pub(super) cases: Option<Vec<Case>>,
    /// The shift that smaller buffers aim at.
    pub(super) wanted_shift: u8,
    max_shift: Option<u8>,
    rtts_ms: Vec<f64>,
    notes: Vec<String>,
}

impl Situation {
    pub(super) fn new(host: Host, request: Request) -> Self {
        let Request { peers, report, role, max_shift, rtts_ms, ask_routes, .. } = request;
        let mut notes = Vec::new();
        let cases = report.map(|report| {
            let faults = report.faults.into_iter();
            let cases: Vec<Case> = faults
                .map(|fault| {
                    let this_host = role.map_or_else(|| fault.roles_of(&host.addresses), |role| vec![role]);
                    Case { fault, this_host }
                })
                .filter(|case| peers.is_empty() || concerns(case, &peers))
                .collect();
            if cases.is_empty() {
                notes.push(nothing_to_cure(report.flows, &report.incurable.into_iter().collect::<Vec<_>>()));
            }
            if cases.iter().any(|case| case.this_host.is_empty()) {
                notes.push("this host has none of the addresses of some findings; if it is an end all the same (address translation), say --role client or --role server".to_owned());
            }
            cases
        });
        let ends = cases.as_ref().map_or_else(|| given(&peers, role), |cases| from_cases(cases));
        let targets: Vec<Target> = ends
            .into_iter()
            .map(|(peer, (receives, is_client, is_server))| {
                let route = if ask_routes {
                    Route::ask(peer)
                } else {
                    Err(format!("the route to {peer} is not in a copy of /proc"))
                };
                Target { peer, route, receives, is_client, is_server }
            })
            .collect();
        // A smaller shift eases a fault, only a shift of 0 cures it: that is what a report asks for.
        let wanted_shift = max_shift.unwrap_or(if cases.is_some() { 0 } else { SHIFT_OF_2006 });
        let stack = host.stack();
        Self { host, stack, targets, cases, wanted_shift, max_shift, rtts_ms, notes }
    }

    /// Nothing is known about the ends, so every workaround is described.
    pub(super) fn is_open(&self) -> bool {
        self.cases.is_none()
    }

    /// Some fault of the report has this host at an end (or there is no report).
    pub(super) fn is_an_end(&self) -> bool {
        self.is_open() || !self.targets.is_empty()
    }

    /// This host receives slow data, as far as is known.
    pub(super) fn receives(&self) -> bool {
        self.is_open() || self.targets.iter().any(|target| target.receives)
    }

    pub(super) fn max_shift_was_given(&self) -> bool {
        self.max_shift.is_some()
    }

    pub(super) fn host_is_complete(&self) -> bool {
        self.host.warnings().is_empty()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let routes = self.targets.iter().filter_map(|target| target.route.as_ref().err().cloned());
        self.notes.iter().cloned().chain(routes).collect()
    }

    /// The price of windows of at most `window_bytes`.
    pub(super) fn cost(&self, window_bytes: Option<u64>) -> Cost {
        let ceilings = window_bytes.into_iter().flat_map(|bytes| {
            self.rtts_ms.iter().map(move |&rtt_ms| Ceiling { rtt_ms, mbit_per_s: mbit_per_s(bytes, rtt_ms) })
        });
        Cost { window_bytes, ceilings: ceilings.collect(), besides: String::new() }
    }

    /// Why this kernel offers what it offers.
    pub(super) fn current_reason(&self) -> String {
        let Stack { scaling, rmem_limit_bytes: limit, core_rmem_max_bytes: core, .. } = self.stack;
        match (scaling, limit, core) {
            (None, ..) => "net.ipv4.tcp_window_scaling is unknown.".to_owned(),
            (Some(false), ..) => {
                "net.ipv4.tcp_window_scaling is 0: no SYN or SYN-ACK carries the option.".to_owned()
            }
            (_, Some(limit), Some(core)) => {
                let larger = if core > limit { "net.core.rmem_max" } else { "the limit of tcp_rmem" };
                let mut text = format!(
                    "floor(log2(max(tcp_rmem {limit}, rmem_max {core}))) - 15, at most 14: {larger} decides ({}).",
                    kernel::FORMULA
                );
                if kernel::shift_of(core) > kernel::shift_of(limit) {
                    let _ = write!(
                        text,
                        " tcp_rmem alone would give {}; the missing step is net.core.rmem_max, which keeps it at {}.",
                        kernel::shift_of(limit),
                        kernel::shift_of(core)
                    );
                }
                text
            }
            (_, Some(limit), None) => format!(
                "tcp_rmem {limit} alone gives {}; net.core.rmem_max is unknown here (it belongs to the machine, not to a network namespace) and raises it from {} bytes on ({}).",
                kernel::shift_of(limit),
                u64::from(kernel::largest_space_bytes(kernel::shift_of(limit))) + 1,
                kernel::FORMULA
            ),
            (_, None, Some(core)) => {
                format!(
                    "net.core.rmem_max {core} alone gives {}; tcp_rmem is unknown.",
                    kernel::shift_of(core)
                )
            }
            (_, None, None) => "neither tcp_rmem nor rmem_max is known.".to_owned(),
        }
    }

    /// What belongs on other hosts: the gentle fixes belong on the receiver of the slow data.
    pub(super) fn elsewhere(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Case { fault, this_host } in self.cases.iter().flatten() {
            for role in [Role::Client, Role::Server] {
                if !fault.may_receive(role) || this_host.contains(&role) {
                    continue;
                }
                let name = role.name();
                lines.push(format!(
                    "the gentlest fix for {} belongs on the other host, {} (the {name}, which receives the slow data); there: wscale workarounds --peer {} --role {name}",
                    fault.sentence(), fault.address(role), fault.peer_of(role)
                ));
            }
        }
        lines
    }

    /// What SYNs say when `stack` and `connection` are in force.
    pub(super) fn predict(&self, change: impl FnOnce(&mut Stack, &mut Connection)) -> (Offer, Option<u64>) {
        let (mut stack, mut connection) = (self.stack, Connection::default());
        change(&mut stack, &mut connection);
        (kernel::offer(stack, connection), kernel::ceiling_bytes(stack, connection))
    }
}

fn concerns(case: &Case, peers: &[IpAddr]) -> bool {
    peers.contains(&case.fault.client) || peers.contains(&case.fault.server)
}

type Ends = BTreeMap<IpAddr, (bool, bool, bool)>;

fn given(peers: &[IpAddr], role: Option<Role>) -> Ends {
    let ends = (true, role != Some(Role::Server), role != Some(Role::Client));
    peers.iter().map(|peer| (*peer, ends)).collect()
}

fn from_cases(cases: &[Case]) -> Ends {
    let mut ends = Ends::new();
    for Case { fault, this_host } in cases {
        for role in this_host {
            let end = ends.entry(fault.peer_of(*role)).or_default();
            end.0 |= fault.may_receive(*role);
            end.1 |= *role == Role::Client;
            end.2 |= *role == Role::Server;
        }
    }
    ends
}

fn nothing_to_cure(flows: usize, incurable: &[String]) -> String {
    let rest = if incurable.is_empty() {
        String::new()
    } else {
        format!(" ({} are no faults of a box; see wscale explain)", incurable.join(", "))
    };
    let flows = units::count(flows as u64, "flow");
    format!("the report holds {flows} and no fault that a workaround cures{rest}")
}

/// One window per round trip.
#[expect(clippy::cast_precision_loss, reason = "a window is below 2^53 bytes")]
fn mbit_per_s(window_bytes: u64, rtt_ms: f64) -> f64 {
    window_bytes as f64 * 8.0 / 1_000.0 / rtt_ms
}
