//! What a policy makes of the reports. The policy fills it in, the formats print it.

use crate::units;

/// What a policy makes of one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It fails the check.
    Fails,
    /// It would, but the baseline accepts it.
    Accepted,
    /// It is below the threshold.
    Tolerated,
}

impl Standing {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Accepted => "accepted",
            Self::Tolerated => "tolerated",
        }
    }
}

/// A kind of expectation.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its name, that of the option.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What to do where it is not met.
    pub help: &'static str,
}

/// All kinds of expectations.
pub static REQUIREMENTS: [Requirement; 3] = [
    Requirement {
        name: "require-scaling",
        summary: "every flow uses window scaling",
        help: "Both the SYN and the SYN-ACK must carry the option, as seen at this capture point (RFC 7323 §2.2). \
            Check net.ipv4.tcp_window_scaling on both hosts; if both offer it, a box in between removes it: \
            capture on its other side. A flow whose handshake was not captured is not judged.",
    },
    Requirement {
        name: "min-shift",
        summary: "both sides of every flow offer at least this shift",
        help: "The shift follows from the largest receive buffer (on Linux tcp_rmem and net.core.rmem_max), from \
            SO_RCVBUF where the application sets it, and from the window of the route. A side whose SYN was not \
            captured is not judged.",
    },
    Requirement {
        name: "expect-verdict",
        summary: "every flow has one of these verdicts",
        help: "`wscale analyze` on the capture shows the evidence for the verdict. A flow with too little data is \
            `unproven`: record a transfer that is larger than the raw window.",
    },
];

/// A flow that does not meet an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Index of the flow.
    pub flow: u64,
    /// What it is instead.
    pub message: String,
}

/// One expectation, held against one capture.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its kind.
    pub requirement: &'static Requirement,
    /// The whole of it in words.
    pub wording: String,
    /// The filter that picks its flows.
    pub flows: Option<String>,
    /// How many flows it was held against.
    pub judged: u64,
    /// Those that do not meet it.
    pub unmet: Vec<Unmet>,
}

/// What is known when the last capture has been judged.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What could not be opened, read to its end or judged.
    pub errors: Vec<String>,
    /// The result of the check, `None` without a policy.
    pub check: Option<CheckSummary>,
}

/// The result of a check.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CheckSummary {
    /// Captures that were judged.
    pub captures: u64,
    /// Their flows.
    pub flows: u64,
    /// Findings that fail it.
    pub failing_findings: u64,
    /// Expectations that are not met, counted once per capture.
    pub failing_expectations: u64,
    /// Findings that the baseline accepts.
    pub accepted_findings: u64,
    /// Entries of the baseline that nothing matched.
    pub stale: Vec<String>,
}

impl CheckSummary {
    /// Whether anything fails.
    pub fn failed(&self) -> bool {
        self.failing_findings + self.failing_expectations > 0
    }
}

impl Outcome {
    /// The numbers in one line; empty without a policy.
    pub fn summary(&self) -> String {
        let Some(check) = &self.check else { return String::new() };
        let mut parts = vec![
            units::count(check.captures, "capture"),
            units::count(check.flows, "flow"),
            units::count(check.failing_findings, "failing finding"),
        ];
        let more = [
            (check.failing_expectations, "unmet expectation"),
            (check.accepted_findings, "accepted finding"),
            (self.errors.len() as u64, "error"),
        ];
        for (number, thing) in more.into_iter().filter(|(number, _)| *number > 0) {
            parts.push(units::count(number, thing));
        }
        if !check.stale.is_empty() {
            parts.push(format!("{} stale in the baseline", check.stale.len()));
        }
        parts.join(", ")
    }
}
