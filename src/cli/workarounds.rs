//! `wscale workarounds`.

use std::fs::File;
use std::io::{Error, Read, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::Exit;
use crate::source;
use crate::workarounds::report_input::{self, Report};
use crate::workarounds::{self, Request, fault, format};

/// The /proc of the machine that this runs on.
const OWN_PROC: &str = "/proc";

/// Larger than the report of any capture, smaller than the memory of any machine.
const MOST_REPORT_BYTES: u64 = 256 << 20;

const AFTER_HELP: &str = "\
Examples:
  wscale workarounds --peer 192.0.2.7            with the real gateway and device
  wscale analyze slow.pcap --format json | wscale workarounds --from -
  wscale workarounds --peer 192.0.2.7 --format sh > fix.sh; less fix.sh; sudo sh fix.sh

Exit status: 0 printed; 2 error: usage, or the report cannot be read.";

/// Print what to type against broken window scaling, at what price, and how to undo it.
///
/// Reads this host's settings, says which shift its kernel offers now and with each workaround (by the kernel's own
/// formula), and prints commands, from gentle to blunt, with the undo in this host's values of now. Nothing is ever
/// changed by it. What cannot be read is unknown, said so, and gives the general text for Linux, FreeBSD, macOS and
/// Windows.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Peer to fill into the commands, with its route (repeatable)
    ///
    /// Gateway and device are asked of this system's routing table. With --from, only the findings on these peers.
    #[arg(long, value_name = "ADDR", help_heading = "What to cure")]
    peer: Vec<IpAddr>,

    /// JSON report of analyze, live or compare: print only what cures its findings here ('-': standard input)
    ///
    /// This host is told apart by its addresses; behind address translation say --role. Where the fix belongs on the
    /// other host, that is said.
    #[arg(long, value_name = "REPORT", help_heading = "What to cure")]
    from: Option<PathBuf>,

    /// Which end of the connections this host is
    #[arg(long, value_enum, help_heading = "What to cure")]
    role: Option<Role>,

    /// Shift that smaller buffers should give, 0 to 14 (default: 2 as in 2006, with --from 0)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=14), help_heading = "Output")]
    max_shift: Option<u8>,

    /// Round trips in ms for which the price is given
    #[arg(long, value_name = "MS", value_delimiter = ',', default_value = "20,100", value_parser = round_trip_ms, help_heading = "Output")]
    rtt: Vec<f64>,

    /// Only this workaround
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(workarounds::option_ids()), help_heading = "Output")]
    option: Option<String>,

    /// How to print
    ///
    /// text: for people. sh: a script that prints the undo and then runs the gentlest workaround that can be run, the
    /// others as comments. sysctl: a file for /etc/sysctl.d. json: for programs, with current_shift and, per option,
    /// predicted_shift.
    #[arg(long, value_name = "FORMAT", default_value = format::names()[0], value_parser = PossibleValuesParser::new(format::names()), help_heading = "Output")]
    format: String,

    /// Read the settings from another root than /proc, such as a support bundle's
    #[arg(long, value_name = "DIR", default_value = OWN_PROC, help_heading = "Input")]
    proc_root: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Client,
    Server,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let report = args.from.as_deref().map(read_report).transpose()?;
    let advice = workarounds::advise(Request {
        proc_root: args.proc_root.clone(),
        ask_routes: args.proc_root == Path::new(OWN_PROC),
        peers: args.peer.iter().map(IpAddr::to_canonical).collect(),
        report,
        role: args.role.map(|role| match role {
            Role::Client => fault::Role::Client,
            Role::Server => fault::Role::Server,
        }),
        max_shift: args.max_shift,
        rtts_ms: args.rtt.clone(),
        option: args.option.clone(),
    });
    for warning in &advice.warnings {
        anstream::eprintln!("wscale: warning: {warning}");
    }
    std::io::stdout().write_all(format::print(&args.format, &advice).as_bytes())?;
    Ok(Exit::Done)
}

fn read_report(path: &Path) -> anyhow::Result<Report> {
    let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let failed =
        |verb: &str, error: Error| anyhow::anyhow!("cannot {verb} '{name}': {}", source::plain(&error));
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| failed("open", error))?)
    };
    let mut text = String::new();
    let mut input = input.take(MOST_REPORT_BYTES);
    input.read_to_string(&mut text).map_err(|error| failed("read", error))?;
    report_input::parse(&text).with_context(|| format!("cannot use '{name}'"))
}

/// A round trip with or without its unit; above an hour it is a typing error.
fn round_trip_ms(text: &str) -> anyhow::Result<f64> {
    let number = text.strip_suffix("ms").unwrap_or(text).trim_end();
    match number.parse::<f64>() {
        Ok(ms) if (0.001..=3_600_000.0).contains(&ms) => Ok(ms),
        _ => bail!("a round trip is a number of milliseconds, such as 20 or 0.5"),
    }
}
