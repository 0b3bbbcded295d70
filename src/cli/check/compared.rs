//! `wscale check --compare CLIENT SERVER`: the gate on a comparison.

use crate::compare::{Comparison, Finding};
use crate::detect::rule;
use crate::policy::Policy;
use crate::report::{CheckSummary, Outcome};

use super::{Args, exit, said};
use crate::cli::{Exit, compare, is_broken_pipe};

pub(super) fn run(args: &Args, policy: &Policy, allow_empty: bool) -> anyhow::Result<Exit> {
    if !args.expectations.0.is_empty() {
        anyhow::bail!(
            "expectations are about one capture\nhint: `wscale check FILE` for each, beside --compare"
        );
    }
    // Before anything is read: nobody waits for a refusal.
    let format = compare::format(args.outputs.only_format()?)?;
    let mut outcome = Outcome::default();
    let mut incomplete = |error: &anyhow::Error| outcome.errors.push(said(error));
    let comparison = compare::compared(&args.compare, args.inputs.filter(), &mut incomplete)?;
    // What compares nothing must not look clean.
    let empty = comparison.legs.iter().filter(|leg| leg.pairs.is_empty());
    for leg in empty.filter(|_| !allow_empty) {
        let (client, server) = (&leg.labels.client, &leg.labels.server);
        incomplete(&anyhow::anyhow!(
            "nothing to compare: no flow of '{client}' is in '{server}'\nhint: --allow-empty accepts that"
        ));
    }
    outcome.check = Some(summary(&comparison, policy));
    match compare::print(&comparison, Some(&outcome), format, args.look.is_colored()) {
        // The reader went away: the exit status is the result.
        Err(error) if !is_broken_pipe(&error) => return Err(error),
        _ => {}
    }
    Ok(exit(&outcome))
}

/// The flows are those that were found in neighbouring captures.
fn summary(comparison: &Comparison, policy: &Policy) -> CheckSummary {
    let fails =
        |finding: &&Finding| rule(finding.code).is_some_and(|rule| policy.fails(rule, finding.confidence));
    CheckSummary {
        captures: comparison.captures.len() as u64,
        flows: comparison.legs.iter().map(|leg| leg.pairs.len() as u64).max().unwrap_or(0),
        failing_findings: comparison.findings().filter(fails).count() as u64,
        ..CheckSummary::default()
    }
}
