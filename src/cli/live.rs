//! `wscale live`: judge traffic as it flows.

mod clock;
mod evidence;
mod installed;
mod kernel;
mod metrics;
mod output;
mod privileges;
mod screen;
mod session;
mod signals;
mod start;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::report::FORMATS;
use crate::source;

use super::{Exit, terminal};

/// Judge traffic as it flows
///
/// Captures on an interface, or reads a capture that arrives on standard input, follows every TCP flow, and
/// says while it happens when an end or a box on the path does not agree on the window scale. On a terminal it
/// shows a table that refreshes every second, with the findings under it; elsewhere it prints one line per
/// finding and per flow that is over. The report comes at the end in any case.
///
/// Only headers are captured (128 bytes of each frame). Privileges are given up as soon as the capture is
/// open: root becomes the user who called sudo, else nobody, and every capability is dropped.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are the switches of the command line")]
#[command(after_help = "See `wscale live --help` for examples.", after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which frames to judge, in tcpdump's syntax; or - to read a capture from standard input
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    /// Interface to capture on, any for all
    #[arg(short, long, value_name = "IFACE", help_heading = "Capture")]
    interface: Option<String>,

    /// List the interfaces with addresses and states, and exit
    #[arg(short = 'D', long, help_heading = "Capture")]
    list_interfaces: bool,

    /// Bytes to take of each frame
    #[arg(short, long, value_name = "BYTES", default_value_t = 128, value_parser = clap::value_parser!(u32).range(68..=262_144), help_heading = "Capture")]
    snaplen: u32,

    /// Room for frames that wait to be judged, in MiB
    #[arg(short = 'B', long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = "Capture")]
    buffer: u32,

    /// Capture also what is not meant for this host (a mirror port)
    #[arg(long, help_heading = "Capture")]
    promiscuous: bool,

    /// Become this user once the capture is open
    #[arg(short = 'Z', long, value_name = "NAME", help_heading = "Capture")]
    user: Option<String>,

    /// Do not ask the kernel for the shifts of this host's own connections (it needs no privileges)
    #[arg(long, help_heading = "Capture")]
    no_kernel: bool,

    /// End after this time: 30s, 5m, 2h
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "End")]
    duration: Option<Duration>,

    /// End after this many frames
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "End")]
    count: Option<u64>,

    /// End at the first problem
    #[arg(long, help_heading = "End")]
    until_finding: bool,

    /// Follow at most this many flows at once; the one that was silent for longest is judged and goes
    ///
    /// A flow takes about 4 KiB while it has few frames, and never more than 26 KiB. The report at the end lists
    /// the 2,000 worst and busiest of the flows that are over, and counts the others.
    #[arg(long, value_name = "N", default_value_t = 20_000, help_heading = "Memory")]
    max_flows: usize,

    /// A flow is over after this time without a frame
    ///
    /// By the clock of the capture; behind frames of the last minute also by this host's, so that a flow ends when
    /// nothing comes any more.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time, help_heading = "Memory")]
    idle: Duration,

    /// Save what is captured as pcap
    #[arg(short, long, value_name = "FILE", help_heading = "Evidence")]
    write: Option<PathBuf>,

    /// Save one small pcap per flow with a problem: its handshake, the frames that prove it, and some around them
    ///
    /// An excerpt of at most some 600 frames: enough that `wscale analyze` finds the same, as a rule. What the
    /// kernel of this host said is not in it.
    #[arg(long, value_name = "DIR", help_heading = "Evidence")]
    write_findings: Option<PathBuf>,

    /// How to print
    #[arg(long, default_value = "text", value_parser = PossibleValuesParser::new(FORMATS.map(|format| format.name)), help_heading = "Output")]
    format: String,

    /// Show this many flows in the table of the report, worst first
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Output")]
    top: usize,

    /// Serve counters for Prometheus at http://ADDR/metrics; a port alone is served to this host only
    #[arg(long, value_name = "ADDR", value_parser = metrics::address, help_heading = "Output")]
    metrics: Option<SocketAddr>,

    /// When to use colour
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    color: terminal::Color,
}

const EXAMPLES: &str = "\
Examples:
  sudo wscale live -i eth0 'port 443'
      Watch flows and findings; q or Ctrl-C ends it and prints the report.
  sudo wscale live -i any --until-finding --write-findings evidence/
      Wait for the first problem and keep the frames that prove it.
  sudo wscale live -i eth0 --duration 10m --format jsonl > findings.jsonl
      One JSON object per finding and per flow, written as they come.
  sudo wscale live -i eth0 --format jsonl --metrics 9464 > /var/log/wscale.jsonl
      Count flows by verdict and findings by code for Prometheus.
  ssh gateway tcpdump -U -s 128 -w - tcp | wscale live -
      Judge what another host sees, as it arrives.

Without root:
  sudo adduser USER wscale
      With the Debian package: members of this group may capture, from their next login on.
  sudo setcap cap_net_raw=ep /path/to/wscale
      Without it: any user who may execute this file can then capture.
  The capability is dropped once the capture is open.

Drops:
  Frames that the kernel or the interface dropped are counted and shown. Verdicts that missing frames could
  fake are weakened, and say so. A larger --buffer or a narrower FILTER helps.

Exit status:
  0  the capture ended: by its limits, by q, by SIGINT or SIGTERM, or because nobody reads the output any more
  2  error: usage, no permission, no such interface, or the capture broke off (the report is still printed)";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.list_interfaces { list_interfaces() } else { start::run(args) }
}

fn list_interfaces() -> anyhow::Result<Exit> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let interfaces = source::interfaces()?;
    let width = interfaces.iter().map(|interface| interface.name.len()).max().unwrap_or(0);
    for interface in interfaces {
        let addresses: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
        let mut line = format!("{:width$}  {}", interface.name, interface.states.join(", "));
        for more in [addresses.join(", "), interface.description.unwrap_or_default()] {
            if !more.is_empty() {
                line.push_str("  ");
                line.push_str(&more);
            }
        }
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// `90`, `90s`, `5m`, `2h`.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().find(|(_, c)| c.is_ascii_alphabetic()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds: f64 = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time is a number and s, m or h: 30s, 5m, 2h".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "a time is a number and s, m or h: 30s, 5m, 2h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "m", "-1s", "5 days", "1d"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
