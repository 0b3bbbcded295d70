//! `--format junit`: JUnit XML, a suite per capture, a test case per flow and expectation.
//!
//! Without a policy the findings that are problems fail. The document is held until its end, because its head
//! counts what follows.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::detect::{Finding, Severity};
use crate::units::visible;

use super::{CaptureReport, Expected, FlowReport, Format, Needs, Outcome, Printer, Standing};

pub(super) static FORMAT: Format = Format {
    name: "junit",
    summary: "JUnit XML: a test case per flow and expectation",
    needs: |_| Needs::All,
    printer: |_| Box::new(Junit { report: Report::new("wscale") }),
};

struct Junit {
    report: Report,
}

impl Printer for Junit {
    fn capture(&mut self, _: &mut dyn Write, report: &CaptureReport) -> io::Result<()> {
        let source = visible(&report.source);
        let mut suite = TestSuite::new(source.as_ref());
        let cases = report.flows.iter().map(flow).chain(report.expected.iter().flatten().map(expected));
        suite.add_test_cases(cases.map(|mut case| {
            case.set_classname(source.as_ref());
            case
        }));
        self.report.add_test_suite(suite);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let errors = outcome.errors.iter().map(|error| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("input").set_message(visible(error));
            TestCase::new(visible(error), status)
        });
        self.add("input", errors.collect());
        let stale = outcome.check.iter().flat_map(|check| &check.stale).map(|entry| {
            let mut status = TestCaseStatus::skipped();
            status.set_type("stale").set_message("nothing matched this entry: remove it");
            TestCase::new(visible(entry), status)
        });
        self.add("baseline", stale.collect());
        let document = self.report.to_string().map_err(io::Error::other)?;
        out.write_all(document.as_bytes())
    }
}

impl Junit {
    fn add(&mut self, suite: &str, cases: Vec<TestCase>) {
        if !cases.is_empty() {
            let mut suite = TestSuite::new(suite);
            suite.add_test_cases(cases);
            self.report.add_test_suite(suite);
        }
    }
}

fn flow(flow: &FlowReport) -> TestCase {
    let failing: Vec<&Finding> = flow
        .findings()
        .filter(|(finding, standing)| match standing {
            Some(standing) => *standing == Standing::Fails,
            None => finding.rule.severity == Severity::Problem,
        })
        .map(|(finding, _)| finding)
        .collect();
    let status = match failing.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let texts: Vec<String> = failing.iter().map(|finding| described(finding)).collect();
            failure(first.rule.code, &first.headline, &texts)
        }
    };
    let mut case = TestCase::new(flow.name(), status);
    case.set_system_out(format!("verdict: {}", flow.verdict.name()));
    case
}

fn described(finding: &Finding) -> String {
    let rule = finding.rule;
    format!(
        "{} {}, {}: {}\nnext: {}",
        rule.code,
        rule.name,
        finding.confidence.name(),
        finding.message(),
        finding.next
    )
}

fn expected(expected: &Expected) -> TestCase {
    let status = match expected.unmet.first() {
        Some(first) => {
            let flow = |unmet: &super::Unmet| format!("flow {}: {}", unmet.flow, unmet.message);
            let texts: Vec<String> = expected.unmet.iter().map(flow).collect();
            failure(expected.requirement.name, &flow(first), &texts)
        }
        None if expected.judged == 0 => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("no flow to hold it against");
            status
        }
        None => TestCaseStatus::success(),
    };
    TestCase::new(visible(&expected.wording), status)
}

fn failure(kind: &str, message: &str, texts: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(message).set_description(texts.join("\n"));
    status
}
