//! `wscale check --compare CLIENT SERVER`: the gate on a comparison.

use crate::compare::Finding;
use crate::detect::rule;
use crate::policy::Policy;

use super::Args;
use crate::cli::{Exit, compare, is_broken_pipe, terminal};

pub(super) fn run(args: &Args, policy: &Policy, allow_empty: bool) -> anyhow::Result<Exit> {
    if !args.expectations.0.is_empty() {
        anyhow::bail!(
            "expectations are about one capture\nhint: `wscale check FILE` for each, beside --compare"
        );
    }
    // Before anything is read: nobody waits for a refusal.
    let format = compare::format(args.outputs.only_format()?)?;
    let mut exit = Exit::Done;
    let comparison = compare::compared(&args.compare, args.inputs.filter(), &mut exit)?;
    // What compares nothing must not look clean.
    let empty = comparison.legs.iter().filter(|leg| leg.pairs.is_empty());
    for leg in empty.filter(|_| !allow_empty) {
        let (client, server) = (&leg.labels.client, &leg.labels.server);
        terminal::complain(&anyhow::anyhow!(
            "nothing to compare: no flow of '{client}' is in '{server}'\nhint: --allow-empty accepts that"
        ));
        exit = Exit::Incomplete;
    }
    match compare::print(&comparison, format, args.look.is_colored()) {
        // The reader went away: the exit status is the result.
        Err(error) if !is_broken_pipe(&error) => return Err(error),
        _ => {}
    }
    let fails =
        |finding: &Finding| rule(finding.code).is_some_and(|rule| policy.fails(rule, finding.confidence));
    Ok(match exit {
        Exit::Done if comparison.findings().any(fails) => Exit::Failed,
        exit => exit,
    })
}
