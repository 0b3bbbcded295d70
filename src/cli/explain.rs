//! `wscale explain [CODE]`: what a rule means.

use std::io::{self, Write};

use crate::detect::{RULES, Rule, rule};

use super::{Exit, terminal};

/// Explain a rule; without CODE, list the rules
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wscale explain\n  wscale explain WS001")]
pub(crate) struct Args {
    /// Code or name of a rule, for example WS001
    code: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let width = terminal::width().min(100);
    match &args.code {
        None => list(&mut out)?,
        Some(code) => {
            let Some(rule) = rule(code) else {
                anyhow::bail!("no rule '{code}'\nhint: `wscale explain` lists the rules");
            };
            explain(&mut out, rule, width)?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let name = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in RULES {
        writeln!(out, "{}  {:7}  {:name$}  {}", rule.code, rule.severity.name(), rule.name, rule.summary)?;
    }
    Ok(())
}

fn explain(out: &mut dyn Write, rule: &Rule, width: usize) -> io::Result<()> {
    writeln!(out, "{} {} ({})\n{}", rule.code, rule.name, rule.severity.name(), rule.summary)?;
    for (heading, text) in rule.explanation.sections() {
        writeln!(out, "\n{heading}")?;
        for line in
            textwrap::wrap(text, textwrap::Options::new(width).initial_indent("  ").subsequent_indent("  "))
        {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
