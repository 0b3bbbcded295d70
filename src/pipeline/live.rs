//! Live traffic, judged while it flows, in memory that does not grow.

use std::collections::BTreeMap;

use crate::decode::{Decoder, UnsupportedLinkType};
use crate::detect::{Confidence, Finding, Verdict, judge, weaken};
use crate::flow::{End, Ended, Flow, FlowTable, Limits, Side};
use crate::report::{CaptureReport, FlowReport};
use crate::source::{Frame, LinkType};

/// One flow, judged: because something new was found, or because it is over.
#[derive(Debug)]
pub struct Judged {
    /// The flow as it stands.
    pub flow: FlowReport,
    /// Why it is over, if it is.
    pub end: Option<End>,
    /// Positions of the findings that were not there, or were less sure, when the flow was last handed out.
    pub news: Vec<usize>,
}

/// Traffic that is being judged while it flows.
#[derive(Debug)]
pub struct LiveAnalysis {
    decoder: Decoder,
    flows: FlowTable,
    verdicts: Verdicts,
    report: CaptureReport,
    losses: Losses,
}

/// What was last said about the flows that are alive.
#[derive(Debug, Default)]
struct Verdicts {
    told: BTreeMap<u64, Vec<Told>>,
    by_flow: BTreeMap<u64, Verdict>,
}

/// A finding that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    code: &'static str,
    window_of: Option<Side>,
    confidence: Confidence,
}

/// When frames were lost, by the capture's clock: from the first loss to the latest.
#[derive(Clone, Copy, Debug, Default)]
struct Losses {
    frames: u64,
    checked_us: Option<i64>,
    span_us: Option<(i64, i64)>,
}

impl LiveAnalysis {
    /// Begins to judge frames of `link_types`, reported under `name`. An error only if none of them can be
    /// decoded.
    pub fn new(name: &str, link_types: &[LinkType], limits: Limits) -> Result<Self, UnsupportedLinkType> {
        let (decoder, link_type) = Decoder::for_any(link_types)?;
        Ok(Self {
            decoder,
            flows: FlowTable::new(limits),
            verdicts: Verdicts::default(),
            report: CaptureReport {
                source: name.to_owned(),
                link_type: link_type.name.clone(),
                ..CaptureReport::default()
            },
            losses: Losses::default(),
        })
    }

    /// Takes one frame into account. Flows that end by it are judged and handed to `sink`. Returns the index of
    /// the frame's flow, unless that was over before.
    pub fn note(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Judged)) -> Option<u64> {
        let report = &mut self.report;
        report.frames += 1;
        report.first_us.get_or_insert(frame.time_us);
        report.last_us = Some(report.last_us.map_or(frame.time_us, |last| last.max(frame.time_us)));
        match self.decoder.decode(frame) {
            Ok(segment) => {
                report.segments += 1;
                let Self { flows, verdicts, losses, report, .. } = self;
                let noted = flows.note(&segment, &mut |ended| sink(end(ended, verdicts, *losses, report)));
                report.late_segments += u64::from(noted.is_late());
                (!noted.is_late()).then_some(noted.index)
            }
            Err(skip) => {
                report.skipped.count(skip);
                None
            }
        }
    }

    /// Says how many frames were lost so far.
    pub fn lost(&mut self, frames: u64) {
        let now = self.report.last_us;
        let losses = &mut self.losses;
        if frames > losses.frames {
            losses.frames = frames;
            let since = losses.checked_us.or(self.report.first_us);
            if let Some((since, now)) = since.zip(now) {
                losses.span_us = Some((losses.span_us.map_or(since, |(first, _)| first), now));
            }
        }
        losses.checked_us = now;
        self.report.dropped = Some(frames);
    }

    /// Lets go of flows that are over at `now_us`, by the capture's clock.
    pub fn expire(&mut self, now_us: i64, sink: &mut dyn FnMut(Judged)) {
        let Self { flows, verdicts, losses, report, .. } = self;
        flows.expire(now_us, &mut |ended| sink(end(ended, verdicts, *losses, report)));
    }

    /// Judges up to `at_most` flows that changed; those with something new go to `sink`. `prepare` sees each
    /// of them before it is judged.
    pub fn judge_changed(
        &mut self,
        at_most: usize,
        prepare: &mut dyn FnMut(&mut Flow),
        sink: &mut dyn FnMut(Judged),
    ) {
        let Self { flows, verdicts, losses, .. } = self;
        flows.visit_changed(at_most, &mut |index, flow| {
            prepare(flow);
            let report = losses.judge(index, flow);
            verdicts.by_flow.insert(index, report.verdict);
            let news = verdicts.tell(&report);
            if !news.is_empty() {
                sink(Judged { flow: report, end: None, news });
            }
        });
    }

    /// The worst flows that are alive, then the busiest, judged as they stand.
    pub fn worst(&self, at_most: usize) -> Vec<FlowReport> {
        let rank = |(index, flow): (u64, &Flow)| {
            let verdict = self.verdicts.by_flow.get(&index).copied().unwrap_or(Verdict::Unknown);
            let bytes = flow.windows.client.sent.bytes + flow.windows.server.sent.bytes;
            (std::cmp::Reverse((verdict, bytes)), index)
        };
        let mut flows: Vec<_> = self.flows.iter().map(|(index, flow)| (rank((index, flow)), flow)).collect();
        flows.sort_unstable_by_key(|(rank, _)| *rank);
        flows.truncate(at_most);
        flows.into_iter().map(|((_, index), flow)| self.losses.judge(index, flow)).collect()
    }

    /// What was counted so far, without flows.
    pub fn counts(&self) -> &CaptureReport {
        &self.report
    }

    /// Flows that are alive, and all that there were.
    pub fn flows(&self) -> (usize, u64) {
        (self.flows.len(), self.flows.begun())
    }

    /// Judges the flows that are left, in the order of their first frame, and returns what was counted.
    pub fn finish(mut self, incomplete: Option<String>, sink: &mut dyn FnMut(Judged)) -> CaptureReport {
        let Self { flows, verdicts, losses, report, .. } = &mut self;
        flows.drain(&mut |ended| sink(end(ended, verdicts, *losses, report)));
        self.report.incomplete = incomplete;
        self.report
    }
}

