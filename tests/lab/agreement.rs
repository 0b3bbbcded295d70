//! Whether two captures of one interface hold the same frames.
//!
//! Compared by direction: a kernel with several processors may hand two frames that cross on the link
//! to its listeners in either order.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The kernel reads the clock for each listener when nobody has stamped the frame before; in between
/// it may have been interrupted.
const CLOCK_US: u64 = 50_000;

pub(crate) struct Record {
    pub(crate) time_us: u64,
    pub(crate) wire_bytes: u32,
    pub(crate) bytes: Vec<u8>,
}

/// How many frames both hold, or what differs. Frames from `until_us` on may be in one capture only: they do not end at
/// the same moment.
pub(crate) fn of(theirs: &Path, ours: &Path, until_us: u64) -> Result<usize, String> {
    let compared = records(theirs).and_then(|theirs| compare(theirs, records(ours)?, until_us));
    compared.map_err(|error| format!("the captures differ: {error:#}"))
}

fn compare(theirs: Vec<Record>, ours: Vec<Record>, until_us: u64) -> Result<usize> {
    let from = source(theirs.first().context("an empty capture")?);
    let (theirs_forth, theirs_back) = directions(theirs, &from);
    let mut same = 0;
    let (ours_forth, ours_back) = directions(ours, &from);
    for (theirs, ours) in [(theirs_forth, ours_forth), (theirs_back, ours_back)] {
        for (number, (their, our)) in (1..).zip(theirs.iter().zip(&ours)) {
            ensure!(
                their.wire_bytes == our.wire_bytes && their.bytes == our.bytes,
                "frame {number} of one direction is not the same"
            );
            let apart_us = their.time_us.abs_diff(our.time_us);
            ensure!(apart_us < CLOCK_US, "frame {number} of one direction is {apart_us} us away");
        }
        let common = theirs.len().min(ours.len());
        let more =
            theirs.get(common..).unwrap_or_default().iter().chain(ours.get(common..).unwrap_or_default());
        let missing = more.filter(|record| record.time_us + CLOCK_US < until_us).count();
        ensure!(missing == 0, "{missing} of {} frames are missing in one of them", common + missing);
        same += common;
    }
    Ok(same)
}

/// Frames from this hardware address, and the others.
fn directions(records: Vec<Record>, from: &[u8]) -> (Vec<Record>, Vec<Record>) {
    records.into_iter().partition(|record| source(record) == from)
}

fn source(record: &Record) -> Vec<u8> {
    record.bytes.get(6..12).unwrap_or_default().to_vec()
}

/// All records of a pcap file in this machine's byte order, with microseconds.
pub(crate) fn records(path: &Path) -> Result<Vec<Record>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let word = |at: usize| -> Result<u32> {
        let word = bytes.get(at..at + 4).context("the file breaks off")?;
        Ok(u32::from_ne_bytes(word.try_into()?))
    };
    ensure!(word(0)? == 0xa1b2_c3d4, "not a pcap file");
    let (mut at, mut all) = (24, Vec::new());
    while at < bytes.len() {
        let end = at + 16 + usize::try_from(word(at + 8)?)?;
        all.push(Record {
            time_us: u64::from(word(at)?) * 1_000_000 + u64::from(word(at + 4)?),
            wire_bytes: word(at + 12)?,
            bytes: bytes.get(at + 16..end).context("the file breaks off")?.to_vec(),
        });
        at = end;
    }
    Ok(all)
}
