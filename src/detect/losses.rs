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
