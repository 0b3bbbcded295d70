//! The command line: one file per command, arguments in, exit status out.

mod explain;
mod workarounds;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ended; see the exit status section of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `check`: judged and clean.
    Done,
}

#[derive(Debug, Parser)]
#[command(name = "wscale", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Args),
    Workarounds(workarounds::Args),
}

/// Parses `arguments`, runs the command that they name and returns the process's exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match &cli.command {
        Command::Explain(args) => explain::run(args),
        Command::Workarounds(args) => workarounds::run(args),
    };
    match outcome {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("wscale: {error:#}");
            ExitCode::from(2)
        }
    }
}
