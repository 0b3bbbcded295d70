//! Whether two captures of one interface hold the same frames.
//!
//! Compared whatever their order is: a kernel with several processors may hand two frames that it handles at once to its
//! listeners in either order.

use std::cmp::Ordering;
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

impl Record {
    fn identity(&self) -> (&[u8], u32) {
        (&self.bytes, self.wire_bytes)
    }
}

/// How many frames both hold, or what differs. Frames from `until_us` on may be in one capture only: they do not end at
/// the same moment.
pub(crate) fn of(theirs: &Path, ours: &Path, until_us: u64) -> Result<usize, String> {
    let compared = records(theirs).and_then(|theirs| compare(theirs, records(ours)?, until_us));
    compared.map_err(|error| format!("the captures differ: {error:#}"))
}

fn compare(mut theirs: Vec<Record>, mut ours: Vec<Record>, until_us: u64) -> Result<usize> {
    ensure!(!theirs.is_empty(), "an empty capture");
    for records in [&mut theirs, &mut ours] {
        // Frames that are equal stay in their order.
        records.sort_by(|one, other| one.identity().cmp(&other.identity()));
    }
    let (mut theirs, mut ours) = (theirs.iter().peekable(), ours.iter().peekable());
    let (mut same, mut missing) = (0, 0);
    loop {
        let order = match (theirs.peek(), ours.peek()) {
            (Some(their), Some(our)) => their.identity().cmp(&our.identity()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let their = theirs.next_if(|_| order.is_le());
        let our = ours.next_if(|_| order.is_ge());
        if let (Some(their), Some(our)) = (their, our) {
            let apart_us = their.time_us.abs_diff(our.time_us);
            ensure!(apart_us < CLOCK_US, "a frame at {} us is {apart_us} us away", their.time_us);
            same += 1;
        } else if their.or(our).is_some_and(|record| record.time_us + CLOCK_US < until_us) {
            missing += 1;
        }
    }
    ensure!(missing == 0, "{missing} frames are in one of them only, beside {same} in both");
    Ok(same)
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
