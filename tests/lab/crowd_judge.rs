//! What `wscale compare` says about two captures of a crowd, against what the sockets knew and what the
//! box did.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::agreement::records;
use crate::cell::BY;
use crate::compared;
use crate::crowd::{Crowd, Crowded};
use crate::faults::OptionFault;
use crate::retouch::{Retouch, handshake};
use crate::transfer::Bench;

/// How far the estimate of the clocks may be away: the box and a busy machine hold frames up at random.
const CLOCK_US: u64 = 20_000;

/// Cells of one crowd: by whom it was captured, and how the captures were retouched.
pub(crate) const CROWD_CELLS: usize = BY.len() * Retouch::ALL.len();

/// One cell of a crowd.
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) outcome: Result<String>,
}

/// Runs one crowd and judges its captures, as they are and retouched.
pub(crate) fn cells(bench: &Bench, crowd: &Crowd) -> Vec<Cell> {
    let name = |by: &str, retouch: &Retouch| {
        format!("{:<36}  both    {by:<7}  {}", crowd.scenario.name, retouch.name).trim_end().to_owned()
    };
    let crowded = crowd.run(bench);
    let mut cells = Vec::new();
    for (index, by) in BY.into_iter().enumerate() {
        for retouch in &Retouch::ALL {
            let outcome = match &crowded {
                Ok(crowded) => crowded
                    .captures
                    .get(index)
                    .context("no captures")
                    .and_then(|captures| judge(crowd, crowded, captures, retouch)),
                Err(error) => Err(anyhow::anyhow!("{error:#}")),
            };
            cells.push(Cell { name: name(by, retouch), outcome });
        }
    }
    cells
}

fn judge(crowd: &Crowd, crowded: &Crowded, captures: &[PathBuf; 2], retouch: &Retouch) -> Result<String> {
    let [client, server] = captures.clone().map(|file| file.with_extension("retouched.pcap"));
    let [at_client, at_server] = captures;
    retouch.write(at_client, &client, false)?;
    retouch.write(at_server, &server, true)?;
    let report = compared::report(&[client.clone(), server.clone()])?;
    let pairs = report.pointer("/legs/0/pairs").and_then(Value::as_array).context("no pairs")?;
    let mut paired = BTreeSet::new();
    for pair in pairs {
        let [here, there] = ["client_side", "server_side"].map(|side| port(pair, side));
        let (here, there) = (here?, there?);
        ensure!(crowded.ports.get(&here) == Some(&there), "port {here} is paired with {there}");
        ensure!(paired.insert(here), "port {here} is paired twice");
    }
    ensure!(paired.len() == crowded.ports.len(), "{} of {} flows paired", paired.len(), crowded.ports.len());
    let (changes, done) = (compared::changes(&report), compared::done(&crowd.scenario));
    ensure!(changes == done, "compare says {changes:?}, but the box {done:?}");
    let convicted = convicted(pairs, retouch.missing_percent == 0)?;
    let provable = provable(crowd, crowded, &client, &server)?;
    ensure!(convicted == provable, "{} flows convicted instead of {}", convicted.len(), provable.len());
    if retouch.missing_percent == 0 {
        let lost: u64 = ["client", "server"]
            .iter()
            .flat_map(|side| pairs.iter().map(move |pair| pair.pointer(&format!("/passages/{side}/lost"))))
            .filter_map(|count| count?.as_u64())
            .sum();
        ensure!(lost == 0, "{lost} segments are said to be lost");
    }
    let offset = report.pointer("/legs/0/clock/offset_us").and_then(Value::as_i64).context("no clock")?;
    let away_us = offset.abs_diff(i64::try_from(retouch.clock_us)?);
    ensure!(away_us < CLOCK_US, "the clocks are said to be {offset} us apart");
    for file in [client, server] {
        std::fs::remove_file(file)?;
    }
    Ok(format!("{} pairs, {} convicted, clocks {offset} us apart", paired.len(), convicted.len()))
}

fn port(pair: &Value, side: &str) -> Result<u16> {
    let endpoint = pair.pointer(&format!("/{side}/client")).and_then(Value::as_str).context("no client")?;
    Ok(endpoint.rsplit_once(':').context("no port")?.1.parse()?)
}

/// Flows with WS007, by the client's port; any other finding is wrong. Where all frames are there it is proven,
/// else as sure as the pairing.
fn convicted(pairs: &[Value], is_whole: bool) -> Result<BTreeSet<u16>> {
    let mut convicted = BTreeSet::new();
    for pair in pairs {
        for finding in pair.get("findings").and_then(Value::as_array).context("no findings")? {
            let word = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
            let pairing = pair.get("confidence").and_then(Value::as_str).unwrap_or("-");
            let sure = if is_whole { "proven" } else { pairing };
            let (code, confidence) = (word("code"), word("confidence"));
            if code != "WS007" || confidence != sure || sure == "possible" {
                bail!("{code} {confidence} is uncalled for");
            }
            convicted.insert(port(pair, "client_side")?);
        }
    }
    Ok(convicted)
}

/// Flows whose bent half of the handshake is in both captures.
fn provable(crowd: &Crowd, crowded: &Crowded, client: &Path, server: &Path) -> Result<BTreeSet<u16>> {
    let faults = &crowd.scenario.faults;
    let is_bent = |is_syn: bool| OptionFault::Keep != if is_syn { faults.syn } else { faults.syn_ack };
    let seen = |capture: &Path| -> Result<BTreeSet<u16>> {
        let captured = records(capture)?;
        let bent = captured.iter().filter_map(handshake).filter(|(_, is_syn)| is_bent(*is_syn));
        Ok(bent.map(|(port, _)| port).collect())
    };
    let (here, there) = (seen(client)?, seen(server)?);
    let both = crowded.ports.iter().filter(|(mine, seen)| here.contains(mine) && there.contains(seen));
    Ok(both.map(|(mine, _)| *mine).collect())
}
