//! One transfer from beginning to end: hosts, captures, box, traffic, and what came of it.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::capture::{Capture, Tool};
use crate::forwarder::Forwarder;
use crate::scenario::{Pace, Scenario};
use crate::topology::Topology;
use crate::traffic;

/// The names of the two capture points, in the order of everything that comes in pairs.
pub(crate) const SIDES: [&str; 2] = ["client", "server"];

/// Where and how transfers are captured.
#[derive(Clone)]
pub(crate) struct Bench {
    /// For the captures.
    pub(crate) directory: PathBuf,
    /// The list of what must be gone in the end.
    pub(crate) register: PathBuf,
    pub(crate) tool: Tool,
    /// Captures end after this many frames.
    pub(crate) frames: Option<u32>,
}

/// What came of a transfer.
pub(crate) struct Run {
    pub(crate) bytes_per_second: f64,
    pub(crate) complete: bool,
    /// Segments that the box's faults dropped.
    pub(crate) dropped: u32,
    pub(crate) captures: [PathBuf; 2],
}

impl Bench {
    /// Runs one scenario in namespaces of its own.
    pub(crate) fn run(&self, scenario: &Scenario) -> Result<Run> {
        let topology = Topology::build(scenario, &self.register).context("building the hosts")?;
        let captures = SIDES.map(|side| self.directory.join(format!("{}.{side}.pcap", scenario.name)));
        let [at_client, at_server] = &captures;
        let running =
            [self.capture(&topology.client, at_client)?, self.capture(&topology.server, at_server)?];
        let forwarder = Forwarder::start(
            &topology.middle,
            scenario.path.clone(),
            scenario.faults.clone(),
            scenario.mtu.into(),
        )?;
        let mut outcome = traffic::run(&topology, scenario)?;
        if outcome.complete {
            outcome.close();
            // The farewell takes a round trip and a half.
            thread::sleep(scenario.path.delay * 4 + Duration::from_millis(20));
        }
        for capture in running {
            capture.stop()?;
        }
        let dropped = forwarder.stop()?;
        Ok(Run {
            bytes_per_second: outcome.bytes_per_second(),
            complete: outcome.complete,
            dropped,
            captures,
        })
    }

    fn capture(&self, space: &crate::namespaces::Namespace, file: &Path) -> Result<Capture> {
        Capture::start(space, self.tool, file, self.frames).context("capturing")
    }
}

impl Run {
    /// What is physically wrong with it, whatever wscale says.
    pub(crate) fn complaint(&self, scenario: &Scenario) -> Option<String> {
        let rate = self.bytes_per_second;
        match scenario.pace {
            Pace::AtLeast(least) if rate < least => Some(format!("slower than {:.1} kB/s", least / 1e3)),
            Pace::AtMost(most) if rate > most => Some(format!("faster than {:.1} kB/s", most / 1e3)),
            _ => None,
        }
    }
}
