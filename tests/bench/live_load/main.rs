//! `wscale live` under load, beside tcpdump: what it costs, what it drops, how much memory it takes.
//!
//! `cargo bench --bench live_load` makes two network namespaces joined by a link, sends 1 GB of TCP through it
//! and a million SYNs, and prints a table. It fails where a promise is broken: a frame that is neither judged
//! nor reported as dropped, or more memory than is stated. How fast it is depends on the machine, and is only
//! printed. It needs Linux, root, iproute2, ethtool and tcpdump. Namespaces have no names, so none is left
//! behind; what captures ends by itself.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, and this is its output"
)]
#![expect(clippy::disallowed_methods, reason = "speed is measured by the clock")]

mod captor;
mod link;
mod load;
#[path = "../../lab/namespaces.rs"]
mod namespaces;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use crate::captor::{Captor, Kind};
use crate::link::Link;
use crate::load::Load;
use crate::table::Row;

/// Flows that are followed at once; the default.
const MAX_FLOWS: u64 = 20_000;

/// The help of `--max-flows` says how much a flow with few frames takes.
const FLOW_KIB: u64 = 4;

/// The program, the frames that wait (16 MiB by default), and the reports that are kept for the end.
const REST_KIB: u64 = 64 << 10;

fn main() -> ExitCode {
    if !std::env::args().any(|word| word == "--bench") {
        println!("not run: loads are measured by `cargo bench --bench live_load`");
        return ExitCode::SUCCESS;
    }
    match run() {
        Ok(broken) if broken.is_empty() => ExitCode::SUCCESS,
        Ok(broken) => {
            for promise in broken {
                eprintln!("live_load: {promise}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("live_load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all loads and says which promises were broken.
fn run() -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let mut broken = Vec::new();
    println!("{}", Row::HEADING);
    for load in Load::ALL {
        for kind in Kind::ALL {
            let is_one_of_many = matches!(kind, Kind::LiveWriting | Kind::LiveHeld);
            if matches!(load, Load::Syns { .. }) && is_one_of_many {
                continue;
            }
            let link = Link::new(folder.path())?;
            link.offload(load != Load::BulkCut)?;
            let captor = Captor::start(kind, &link.near, folder.path())?;
            let before = link.frames()?;
            captor.hold(true)?;
            let sent = load.run(&link)?;
            captor.hold(false)?;
            captor.settle()?;
            let offered = link.frames()? - before;
            let row = Row { load, sent, offered, took: captor.end()? };
            println!("{row}");
            broken.extend(complaints(&row, kind));
        }
    }
    println!("\n{}", Row::LEGEND);
    Ok(broken)
}

fn complaints(row: &Row, kind: Kind) -> Vec<String> {
    let mut complaints = Vec::new();
    let what = format!("{} {}", row.load.name(), kind.name());
    if row.unaccounted() != 0 {
        complaints.push(format!("{what}: {} frames are neither captured nor reported", row.unaccounted()));
    }
    if kind == Kind::LiveHeld && row.load == Load::BulkCut && row.took.dropped == 0 {
        complaints.push(format!("{what}: nothing was lost, so that nothing was shown"));
    }
    if let (Load::Syns { .. }, Some(evicted)) = (row.load, row.took.evicted) {
        let bound_kib = MAX_FLOWS * FLOW_KIB + REST_KIB;
        if row.took.peak_kib > bound_kib {
            complaints.push(format!("{what}: {} KiB at the peak, above {bound_kib} KiB", row.took.peak_kib));
        }
        if evicted + MAX_FLOWS != row.took.frames {
            complaints.push(format!("{what}: {evicted} flows evicted of {} frames", row.took.frames));
        }
    }
    complaints
}
