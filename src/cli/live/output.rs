//! Where judgements go while the capture runs, and at the end.

use std::io::{self, Write};

use crate::pipeline::Judged;
use crate::report::{self, Archive, CaptureReport, Layout, jsonl, line};

use super::evidence::Evidence;
use super::metrics::Metrics;

/// What is printed while the capture runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A line for people per finding and per flow that is over.
    Text,
    /// The same as JSON Lines.
    JsonLines,
    /// Nothing: the report at the end is one document, or the screen shows it.
    Silent,
}

/// Takes judgements, prints them and keeps what the end needs.
pub(super) struct Output {
    pub(super) style: Style,
    pub(super) format: String,
    pub(super) source: String,
    pub(super) layout: Layout,
    pub(super) archive: Archive,
    pub(super) evidence: Option<Evidence>,
    pub(super) metrics: Option<Metrics>,
    /// What the screen shows under its table.
    pub(super) headlines: Vec<String>,
    pub(super) problems: u64,
    pub(super) first_us: i64,
    /// Lines are collected within one batch of frames; [`Output::flush`] prints them.
    pub(super) out: io::BufWriter<io::Stdout>,
    /// What went wrong; the capture ends then.
    pub(super) failure: Option<anyhow::Error>,
}

/// Headlines that are kept for the screen.
const HEADLINES: usize = 100;

impl Output {
    pub(super) fn take(&mut self, judged: Judged) {
        if let Some(evidence) = &mut self.evidence
            && let Err(cause) = evidence.take(&judged)
        {
            self.failure = Some(anyhow::Error::new(cause).context("cannot write the evidence"));
        }
        if let Some(metrics) = &self.metrics {
            metrics.take(&judged);
        }
        if let Err(cause) = self.print(&judged) {
            self.failure = Some(cause.into());
        }
        if judged.end.is_some() {
            self.archive.keep(judged.flow);
        }
    }

    /// Prints what was collected.
    pub(super) fn flush(&mut self) {
        if let Err(cause) = self.out.flush() {
            self.failure = Some(cause.into());
        }
    }

    /// The report at the end.
    pub(super) fn finish(self, counts: CaptureReport) -> anyhow::Result<()> {
        let report = self.archive.complete(counts);
        let mut out = self.out;
        if self.style == Style::JsonLines {
            jsonl::write_capture(&mut out, &report)?;
        } else if let Some(format) = report::format(&self.format) {
            format.write(&mut out, &[report], &self.layout)?;
        }
        out.flush()?;
        Ok(())
    }

    fn print(&mut self, judged: &Judged) -> io::Result<()> {
        let Judged { flow, end, news } = judged;
        let at_us = flow.first_us + flow.duration_us - self.first_us;
        let news: Vec<_> = news.iter().filter_map(|position| flow.findings.get(*position)).collect();
        let out = &mut self.out;
        for finding in &news {
            if finding.rule.severity == crate::detect::Severity::Problem {
                self.problems += 1;
            }
            self.headlines.push(line::finding(at_us, flow, finding));
        }
        let surplus = self.headlines.len().saturating_sub(HEADLINES);
        self.headlines.drain(..surplus);
        match self.style {
            Style::Silent => {}
            Style::JsonLines => {
                if end.is_some() {
                    jsonl::write_flow(out, &self.source, flow)?;
                }
                for finding in news {
                    jsonl::write_finding(out, &self.source, flow, finding)?;
                }
            }
            Style::Text => {
                for finding in news {
                    writeln!(out, "{}", line::finding(at_us, flow, finding))?;
                }
                if end.is_some_and(|end| end != crate::flow::End::CaptureEnded) {
                    writeln!(out, "{}", line::flow(at_us, flow))?;
                }
            }
        }
        Ok(())
    }
}
