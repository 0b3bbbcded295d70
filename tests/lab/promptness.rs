//! How soon `wscale live` says what it found: while the transfer runs, and shortly after the evidence.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::agreement::Record;
use crate::judge::{Finding, Verdict};
use crate::retouch::save;
use crate::scenario::Expectation;

/// What a person in front of the screen is promised.
const PROMISED_US: u64 = 2_000_000;

/// Between two looks at a flow that changed, with what the kernel takes to hand over its frames.
const LOOK_US: u64 = 500_000;

/// A finding that was reported, and when.
pub(crate) struct Report {
    at_us: u64,
    finding: Finding,
    frames: Vec<usize>,
}

impl Report {
    pub(crate) fn new(at_us: u64, finding: &Value) -> Self {
        let frames = finding.get("frames").and_then(Value::as_array).into_iter().flatten();
        let frames = frames.filter_map(|number| usize::try_from(number.as_u64()?).ok()).collect();
        Self { at_us, finding: Finding::read(finding), frames }
    }
}

/// How long after its evidence each problem was reported that had to be found; an error if that was too late.
///
/// Counted from the last frame that the report names. That is too early, for it names the first frames of its
/// evidence and not all; so where that would break the promise, from the frame that made the evidence complete.
pub(crate) fn delays_us(
    reports: &[Report],
    expected: &Expectation,
    records: &[Record],
    until_us: u64,
) -> Result<Vec<u64>> {
    let mut delays = Vec::new();
    for pattern in expected.must.split(',') {
        let is_it = |report: &&Report| report.finding.is_problem() && report.finding.matches(pattern);
        // What was not reported at all is complained about elsewhere.
        let Some(report) = reports.iter().find(is_it) else { continue };
        let named = *report.frames.iter().max().with_context(|| format!("{pattern} names no frame"))?;
        let late_us = |frame: usize| -> Result<u64> {
            let record = frame.checked_sub(1).and_then(|index| records.get(index));
            Ok(report.at_us.saturating_sub(record.context("no such frame")?.time_us))
        };
        let mut delay_us = late_us(named)?;
        let is_over = report.at_us >= until_us;
        if is_over || delay_us >= PROMISED_US {
            delay_us = late_us(completing(pattern, records, named)?)?;
        }
        ensure!(delay_us < PROMISED_US, "{pattern} was reported {} ms after its evidence", delay_us / 1000);
        // Evidence that is complete with the last frames is reported at the next look.
        ensure!(!is_over || delay_us < LOOK_US, "{pattern} was reported when the transfer was over");
        delays.push(delay_us);
    }
    Ok(delays)
}

/// The frame with which a capture that grows shows the problem for the first time, after frame `named`.
fn completing(pattern: &str, records: &[Record], named: usize) -> Result<usize> {
    let file = tempfile::NamedTempFile::new()?;
    let (mut without, mut with) = (named.saturating_sub(1), records.len());
    while with - without > 1 {
        let middle = usize::midpoint(without, with);
        save(records.get(..middle).unwrap_or_default(), 0, file.path())?;
        let shows = Verdict::of(file.path())?.findings.iter().any(|f| f.is_problem() && f.matches(pattern));
        if shows {
            with = middle;
        } else {
            without = middle;
        }
    }
    Ok(with)
}
