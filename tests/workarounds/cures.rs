//! Which workaround cures which fault on which end: the printed commands, run as printed in the lab's namespaces.
//!
//! Cured means a rate within a factor of 3 of what windows of 64 KiB allow, eased a tenth of that; the rest stays below.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::faults::{Faults, OptionFault, Side};
use crate::forwarder::{Forwarder, Path};
use crate::json;
use crate::namespace::{Machine, Namespaces};
use crate::namespaces::Namespace;
use crate::scenario::{Direction, Expectation, Host, Pace, Scenario, Step, Traffic};
use crate::topology::{Topology, address};
use crate::traffic;

const BULK_BYTES: usize = 1_000_000;
const ONE_WAY: Duration = Duration::from_millis(10);
const CURED_BYTES_PER_SECOND: f64 = 65_535.0 / 0.020 / 3.0;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bend {
    SynZeroed,
    SynAckZeroed,
    SynAckStripped,
    UnscaledTracking,
}

impl Bend {
    fn faults(self) -> Faults {
        let healthy = Faults::default();
        match self {
            Self::SynZeroed => Faults { syn: OptionFault::Shift(0), ..healthy },
            Self::SynAckZeroed => Faults { syn_ack: OptionFault::Shift(0), ..healthy },
            Self::SynAckStripped => Faults { syn_ack: OptionFault::Remove, ..healthy },
            Self::UnscaledTracking => Faults { unscaled_tracking: true, ..healthy },
        }
    }
}

const FAULTS: [(Bend, Direction); 5] = [
    (Bend::SynZeroed, Direction::Download),
    (Bend::SynAckZeroed, Direction::Upload),
    (Bend::SynAckStripped, Direction::Upload),
    (Bend::UnscaledTracking, Direction::Download),
    (Bend::UnscaledTracking, Direction::Upload),
];

/// The workarounds as the command line names them; beside them the buffers of 2006.
const OPTIONS: [&str; 5] =
    ["route-window", "nftables", "socket-option", "buffers --max-shift 0", "scaling-off"];

/// What becomes of a fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Effect {
    Left,
    /// The window is still misread, but by a factor of 4 only. How much that costs depends on the buffers' tuning.
    Eased,
    Cured,
}

impl Effect {
    fn of(bytes_per_second: f64) -> Self {
        match bytes_per_second / CURED_BYTES_PER_SECOND {
            1.0.. => Self::Cured,
            0.1.. => Self::Eased,
            _ => Self::Left,
        }
    }
}

/// The table.
fn effect(option: &str, end: Side, direction: Direction) -> Effect {
    let receiver = if direction == Direction::Download { Side::Client } else { Side::Server };
    match option {
        "nftables" | "scaling-off" => Effect::Cured,
        _ if end != receiver => Effect::Left,
        "buffers" => Effect::Eased,
        _ => Effect::Cured,
    }
}

#[test]
fn the_printed_commands_cure_what_the_table_says_and_nothing_else() {
    let Some(_machine) = Machine::new("the cures of every fault in the lab") else { return };
    let directory = tempfile::tempdir().unwrap();
    let register = directory.path().join("register");
    let on_both = |option| [Side::Client, Side::Server].map(|end| Some((option, end)));
    let cells = |options: &[&'static str]| -> Vec<Cell> {
        let cures = options.iter().flat_map(|option| on_both(*option));
        cures.flat_map(|cure| FAULTS.map(|fault| (fault, cure))).collect()
    };
    // One rmem_max for the machine: what sets it to different values must not run at the same time.
    let mut rows = run_all(cells(&["buffers"]), &register);
    rows.extend(run_all(FAULTS.map(|fault| (fault, None)).into(), &register));
    rows.extend(run_all(cells(&OPTIONS), &register));
    rows.sort_by_key(|(cell, _)| format!("{cell:?}"));
    let mut wrong = Vec::new();
    for ((fault, cure), mut rate) in rows {
        let (_, direction) = fault;
        let expected = cure.map_or(Effect::Left, |(option, end)| effect(option, end, direction));
        // A busy machine makes transfers slow, never fast.
        if Effect::of(rate) < expected {
            rate = transfer(fault, cure, &register);
        }
        let line = format!("{fault:?} {cure:?}: {:.1} kB/s, expected: {expected:?}", rate / 1e3);
        println!("{line}");
        let effect = Effect::of(rate);
        if effect != expected && (effect, expected) != (Effect::Cured, Effect::Eased) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A fault, and a workaround on one end.
type Cell = ((Bend, Direction), Option<(&'static str, Side)>);

/// The rates of transfers, some at a time.
fn run_all(cells: Vec<Cell>, register: &std::path::Path) -> Vec<(Cell, f64)> {
    let (waiting, rows) = (Mutex::new(VecDeque::from(cells)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop_front();
                    let Some((fault, cure)) = next else { break };
                    let rate = transfer(fault, cure, register);
                    rows.lock().unwrap().push(((fault, cure), rate));
                }
            });
        }
    });
    rows.into_inner().unwrap()
}

