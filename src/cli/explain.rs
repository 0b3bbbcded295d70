//! `wscale explain [CODE]`.

use super::Exit;

/// Print the explanation of a rule; without CODE, list the rules.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Code of a rule, for example WS001
    code: Option<String>,
}

pub(crate) fn run(_args: &Args) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
