//! The verdict in a sentence.

use std::fmt::Write as _;

use crate::detect::Confidence;
use crate::flow::{Side, Sides};
use crate::units;

use super::finding::Finding;
use super::pair::Pair;
use super::tally::{Frequency, Row};

/// Changes named in the sentence; the table has all of them.
const NAMED: usize = 6;

/// What happens between two capture points.
pub(crate) fn sentence(sources: Sides<&str>, pairs: &[Pair], rows: &[Row]) -> String {
    if pairs.is_empty() {
        return "no flow of one capture was found in the other".to_owned();
    }
    let mut clauses: Vec<String> = Vec::new();
    // One SYN that lost its window scale is one too many to leave out.
    let named = |row: &&Row| row.frequency == Frequency::Systematic || row.change.is_window_scale();
    for row in rows.iter().filter(named) {
        let mut clause = row.change.clause();
        if row.frequency != Frequency::Systematic {
            let (some, all) = (row.total.segments, row.total.segments_of);
            let _ = write!(clause, " (in {} of {})", units::grouped(some), units::grouped(all));
        }
        if let Some(ports) = row.only_ports() {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            let _ = write!(clause, " (port {} only)", ports.join(", "));
        }
        clauses.push(clause);
    }
    for side in Side::BOTH {
        let of = |finding: &&Finding| finding.code == "WS005" && finding.window_of == side;
        let dropped = pairs.iter().flat_map(|pair| &pair.findings).filter(of);
        if let Some(confidence) = dropped.map(|finding| finding.confidence).max() {
            let perhaps = if confidence == Confidence::Possible { "possibly " } else { "" };
            let owner = side.name();
            clauses
                .push(format!("{perhaps}drops what lies beyond the unscaled edge of the {owner}'s window"));
        }
    }
    let between = format!("between {} and {}", sources.client, sources.server);
    let now_and_then = rows.iter().filter(|row| row.frequency != Frequency::Systematic).count();
    if clauses.is_empty() {
        let compared: u64 =
            pairs.iter().map(|pair| pair.passages.client.passed + pair.passages.server.passed).sum();
        let compared =
            format!("{} of {}", units::count(compared, "segment"), units::count(pairs.len() as u64, "flow"));
        let lost: u64 = pairs.iter().map(|pair| pair.passages.client.lost + pair.passages.server.lost).sum();
        let lost = if lost == 0 { String::new() } else { format!(", {} lost", units::grouped(lost)) };
        return match now_and_then {
            0 => format!("{between} nothing is changed: {compared} arrive as they were sent{lost}"),
            _ => format!(
                "{between} nothing is changed systematically ({compared} compared{lost}); {} seen now and then",
                units::count(now_and_then as u64, "change")
            ),
        };
    }
    if let Some(more @ 1..) = clauses.len().checked_sub(NAMED) {
        clauses.truncate(NAMED);
        clauses.push(format!("makes {}", units::count(more as u64, "more change")));
    }
    format!("{between} something {}", listed(&clauses))
}

/// `a, b and c`.
fn listed(clauses: &[String]) -> String {
    match clauses.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
