//! What to type against broken window scaling, on which host, at what price, and how to undo it.
//!
//! Nothing here changes a setting: commands are composed and printed. `host`, `route` and `report_input` say how things
//! stand, `kernel` predicts the shift, each file under `option` is one workaround, each file under `format` one way to
//! print them.

pub mod advice;
pub mod fault;
pub mod format;
mod general;
pub mod host;
pub mod kernel;
mod option;
pub mod report_input;
pub mod route;
mod situation;

use std::net::IpAddr;
use std::path::PathBuf;

use advice::Advice;
use fault::Role;
use host::Host;
use report_input::Report;
use situation::Situation;

pub use option::ids as option_ids;

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    /// Where the host's /proc is.
    pub proc_root: PathBuf,
    /// `proc_root` is this machine's own, so that its routing table may be asked.
    pub ask_routes: bool,
    /// Peers to write commands for; with a report, only its findings on these.
    pub peers: Vec<IpAddr>,
    /// A report to cure.
    pub report: Option<Report>,
    /// Which end this host is, where its addresses do not tell.
    pub role: Option<Role>,
    /// The shift that the buffers should give; the 2006 advice gives 2.
    pub max_shift: Option<u8>,
    /// Round trips for which the price is given.
    pub rtts_ms: Vec<f64>,
    /// Only this workaround.
    pub option: Option<String>,
}

/// Everything there is to say about `request`.
pub fn advise(request: Request) -> Advice {
    let host = Host::read(&request.proc_root);
    let wanted = request.option.clone();
    let situation = Situation::new(host, request);
    let mut warnings = situation.host.warnings();
    warnings.extend(situation.warnings());
    let mut workarounds = option::all(&situation);
    if let Some(id) = wanted {
        workarounds.retain(|workaround| workaround.id == id);
    }
    Advice {
        current: kernel::offer(situation.stack, kernel::Connection::default()),
        current_reason: situation.current_reason(),
        current_cost: situation.cost(kernel::ceiling_bytes(situation.stack, kernel::Connection::default())),
        general: !warnings.is_empty() && !situation.host_is_complete(),
        elsewhere: situation.elsewhere(),
        faults: situation.cases.clone(),
        warnings,
        workarounds,
        host: situation.host,
    }
}
