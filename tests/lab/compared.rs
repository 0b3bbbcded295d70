//! What `wscale compare` says about both captures of a transfer, against what was really done in between.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::faults::OptionFault;
use crate::retouch::Retouch;
use crate::scenario::{Host, KernelBox, Scenario};

/// What is wrong with it, if anything, as the captures are and as captures may be.
pub(crate) fn complaint(scenario: &Scenario, captures: &[PathBuf; 2]) -> Option<String> {
    Retouch::ALL.iter().find_map(|retouch| {
        // Without its handshake the one flow has no evidence.
        let retouch = Retouch { keeps_handshake: true, ..*retouch };
        let why =
            retouched(scenario, captures, &retouch).unwrap_or_else(|error| Some(format!("{error:#}")))?;
        Some(if retouch.is_nothing() { why } else { format!("{}: {why}", retouch.name) })
    })
}

fn retouched(scenario: &Scenario, captures: &[PathBuf; 2], retouch: &Retouch) -> Result<Option<String>> {
    if retouch.is_nothing() {
        return Ok(wrong(scenario, &report(captures)?));
    }
    let folder = tempfile::tempdir()?;
    let files = ["client.pcap", "server.pcap"].map(|name| folder.path().join(name));
    for ((from, to), is_server) in captures.iter().zip(&files).zip([false, true]) {
        retouch.write(from, to, is_server)?;
    }
    Ok(wrong(scenario, &report(&files)?))
}

fn wrong(scenario: &Scenario, report: &Value) -> Option<String> {
    let (done, convicted) = (done(scenario), convicted(scenario));
    let (changes, findings) = (changes(report), findings(report));
    let is_dead = scenario.faults.cut_after.is_some() && findings.iter().all(|f| f == "WS005 possible");
    if changes != done {
        Some(format!("compare says {changes:?}, but the box {done:?}"))
    } else if findings != convicted && !is_dead {
        Some(format!("compare finds {findings:?} instead of {convicted:?}"))
    } else {
        None
    }
}

/// What wscale says about both captures.
pub(crate) fn report(captures: &[PathBuf; 2]) -> Result<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
        .args(["compare", "--format", "json"])
        .args(captures)
        .output()
        .context("cannot run wscale")?;
    if !output.status.success() {
        bail!("wscale compare: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("wscale's JSON")
}

/// All changes in words.
pub(crate) fn changes(report: &Value) -> Vec<String> {
    let mut changes: Vec<String> =
        list(report, "/legs/0/changes").iter().map(|change| word(change, "message")).collect();
    changes.sort();
    changes
}

/// All findings on the first flow, with their confidence.
fn findings(report: &Value) -> Vec<String> {
    let findings = list(report, "/legs/0/pairs/0/findings");
    findings
        .iter()
        .map(|finding| format!("{} {}", word(finding, "code"), word(finding, "confidence")))
        .collect()
}

fn list<'a>(report: &'a Value, pointer: &str) -> &'a [Value] {
    report.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn word(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or("-").to_owned()
}

/// What the box does, in the words of the program.
pub(crate) fn done(scenario: &Scenario) -> Vec<String> {
    let (mut syn, mut syn_ack) = (scenario.faults.syn, scenario.faults.syn_ack);
    let mut translates = scenario.faults.translate;
    let mut redirects = false;
    match scenario.kernel_box {
        Some(KernelBox::IptablesSyn | KernelBox::NftablesSyn) => syn = OptionFault::Nops,
        Some(KernelBox::IptablesSynAck | KernelBox::NftablesSynAck) => syn_ack = OptionFault::Nops,
        Some(KernelBox::Masquerade) => translates = true,
        Some(KernelBox::Destination) => redirects = true,
        None => {}
    }
    let mut done = Vec::new();
    done.extend(bent(syn, &scenario.client, "SYNs"));
    done.extend(bent(syn_ack, &scenario.server, "SYN-ACKs"));
    if scenario.faults.resequence != 0 {
        done.push("rewrites the client's sequence numbers".to_owned());
    }
    if translates {
        done.push("translates the client's address".to_owned());
    }
    if redirects {
        done.push("translates the server's address".to_owned());
    }
    done.sort();
    done
}

fn bent(fault: OptionFault, host: &Host, segments: &str) -> Option<String> {
    let shift = host.shift?;
    match fault {
        OptionFault::Keep => None,
        OptionFault::Shift(other) if other == shift => None,
        OptionFault::Shift(other) => {
            Some(format!("sets the window scale of {segments} from {shift} to {other}"))
        }
        OptionFault::Remove => Some(format!("removes window scale {shift} from {segments}")),
        OptionFault::Nops => Some(format!("overwrites window scale {shift} in {segments} with NOPs")),
    }
}

/// What two captures must prove.
fn convicted(scenario: &Scenario) -> Vec<String> {
    if scenario.faults.unscaled_tracking {
        return vec!["WS005 proven".to_owned()];
    }
    done(scenario)
        .iter()
        .filter(|change| change.contains("window scale"))
        .map(|_| "WS007 proven".to_owned())
        .collect()
}
