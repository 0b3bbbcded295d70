//! The library on a capture in memory.

use std::net::IpAddr;

use wscale::detect::{Confidence, Verdict};
use wscale::flow::Side;
use wscale::pipeline::Analysis;
use wscale::report::{CaptureReport, FlowReport};
use wscale::source::{Error, Frame, LinkType, Source};

use super::capture::Capture;

/// What is said about one flow, without anything that a harmless change may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<(&'static str, Confidence, Option<Side>, Option<Side>)>,
}

impl Outcome {
    /// The verdict blames a box.
    pub(crate) fn accuses(&self) -> bool {
        matches!(self.verdict, Verdict::Stripped | Verdict::Blocked)
    }

    /// The verdict suspects nobody.
    pub(crate) fn is_clean(&self) -> bool {
        !self.accuses() && self.verdict != Verdict::Suspect
    }

    pub(crate) fn of(flow: &FlowReport) -> Self {
        let findings = flow.findings.iter();
        let findings = findings.map(|f| (f.rule.code, f.confidence, f.window_of, f.box_side)).collect();
        Self { verdict: flow.verdict, findings }
    }
}

/// The outcome of every flow; `None` when the link type cannot be decoded.
pub(crate) fn judge(capture: &Capture) -> Option<Vec<Outcome>> {
    judge_where(capture, |_| true)
}

/// The outcome of every flow, and how many segments there are.
pub(crate) fn judge_and_count(capture: &Capture) -> Option<(Vec<Outcome>, u64)> {
    let report = analyze(capture)?;
    Some((report.flows.iter().map(Outcome::of).collect(), report.segments))
}

fn analyze(capture: &Capture) -> Option<CaptureReport> {
    // In files raw IP is 101, LOOP and the rest have the number that libpcap gives them.
    let link = i32::try_from(capture.link).unwrap();
    let source = Memory { link_type: LinkType { number: link, name: link.to_string() } };
    let mut analysis = Analysis::new("memory", &source).ok()?;
    for (frame, number) in capture.frames.iter().zip(1..) {
        analysis.note(&Frame {
            number,
            time_us: frame.time_us,
            link,
            wire_bytes: frame.wire_bytes,
            data: &frame.data,
        });
    }
    Some(analysis.finish())
}

/// The outcome of every flow between addresses that `chosen` accepts.
pub(crate) fn judge_where(capture: &Capture, chosen: impl Fn(IpAddr) -> bool) -> Option<Vec<Outcome>> {
    let report = analyze(capture)?;
    let flows = report.flows.iter().filter(|flow| chosen(flow.endpoints.client.address));
    Some(flows.map(Outcome::of).collect())
}

/// A source that only says its link type: the frames are handed over one by one.
struct Memory {
    link_type: LinkType,
}

impl Source for Memory {
    fn link_type(&self) -> &LinkType {
        &self.link_type
    }

    fn read(&mut self, _: usize, _: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        Ok(false)
    }

    fn frames(&self) -> u64 {
        0
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}
