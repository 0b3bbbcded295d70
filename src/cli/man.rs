//! `wscale man [COMMAND]`: the manual pages.
//!
//! Made from the definitions that `--help` prints, so that they cannot lag behind them. What stands under the
//! options there (examples, exit status) becomes sections of the page.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::new_file::NewFile;
use super::{Cli, Exit};

/// The day of the version in Cargo.toml: a page without a date is no page, and one that changes with the day of
/// the build cannot be built twice.
const RELEASED: &str = "2026-11-22";

/// Print the manual pages
///
/// One page for wscale and one per command: wscale.1, wscale-analyze.1 and so on.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The command whose page is printed; without it, the page of wscale
    #[arg(value_name = "COMMAND")]
    command: Option<String>,

    /// Write all pages to this directory, which must exist
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  wscale man live | man -l -
  wscale man --output /usr/local/share/man/man1";

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let wscale = built();
    if let Some(folder) = &args.output {
        for command in std::iter::once(&wscale).chain(wscale.get_subcommands()) {
            write(folder, command)?;
        }
        return Ok(Exit::Done);
    }
    let command = match &args.command {
        None => &wscale,
        Some(name) => wscale
            .find_subcommand(name)
            .with_context(|| format!("no command '{name}'\nhint: `wscale --help` lists the commands"))?,
    };
    io::stdout().lock().write_all(page(command)?.as_bytes())?;
    Ok(Exit::Done)
}

/// All definitions, with the full names of the commands.
fn built() -> Command {
    let mut wscale = Cli::command().disable_help_subcommand(true);
    wscale.build();
    wscale
}

fn write(folder: &Path, command: &Command) -> anyhow::Result<()> {
    let mut file = NewFile::create(&folder.join(Man::new(command.clone()).get_filename()))?;
    file.write_all(page(command)?.as_bytes())?;
    file.finish()
}

fn page(command: &Command) -> io::Result<String> {
    let version = concat!("wscale ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).date(RELEASED).source(version).manual("wscale manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let more = command.get_after_long_help().or_else(|| command.get_after_help());
    sections(&more.map(ToString::to_string).unwrap_or_default()).to_writer(&mut page)?;
    // The list of possible values is set off by a line break on both sides of an empty line, of which formatters
    // complain: the empty line alone is enough.
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    Ok(page.replace("\n.br\n\n.br\n", "\n.sp\n"))
}

/// The text under the options. A paragraph under a heading is a section; one with indented lines keeps its lines.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in text.split("\n\n") {
        let body = if let Some((heading, body)) = headed(paragraph) {
            roff.control("SH", [heading.to_uppercase().as_str()]);
            body
        } else {
            roff.control("PP", []);
            paragraph
        };
        let has_layout = body.lines().any(|line| line.starts_with(' '));
        if has_layout {
            roff.control("nf", []);
        }
        let is_indented = body.lines().all(|line| line.starts_with("  "));
        for line in body.lines() {
            roff.text([roman(line.get(if is_indented { 2 } else { 0 }..).unwrap_or(line))]);
        }
        if has_layout {
            roff.control("fi", []);
        }
    }
    roff
}

/// A heading on a line of its own, or `Exit status:` in one line, and what stands under it.
fn headed(paragraph: &str) -> Option<(&str, &str)> {
    let first = paragraph.lines().next()?;
    let heading =
        first.strip_suffix(':').filter(|heading| heading.chars().all(|c| c.is_alphabetic() || c == ' '));
    match heading {
        Some(heading) => Some((heading, paragraph.get(first.len() + 1..)?)),
        None => Some(("Exit status", paragraph.strip_prefix("Exit status: ")?)),
    }
}
