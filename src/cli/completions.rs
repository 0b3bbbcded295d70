//! `wscale completions SHELL`: what a shell needs to complete commands, options and their values.
//!
//! Made from the definitions that `--help` prints, so that it cannot lag behind them.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit};

/// Print the completions for a shell
///
/// Packages install them; by hand, the file goes to where the shell looks for it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  wscale completions bash > ~/.local/share/bash-completion/completions/wscale
  wscale completions fish > ~/.config/fish/completions/wscale.fish
  sudo sh -c 'wscale completions zsh > /usr/local/share/zsh/site-functions/_wscale'
  wscale completions powershell >> $PROFILE";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    // The generator panics when its writer fails, and a closed pipe is no panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wscale", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