/// The rate of a bulk transfer through a faulty box, with a workaround on one end.
fn transfer(
    (bend, direction): (Bend, Direction),
    cure: Option<(&str, Side)>,
    register: &std::path::Path,
) -> f64 {
    let mut scenario = scenario(bend, direction);
    if let Some(("socket-option", end)) = cure {
        let host = if end == Side::Client { &mut scenario.client } else { &mut scenario.server };
        host.receive_buffer = Some(65_535);
    }
    let topology = Topology::build(&scenario, register).unwrap();
    if let Some((option, end)) = cure {
        let (space, role, peer) = match end {
            Side::Client => (&topology.client, "client", 2),
            Side::Server => (&topology.server, "server", 1),
        };
        apply(space, &format!("--role {role} --peer {} --option {option}", address(false, peer)));
    }
    let forwarder = Forwarder::start(
        &topology.middle,
        scenario.path.clone(),
        scenario.faults.clone(),
        scenario.mtu.into(),
    )
    .unwrap();
    let outcome = traffic::run(&topology, &scenario).unwrap();
    // What came at once and then stopped is no rate.
    let rate = if outcome.complete {
        outcome.bytes_per_second()
    } else {
        f64::from(u32::try_from(outcome.bytes).unwrap()) / scenario.limit.as_secs_f64()
    };
    drop(outcome);
    forwarder.stop().unwrap();
    rate
}

/// Runs the commands as they are printed for this host.
fn apply(space: &Namespace, arguments: &str) {
    let script = format!("{} workarounds --format json {arguments}", env!("CARGO_BIN_EXE_wscale"));
    let answer = json(&within(space, script));
    for command in answer["options"][0]["run"].as_array().unwrap() {
        let line = command["command"].as_str().unwrap().to_owned();
        match command["not_ready"].as_str() {
            None => within(space, line),
            Some(why) if why.contains("outside of this network namespace") => Namespaces::outside(&line),
            Some(why) => panic!("{line}: {why}"),
        };
    }
}

fn within(space: &Namespace, line: String) -> String {
    let output = space.within(move || Ok(Command::new("sh").args(["-c", &line]).output()?)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn scenario(bend: Bend, direction: Direction) -> Scenario {
    let nothing = Expectation { verdicts: "", must: "", may: "" };
    let traffic = match direction {
        Direction::Download => Traffic {
            client: vec![Step::Send(200), Step::Receive(BULK_BYTES)],
            server: vec![Step::Receive(200), Step::Send(BULK_BYTES)],
        },
        Direction::Upload => Traffic {
            client: vec![Step::Send(BULK_BYTES), Step::Receive(1)],
            server: vec![Step::Receive(BULK_BYTES), Step::Send(1)],
        },
    };
    Scenario {
        name: format!("{bend:?}"),
        what: String::new(),
        ipv6: false,
        mtu: 1500,
        offload: false,
        client: Host::default(),
        server: Host::default(),
        path: Path { delay: ONE_WAY, ..Path::default() },
        faults: bend.faults(),
        kernel_box: None,
        direction,
        traffic,
        limit: Duration::from_secs(3),
        pace: Pace::Any,
        expect: [nothing.clone(), nothing],
    }
}