fn end(ended: Ended, verdicts: &mut Verdicts, losses: Losses, report: &mut CaptureReport) -> Judged {
    let Ended { index, flow, end } = ended;
    let flow = losses.judge(index, &flow);
    report.evicted_flows += u64::from(end == End::Evicted);
    let news = verdicts.tell(&flow);
    verdicts.told.remove(&index);
    verdicts.by_flow.remove(&index);
    Judged { flow, end: Some(end), news }
}

impl Verdicts {
    /// The findings that are new, or surer than before; they are remembered.
    fn tell(&mut self, flow: &FlowReport) -> Vec<usize> {
        if flow.findings.is_empty() {
            return Vec::new();
        }
        let told = self.told.entry(flow.index).or_default();
        let mut news = Vec::new();
        for (position, finding) in flow.findings.iter().enumerate() {
            let Finding { rule, window_of, confidence, .. } = finding;
            let now = Told { code: rule.code, window_of: *window_of, confidence: *confidence };
            match told.iter_mut().find(|told| told.code == now.code && told.window_of == now.window_of) {
                Some(told) if told.confidence >= now.confidence => continue,
                Some(told) => *told = now,
                None => told.push(now),
            }
            news.push(position);
        }
        news
    }
}

impl Losses {
    /// Judges `flow`; what frames that were lost during its life could fake is weakened.
    fn judge(self, index: u64, flow: &Flow) -> FlowReport {
        let mut judgement = judge(flow);
        let concerned =
            self.span_us.is_some_and(|(first, last)| flow.first_us <= last && flow.last_us >= first);
        if concerned {
            weaken(&mut judgement, flow);
        }
        FlowReport::new(index, flow, judgement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::rule;
    use crate::source::{CaptureFile, Source};

    /// The only flow of a recording.
    fn flow(name: &str) -> Flow {
        let path = format!("{}/fixtures/recordings/{name}.pcap", env!("CARGO_MANIFEST_DIR"));
        let mut file = CaptureFile::open(&path, None).unwrap();
        let decoder = Decoder::new(file.link_type()).unwrap();
        let mut flows = FlowTable::new(Limits::NONE);
        while file
            .read_frame(&mut |frame| {
                if let Ok(segment) = decoder.decode(frame) {
                    flows.note(&segment, &mut |_| {});
                }
            })
            .unwrap()
        {}
        flows.iter().next().unwrap().1.clone()
    }

    #[test]
    fn a_late_segment_belongs_to_no_flow_that_is_alive() {
        const SYN: u8 = 2;
        const RST: u8 = 4;
        let limits = Limits { max_flows: 9, idle_us: 1_000, closed_us: 10, max_closing: 9, max_closed: 9 };
        let mut analysis = LiveAnalysis::new("memory", &[LinkType::new(12)], limits).unwrap();
        let mut noted = |time_us, flags: u8| {
            let mut data = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
            data.extend([0, 99, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0]);
            analysis.note(&Frame { number: 1, time_us, link: 12, wire_bytes: 40, data: &data }, &mut |_| {})
        };
        assert_eq!([noted(0, SYN), noted(1, RST), noted(100, RST)], [Some(0), Some(0), None]);
    }

    #[test]
    fn exact_stops_are_not_weakened() {
        let flow = flow("syn-set0-download.client");
        let mut judgement = judge(&flow);
        weaken(&mut judgement, &flow);
        assert_eq!(judgement.verdict, Verdict::Stripped);
        assert!(!judgement.weakened);
    }

    #[test]
    fn health_that_rests_on_acks_that_may_be_missing_is_not_proven() {
        let mut flow = flow("ok-download.client");
        assert_eq!(judge(&flow).verdict, Verdict::Healthy);
        for side in Side::BOTH {
            flow.windows.of_mut(side).overshoots.best_robust = None;
        }
        let mut judgement = judge(&flow);
        weaken(&mut judgement, &flow);
        assert_eq!(judgement.verdict, Verdict::Unproven);
        assert!(judgement.weakened);
    }

    #[test]
    fn a_loss_that_the_capture_may_have_caused_is_only_possible() {
        let flow = flow("ok-download.client");
        let mut judgement = judge(&flow);
        let blocked = rule("WS005").unwrap();
        judgement.findings = vec![Finding::new(blocked, Confidence::Likely, String::new(), String::new())];
        weaken(&mut judgement, &flow);
        assert_eq!(judgement.verdict, Verdict::Suspect);
        assert!(judgement.findings[0].seen.contains("dropped frames"));
    }
}
