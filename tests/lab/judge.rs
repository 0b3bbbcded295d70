//! What wscale says about a capture, compared with what it must say.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::scenario::Expectation;

/// What wscale said about the one flow of a capture.
pub(crate) struct Verdict {
    pub(crate) verdict: String,
    pub(crate) findings: Vec<Finding>,
}

/// One finding, in the words of the manifest.
pub(crate) struct Finding {
    code: String,
    window_of: String,
    place: String,
    severity: String,
    confidence: String,
}

impl Verdict {
    /// Asks wscale.
    pub(crate) fn of(capture: &Path) -> Result<Self> {
        let output = Command::new(env!("CARGO_BIN_EXE_wscale"))
            .args(["analyze", "--format", "json"])
            .arg(capture)
            .output()
            .context("cannot run wscale")?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("wscale: {}: {}", output.status, why.lines().next().unwrap_or_default());
        }
        let report: Value = serde_json::from_slice(&output.stdout).context("wscale's JSON")?;
        let flows = report.pointer("/captures/0/flows").and_then(Value::as_array).context("no flows")?;
        ensure!(flows.len() == 1, "{} flows instead of one", flows.len());
        let flow = flows.first().context("no flow")?;
        let findings = flow.get("findings").and_then(Value::as_array).context("no findings")?;
        Ok(Self::new(flow, findings))
    }

    /// A flow and its findings, as JSON.
    pub(crate) fn new<'a>(flow: &Value, findings: impl IntoIterator<Item = &'a Value>) -> Self {
        let findings = findings.into_iter().map(Finding::read).collect();
        Self { verdict: text(flow, "verdict"), findings }
    }

    /// What is wrong with it, if anything.
    pub(crate) fn complaint(&self, expected: &Expectation) -> Option<String> {
        let mut wrong = Vec::new();
        if !words(expected.verdicts).any(|verdict| verdict == self.verdict) {
            wrong.push(format!("verdict {} is not {}", self.verdict, expected.verdicts));
        }
        for must in words(expected.must) {
            if !self.findings.iter().any(|finding| finding.matches(must)) {
                wrong.push(format!("{must} is missing"));
            }
        }
        wrong.extend(
            self.accusations(expected).map(|finding| format!("{} is uncalled for", finding.describe())),
        );
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }

    /// True when it accuses where nothing may be accused: no second run makes that good.
    pub(crate) fn is_false_alarm(&self, expected: &Expectation) -> bool {
        let accuses = ["stripped", "blocked", "suspect"].contains(&self.verdict.as_str());
        let must_not =
            !words(expected.verdicts).any(|verdict| ["stripped", "blocked", "suspect"].contains(&verdict));
        accuses && must_not || self.accusations(expected).next().is_some()
    }

    /// One cell of the table.
    pub(crate) fn describe(&self) -> String {
        let findings: Vec<String> = self.findings.iter().map(Finding::describe).collect();
        format!("{} {}", self.verdict, findings.join(" "))
    }

    /// Problems and warnings that the expectation does not name.
    fn accusations(&self, expected: &Expectation) -> impl Iterator<Item = &Finding> {
        let named: Vec<&str> = words(expected.must).chain(words(expected.may)).collect();
        self.findings
            .iter()
            .filter(|finding| finding.severity != "note")
            .filter(move |finding| !named.iter().any(|name| name.starts_with(&finding.code)))
    }
}

impl Finding {
    pub(crate) fn read(finding: &Value) -> Self {
        Self {
            code: text(finding, "code"),
            window_of: text(finding, "window_of"),
            place: text(finding, "box"),
            severity: text(finding, "severity"),
            confidence: text(finding, "confidence"),
        }
    }

    /// Whether it is `CODE[:window_of[:box]]`.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        let mine = [&self.code, &self.window_of, &self.place];
        pattern.split(':').zip(mine).all(|(wanted, have)| wanted == have)
    }

    pub(crate) fn is_problem(&self) -> bool {
        self.severity == "problem"
    }

    fn describe(&self) -> String {
        if self.severity == "note" {
            return self.code.clone();
        }
        format!("{}:{}:{}({})", self.code, self.window_of, self.place, self.confidence)
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or("-").to_owned()
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|word| !word.is_empty())
}
