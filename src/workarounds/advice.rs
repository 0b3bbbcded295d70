//! The answer, in parts that every format prints in its own way.

use std::net::IpAddr;

use serde::Serialize;

use super::fault::{Fault, Role};
use super::host::Host;
use super::kernel::Offer;

/// All that the command says.
#[derive(Debug)]
pub struct Advice {
    /// The host that the commands are for.
    pub host: Host,
    /// What its SYNs say now.
    pub current: Offer,
    /// Why, in one or two sentences.
    pub current_reason: String,
    /// What the windows of today allow.
    pub current_cost: Cost,
    /// Something could not be read: the general text belongs to the answer.
    pub general: bool,
    /// The faults of the report, with the end that this host is.
    pub faults: Option<Vec<Case>>,
    /// What has to be done on other hosts.
    pub elsewhere: Vec<String>,
    /// What could not be read or asked.
    pub warnings: Vec<String>,
    /// From gentle to blunt.
    pub workarounds: Vec<Workaround>,
}

/// A fault and this host's part in it.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// Which end this host is: none for a bystander.
    pub this_host: Vec<Role>,
}

/// Where a workaround works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorksOn {
    /// On the box that breaks it.
    Box,
    /// On the receiver of the slow direction.
    Receiver,
    /// On either end.
    Either,
}

/// One workaround, filled in for this host.
#[derive(Debug, Serialize)]
pub struct Workaround {
    /// Its name on the command line and in JSON.
    pub id: &'static str,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub does: String,
    /// On which end it works, for which fault and direction.
    pub works: String,
    /// The same for programs.
    pub works_on: WorksOn,
    /// The peers that its commands name.
    pub peers: Vec<IpAddr>,
    /// What a SYN says with it.
    #[serde(skip)]
    pub predicted: Offer,
    /// To type now.
    pub run: Vec<Command>,
    /// To make it permanent.
    pub persist: Persist,
    /// To see that it works.
    pub verify: Vec<Check>,
    /// What it costs.
    pub cost: Cost,
    /// To go back to this host's values of now.
    pub undo: Vec<Command>,
    /// What else to know.
    pub notes: Vec<String>,
    /// The commands of 2006, to the letter, each with what it does on this kernel.
    pub post: Vec<PostCommand>,
}

/// A command for a root shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The line to type.
    pub command: String,
    /// Why it cannot be typed as it stands; `null` if it can.
    pub not_ready: Option<String>,
}

impl Command {
    /// A command that can be typed as it stands.
    pub fn ready(command: impl Into<String>) -> Self {
        Self { command: command.into(), not_ready: None }
    }

    /// A command that needs something first.
    pub fn not_ready(command: impl Into<String>, why: impl Into<String>) -> Self {
        Self { command: command.into(), not_ready: Some(why.into()) }
    }
}

/// How to make a workaround survive a reboot.
#[derive(Debug, Default, Serialize)]
pub struct Persist {
    /// The file to write; `null` where no file does it.
    pub path: Option<&'static str>,
    /// Its lines.
    pub content: Vec<String>,
    /// What to type after that.
    pub then: Vec<String>,
    /// What to type to take it back.
    pub undo: Vec<String>,
    /// Other ways.
    pub notes: Vec<String>,
}

/// A command and what it must show.
#[derive(Debug, Serialize)]
pub struct Check {
    /// The line to type.
    pub command: String,
    /// What it shows when the workaround works.
    pub shows: String,
}

/// The price.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// The most that is in flight per round trip; `null` if unknown.
    pub window_bytes: Option<u64>,
    /// The ceiling of each connection at some round trips.
    pub ceilings: Vec<Ceiling>,
    /// What else it costs.
    pub besides: String,
}

/// A ceiling on the rate of one connection.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ceiling {
    /// At this round trip.
    pub rtt_ms: f64,
    /// One window per round trip.
    pub mbit_per_s: f64,
}

/// A command of the 2006 post.
#[derive(Debug, Serialize)]
pub struct PostCommand {
    /// To the letter.
    pub command: &'static str,
    /// What it does on this kernel.
    pub today: String,
}
