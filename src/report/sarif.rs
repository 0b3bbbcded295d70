//! `--format sarif`: SARIF 2.1.0, for code scanning and editors.
//!
//! Every rule stands in the document with its explanation, every capture as an artifact. What the baseline
//! accepts is a suppressed result, what the policy tolerates is no error. The document is held until its end.

mod model;

use std::io::{self, Write};

use crate::detect::{Confidence, Finding, RULES, Severity};

use super::plain_json;

use super::{
    CaptureReport, Expected, Fault, FlowReport, Format, Needs, Outcome, Printer, REQUIREMENTS, Standing,
    Unmet,
};
use model::{
    Artifact, Configuration, Document, Driver, Fingerprints, Help, Invocation, Location, Notification,
    Physical, Properties, Region, ReportingDescriptor, ResultObject, Run, Suppression, Text, Tool, Uri,
};

pub(super) static FORMAT: Format = Format {
    name: "sarif",
    summary: "SARIF 2.1.0, for code scanning",
    needs: |_| Needs::Worst(0),
    printer: |_| Box::new(Sarif::default()),
};

#[derive(Default)]
struct Sarif {
    artifacts: Vec<Artifact>,
    results: Vec<ResultObject>,
}

impl Printer for Sarif {
    fn capture(&mut self, _: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        let index = self.artifacts.len();
        self.artifacts.push(Artifact::new(&report.source));
        for flow in &report.flows {
            for (finding, standing) in flow.findings() {
                let mut result = found(flow, finding, standing);
                result.locations = vec![location(&report.source, index)];
                self.results.push(result);
            }
        }
        for expected in report.expected.iter().flatten() {
            for miss in &expected.unmet {
                let mut result = unmet(expected, miss);
                result.locations = vec![location(&report.source, index)];
                self.results.push(result);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let stale = outcome.check.iter().flat_map(|check| &check.stale);
        let invocation = Invocation {
            execution_successful: outcome.errors.is_empty(),
            tool_execution_notifications: outcome
                .errors
                .iter()
                .map(|error| Notification { level: "error", message: Text::new(error) })
                .chain(stale.map(|entry| Notification {
                    level: "warning",
                    message: Text::new(format!("stale in the baseline: {entry}")),
                }))
                .collect(),
        };
        let driver = Driver { name: "wscale", version: env!("CARGO_PKG_VERSION"), rules: rules() };
        let run = Run {
            tool: Tool { driver },
            invocations: vec![invocation],
            artifacts: std::mem::take(&mut self.artifacts),
            results: std::mem::take(&mut self.results),
        };
        writeln!(out, "{}", plain_json::pretty(&Document::new(run))?)
    }
}

fn rules() -> Vec<ReportingDescriptor> {
    let rules = RULES.iter().map(|rule| {
        let section = |heading: &str, body: &str, mark: &str| format!("{mark}{heading}\n\n{body}");
        let help = |mark: &str| {
            let sections = rule.explanation.sections();
            sections.map(|(heading, body)| section(heading, body, mark)).join("\n\n")
        };
        ReportingDescriptor {
            id: rule.code,
            name: rule.name,
            short_description: Text::new(rule.summary),
            full_description: Text::new(rule.explanation.meaning),
            help: Help { text: help(""), markdown: help("### ") },
            default_configuration: Configuration { level: level(rule.severity) },
        }
    });
    let requirements = REQUIREMENTS.iter().map(|requirement| ReportingDescriptor {
        id: requirement.name,
        name: requirement.name,
        short_description: Text::new(requirement.summary),
        full_description: Text::new(requirement.summary),
        help: Help { text: requirement.help.to_owned(), markdown: requirement.help.to_owned() },
        default_configuration: Configuration { level: "error" },
    });
    rules.chain(requirements).collect()
}

fn found(flow: &FlowReport, finding: &Finding, standing: Option<Standing>) -> ResultObject {
    let rule = finding.rule;
    let level = match standing {
        Some(Standing::Fails) => "error",
        Some(Standing::Tolerated) if rule.severity > Severity::Note => "warning",
        Some(Standing::Tolerated) => "note",
        Some(Standing::Accepted) | None => level(rule.severity),
    };
    let accepted = Suppression { kind: "external", justification: "accepted by the baseline" };
    ResultObject {
        rule_id: rule.code,
        rule_index: RULES.iter().position(|other| other.code == rule.code),
        level,
        message: Text::new(format!("{}: {}. Next: {}", flow.name(), finding.message(), finding.next)),
        locations: Vec::new(),
        partial_fingerprints: Fingerprints { fault: Fault::of(flow, finding).to_string() },
        suppressions: (standing == Some(Standing::Accepted)).then(|| vec![accepted]),
        rank: match finding.confidence {
            Confidence::Possible => 20.0,
            Confidence::Likely => 70.0,
            Confidence::Proven => 100.0,
        },
        properties: Properties {
            flow: flow.index,
            verdict: Some(flow.verdict.name()),
            confidence: Some(finding.confidence.name()),
            frames: finding.frames.iter().map(|frame| frame.number).collect(),
        },
    }
}

fn unmet(expected: &Expected, miss: &Unmet) -> ResultObject {
    let requirement = expected.requirement;
    let position = REQUIREMENTS.iter().position(|other| other.name == requirement.name);
    ResultObject {
        rule_id: requirement.name,
        rule_index: position.map(|position| RULES.len() + position),
        level: "error",
        message: Text::new(format!("flow {}: {}: {}", miss.flow, expected.wording, miss.message)),
        locations: Vec::new(),
        partial_fingerprints: Fingerprints { fault: format!("{}:{}", expected.wording, miss.message) },
        suppressions: None,
        rank: 100.0,
        properties: Properties { flow: miss.flow, verdict: None, confidence: None, frames: Vec::new() },
    }
}

/// A capture has no lines; code scanning wants one all the same.
fn location(source: &str, index: usize) -> Location {
    let artifact_location = Uri::new(source, Some(index));
    Location { physical_location: Physical { artifact_location, region: Region { start_line: 1 } } }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Problem => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
