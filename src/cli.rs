//! The command line: one file per command, arguments in, exit status out.

mod analyze;
mod capture;
mod check;
mod compare;
mod completions;
mod details;
mod explain;
mod inputs;
mod live;
mod man;
mod new_file;
mod outputs;
mod plot;
mod terminal;
mod windows;
mod workarounds;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::source;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// `check` found something that fails it.
    Failed,
    /// An input could not be opened or not be read to its end; said on standard error.
    Incomplete,
}

/// Diagnose TCP window scaling (RFC 7323) from packets: who broke it, on which side of the capture, what it
/// costs, and what to do about it.
#[derive(Debug, Parser)]
#[command(name = "wscale", version = env!("WSCALE_VERSION"), propagate_version = true, max_term_width = 100)]
#[command(after_help = MANUAL)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const MANUAL: &str = "\
Examples:
  wscale analyze slow-download.pcap
  sudo wscale live -i eth0 'port 443'
  wscale check traces/
  wscale explain WS001

Exit status:
  0  done; check: judged, and nothing fails
  1  check: something fails
  2  error: usage, an input that cannot be opened, or one not read to its end
     (the report on the part that was read is still printed)";

#[derive(Debug, Subcommand)]
enum Command {
    Analyze(analyze::Args),
    Check(Box<check::Args>),
    Compare(compare::Args),
    Completions(completions::Args),
    Explain(explain::Args),
    Live(live::Args),
    Man(man::Args),
    Plot(plot::Args),
    Windows(windows::Args),
    Workarounds(workarounds::Args),
}

/// Parses `arguments`, runs the command that they name and returns the process's exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is no error, and there is nobody to tell about another.
            let _ = error.print();
            if error.kind() == ErrorKind::DisplayVersion {
                let _ = print_libpcap();
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match &cli.command {
        Command::Analyze(args) => analyze::run(args),
        Command::Check(args) => check::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Live(args) => live::run(args),
        Command::Man(args) => man::run(args),
        Command::Plot(args) => plot::run(args),
        Command::Windows(args) => windows::run(args),
        Command::Workarounds(args) => workarounds::run(args),
    };
    match outcome {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Ok(Exit::Incomplete) => ExitCode::from(2),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::from(2)
        }
    }
}

/// What reads the captures is part of the version: reports of faults are about both.
fn print_libpcap() -> io::Result<()> {
    let mut out = io::stdout().lock();
    match source::libpcap() {
        Some((version, file)) => writeln!(out, "libpcap {version} ({file})"),
        None => writeln!(out, "libpcap of unknown version"),
    }
}

/// The reader of the output went away (`wscale ... | head`): that is success.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(broken)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
