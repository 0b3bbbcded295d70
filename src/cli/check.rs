//! `wscale check FILE...`: the gate for CI.

mod compared;
mod expectations;
mod settings;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::detect::{Confidence, Verdict};
use crate::policy::{self, Baseline, FailOn, Policy};
use crate::report::{CaptureReport, Outcome};

use super::inputs::{Inputs, Judged};
use super::new_file::NewFile;
use super::outputs::{Look, OnBrokenPipe, Outputs};
use super::{Exit, terminal};
use expectations::Expectations;
use settings::Settings;

/// Judge saved captures against a policy: the gate for CI
///
/// Judges captures as `wscale analyze` does, and fails when a finding is as bad and as sure as the policy says,
/// or when a flow is not what it is expected to be. The policy comes from the command line and, below it, from
/// the file .wscale.toml of the working directory or of the nearest directory above.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS, after_long_help = MANUAL)]
#[command(mut_arg("files", |files| files.required(false).required_unless_present("compare")))]
pub(crate) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Compare captures from both sides of a box, as `wscale compare` does, and fail on what it finds
    ///
    /// A comparison is printed as text or json only.
    #[arg(long, value_names = ["CLIENT", "SERVER"], num_args = 2.., help_heading = "Input")]
    #[arg(conflicts_with_all = ["files", "join", "baseline", "write_baseline", "output", "top", "all"])]
    compare: Vec<String>,

    /// What fails: problem, warning, note or never, and rules by code; several with commas [default: problem]
    #[arg(long, value_name = "WHAT", value_parser = fail_on, help_heading = "Policy")]
    fail_on: Option<FailOn>,

    /// How sure a finding must be to fail: possible, likely or proven [default: likely]
    #[arg(long, value_name = "CONFIDENCE", value_parser = policy::confidence, help_heading = "Policy")]
    min_confidence: Option<Confidence>,

    /// Accept the findings in this file
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    baseline: Option<PathBuf>,

    /// Accept all that fails now, and write it to this file
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    write_baseline: Option<PathBuf>,

    /// Accept captures, and expectations, with nothing to judge
    #[arg(long, help_heading = "Policy")]
    allow_empty: bool,

    /// Read the policy from this file instead of .wscale.toml
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    config: Option<PathBuf>,

    /// Read no policy file
    #[arg(long, conflicts_with = "config", help_heading = "Policy")]
    no_config: bool,

    #[command(flatten)]
    expectations: Expectations,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    look: Look,
}

const EXIT_STATUS: &str = "\
Exit status: 0 judged and clean, 1 something fails, 2 error or incomplete input; 2 wins over 1";

const MANUAL: &str = "\
Policy file (.wscale.toml): the options without their dashes as keys, [[expect]] for flows that match
  fail-on = [\"problem\", \"WS101\"]
  min-confidence = \"likely\"
  baseline = \"wscale-baseline.toml\"
  require-scaling = true
  [[expect]]
  flows = \"port 443\"
  min-shift = 7
  expect-verdict = \"healthy,unproven\"
The command line goes before the file; an expectation replaces those of its kind in the file.

Baseline: names faults by rule, window, side of the box, shift and server, not by ports or times, so that a
new recording of the same fault is accepted. Entries that nothing matches are reported as stale.

Examples:
  wscale check traces/
  wscale check --fail-on warning --require-scaling --flows 'port 443' traces/*.pcap
  wscale check --format github --format junit -o wscale.xml --format sarif -o wscale.sarif traces/
  wscale check --compare client.pcap server.pcap
  wscale check --write-baseline wscale-baseline.toml traces/
  wscale check --baseline wscale-baseline.toml traces/

Exit status:
  0  every capture was judged, and nothing fails
  1  a finding fails, or an expectation is not met
  2  error: usage, an input that cannot be opened or not be read to its end, or nothing to judge in it (the
     report on what was read is still printed); 2 wins over 1";

fn fail_on(words: &str) -> Result<FailOn, String> {
    FailOn::parse(words.split(','))
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let Settings { mut policy, allow_empty } = Settings::new(args)?;
    if !args.compare.is_empty() {
        return compared::run(args, &policy, allow_empty);
    }
    let mut reports = args.outputs.open(&args.look, OnBrokenPipe::GoOn)?;
    let mut outcome = Outcome::default();
    let selectors = policy.selectors().to_vec();
    if args.write_baseline.is_some() {
        policy.accept_all();
    }
    let mut judged_any = false;
    args.inputs.judge_selected(&selectors, &mut |Judged { report, error }| {
        let readable = error.is_none();
        outcome.errors.extend(error.as_ref().map(said));
        let Some(mut report) = report else { return Ok(()) };
        if readable && !allow_empty && !is_judged(&report) {
            outcome.errors.push(said(&nothing_to_judge(&report)));
        }
        judged_any = true;
        policy.judge(&mut report);
        reports.capture(&report)
    })?;
    if !allow_empty && judged_any {
        let vacuous = policy.vacuous().map(|wording| {
            said(&anyhow::anyhow!("{wording}: no flow to hold it against\nhint: --allow-empty accepts that"))
        });
        outcome.errors.extend(vacuous);
    }
    let complete = outcome.errors.is_empty();
    match &args.write_baseline {
        Some(path) if complete => write_baseline(path, &policy)?,
        Some(path) => terminal::say(&format!("'{}' is not written: the input is incomplete", path.display())),
        None => {}
    }
    outcome.check = Some(policy.summary(complete));
    reports.finish(&outcome)?;
    if !args.outputs.uses_stdout() && (!outcome.errors.is_empty() || failed(&outcome)) {
        terminal::say(&outcome.summary());
    }
    Ok(exit(&outcome))
}

fn exit(outcome: &Outcome) -> Exit {
    match (outcome.errors.is_empty(), failed(outcome)) {
        (false, _) => Exit::Incomplete,
        (true, true) => Exit::Failed,
        (true, false) => Exit::Done,
    }
}

fn write_baseline(path: &Path, policy: &Policy) -> anyhow::Result<()> {
    let text = Baseline::text(policy.known()).map_err(anyhow::Error::msg)?;
    let mut file = NewFile::create(path)?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write '{}'", path.display()))?;
    file.finish()
}

fn failed(outcome: &Outcome) -> bool {
    outcome.check.as_ref().is_some_and(crate::report::CheckSummary::failed)
}

/// Says an error, and keeps its first line for the report.
fn said(error: &anyhow::Error) -> String {
    terminal::complain(error);
    let text = format!("{error:#}");
    text.split("\nhint: ").next().unwrap_or(&text).to_owned()
}

/// A capture in which every flow is unknown says nothing about window scaling.
fn is_judged(report: &CaptureReport) -> bool {
    report.flows.iter().any(|flow| flow.verdict != Verdict::Unknown)
}

fn nothing_to_judge(report: &CaptureReport) -> anyhow::Error {
    let source = &report.source;
    match report.flows.len() {
        0 => anyhow::anyhow!(
            "nothing to judge in '{source}': it holds no TCP flow\nhint: --allow-empty accepts that"
        ),
        _ => anyhow::anyhow!(
            "nothing to judge in '{source}': no handshake was captured in full\nhint: record from before the connections begin, or accept it with --allow-empty"
        ),
    }
}
