//! One transfer from beginning to end: hosts, captures, box, traffic, and what came of it.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::agreement;
use crate::capture::{Capture, Tool};
use crate::forwarder::Forwarder;
use crate::namespaces::Namespace;
use crate::own::{self, Own, Seen};
use crate::scenario::{Pace, Scenario};
use crate::topology::Topology;
use crate::traffic;

/// The names of the two capture points, in the order of everything that comes in pairs.
pub(crate) const SIDES: [&str; 2] = ["client", "server"];

/// What one transfer is judged by: either capture of either side.
pub(crate) const CELLS: usize = 4;

/// Where and how transfers are captured.
#[derive(Clone)]
pub(crate) struct Bench {
    /// For the captures.
    pub(crate) directory: PathBuf,
    /// The list of what must be gone in the end.
    pub(crate) register: PathBuf,
    pub(crate) tool: Tool,
    /// Captures end after this many frames, and wscale's own do not run beside them.
    pub(crate) frames: Option<u32>,
}

/// What came of a transfer.
pub(crate) struct Run {
    pub(crate) bytes_per_second: f64,
    pub(crate) complete: bool,
    /// Segments that the box's faults dropped.
    pub(crate) dropped: u32,
    pub(crate) captures: [PathBuf; 2],
    /// wscale's own captures, at the same places.
    pub(crate) own: Vec<Beside>,
}

/// wscale's own capture beside the other.
pub(crate) struct Beside {
    pub(crate) seen: Seen,
    /// The end of the transfer.
    pub(crate) until_us: u64,
    /// The frames that both hold, or what differs; `None` if one of them dropped frames.
    pub(crate) same: Option<Result<usize, String>>,
}

impl Bench {
    /// Runs one scenario in namespaces of its own.
    pub(crate) fn run(&self, scenario: &Scenario) -> Result<Run> {
        let topology = Topology::build(scenario, &self.register).context("building the hosts")?;
        let captures = SIDES.map(|side| self.directory.join(format!("{}.{side}.pcap", scenario.name)));
        let [at_client, at_server] = &captures;
        let running =
            [self.capture(&topology.client, at_client)?, self.capture(&topology.server, at_server)?];
        let own = match self.frames {
            None => vec![self.own(&topology.client, at_client)?, self.own(&topology.server, at_server)?],
            Some(_) => Vec::new(),
        };
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
        let until_us = u64::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_micros())?;
        if !own.is_empty() {
            thread::sleep(own::BATCH);
        }
        let own = own.into_iter().map(Own::stop).collect::<Result<Vec<_>>>()?;
        let lost = running.into_iter().map(Capture::stop).collect::<Result<Vec<_>>>()?;
        let own = own.into_iter().zip(&captures).zip(lost);
        let own = own.map(|((seen, capture), lost)| Beside::new(seen, capture, lost, until_us)).collect();
        let dropped = forwarder.stop()?;
        Ok(Run {
            bytes_per_second: outcome.bytes_per_second(),
            complete: outcome.complete,
            dropped,
            captures,
            own,
        })
    }

    fn capture(&self, space: &Namespace, file: &Path) -> Result<Capture> {
        Capture::start(space, self.tool, file, self.frames).context("capturing")
    }

    fn own(&self, space: &Namespace, file: &Path) -> Result<Own> {
        Own::start(space, &file.with_extension("live.pcap"), self.in_user_namespace())
    }

    /// Only there is tcpdump of no use.
    pub(crate) fn in_user_namespace(&self) -> bool {
        self.tool == Tool::Libpcap
    }
}

impl Beside {
    fn new(seen: Seen, other: &Path, other_lost: u64, until_us: u64) -> Self {
        let whole = seen.dropped == 0 && other_lost == 0;
        let same = whole.then(|| agreement::of(other, &seen.file, until_us));
        Self { seen, until_us, same }
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
