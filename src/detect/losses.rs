//! What a capture that dropped frames can still prove.
//!
//! Frames that never reached the capture look like frames that were never sent. A lost ACK makes data look as
//! if it went beyond the window (a broken flow looks healthy, a healthy one overrun), lost data looks like data
//! that a box swallowed. Exact stops, and handshakes that were seen, cannot be faked that way.

use crate::flow::{Flow, Side};

use super::verdict::verdict;
use super::{Confidence, Judgement};

/// The rules whose evidence missing frames can fake.
const FAKED: [&str; 3] = ["WS003", "WS004", "WS005"];

/// Weakens what missing frames could fake, and says so.
pub fn weaken(judgement: &mut Judgement, flow: &Flow) {
    for finding in &mut judgement.findings {
        if FAKED.contains(&finding.rule.code) && finding.confidence > Confidence::Possible {
            finding.confidence = Confidence::Possible;
            finding.seen.push_str("; but this capture dropped frames while the flow was alive, and frames that are missing can look the same");
            judgement.weakened = true;
        }
    }
    for side in Side::BOTH {
        let proven = judgement.proven.of_mut(side);
        let holds = flow.windows.of(side).overshoots.best_robust.is_some_and(|best| best.shift > 0);
        if *proven && !holds {
            *proven = false;
            judgement.weakened = true;
        }
    }
    judgement.verdict = verdict(flow, &judgement.findings, judgement.proven, &judgement.shifts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Finding, Verdict, judge, rule};
    use crate::flow::FlowTable;
    use crate::source::{CaptureFile, Source};

    /// The only flow of a recording.
    fn flow(name: &str) -> Flow {
        let path = format!("{}/fixtures/recordings/{name}.pcap", env!("CARGO_MANIFEST_DIR"));
        let mut file = CaptureFile::open(&path, None).unwrap();
        let decoder = crate::decode::Decoder::new(file.link_type()).unwrap();
        let mut flows = FlowTable::default();
        while file
            .read_frame(&mut |frame| {
                if let Ok(segment) = decoder.decode(frame) {
                    flows.note(&segment);
                }
            })
            .unwrap()
        {}
        flows.flows()[0].clone()
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
