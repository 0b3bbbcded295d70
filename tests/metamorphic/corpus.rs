//! The captures that are varied, and what is true of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::capture::{Capture, Frame};
use super::judge::{Outcome, judge_and_count};
use super::packet;
use super::support;

/// One capture to vary.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) capture: Capture,
    pub(crate) outcomes: Vec<Outcome>,
    /// The tests' own code finds every segment that the program finds, so it can edit them all.
    pub(crate) is_editable: bool,
    /// `EXPECTED.tsv` wants a fault to be found, whether it is or not.
    is_convictable: bool,
}

/// Names of captures of a path with a fault. At some capture points it does not show (`w4-fw.client`), so the
/// verdict does not tell.
const FAULTY: [&str; 11] = [
    "-set0",
    "-set2",
    "syn-nop",
    "synack-nop",
    "syn-remove",
    "synack-remove",
    "-fw",
    "fw-",
    "kernel-2.6.17-post",
    "-download-beyond",
    "ws008-fires",
];

impl Subject {
    /// Nothing on the path touched window scaling: by the name, by the table, and (for captures that are in
    /// neither) by the verdicts on the whole capture.
    pub(crate) fn is_without_fault(&self) -> bool {
        let named = FAULTY.iter().any(|part| self.name.contains(part));
        !named && !self.is_convictable && self.outcomes.iter().all(Outcome::is_clean)
    }
}

/// The fixtures of which the table expects an accusation or a suspicion.
fn convictable() -> BTreeSet<String> {
    let table = fs::read_to_string(support::fixtures().join("EXPECTED.tsv")).unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let (name, verdict) = (columns.next()?, columns.nth(1)?);
        ["stripped", "blocked", "suspect"].iter().any(|word| verdict.contains(word)).then(|| name.to_owned())
    });
    rows.collect()
}

/// All captures that can be decoded, with the verdicts on them.
pub(crate) fn subjects() -> Vec<Subject> {
    let captures = if let Some(folder) = std::env::var_os("WSCALE_CAPTURES") {
        pcaps(&PathBuf::from(folder))
    } else {
        let mut all = pcaps(&support::fixtures().join("recordings"));
        all.extend(support::files("text", "txt").iter().map(|path| (support::name(path), compile(path))));
        all
    };
    let convictable = convictable();
    let judged = captures.into_iter().filter_map(|(name, capture)| {
        let (outcomes, segments) = judge_and_count(&capture)?;
        let found = packet::segments(&capture).iter().flatten().count();
        (!outcomes.is_empty()).then(|| Subject {
            is_editable: packet::is_known(capture.link) && found as u64 == segments,
            is_convictable: convictable.contains(&name),
            name,
            capture,
            outcomes,
        })
    });
    judged.collect()
}

fn pcaps(folder: &PathBuf) -> Vec<(String, Capture)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = files.iter().filter_map(|path| Some((support::name(path), fs::read(path).ok()?)));
    read.filter_map(|(name, file)| Some((name, Capture::parse(&file)?))).collect()
}

/// A text fixture, from the compiler straight to memory.
fn compile(path: &std::path::Path) -> Capture {
    let compiled = support::compile_file(path).capture;
    let frames = compiled.frames.iter().map(|frame| Frame {
        time_us: frame.time.div_euclid(1000),
        wire_bytes: u32::try_from(frame.wire_length).unwrap(),
        data: frame.bytes.as_slice().into(),
    });
    Capture { link: u32::from(compiled.link_type), frames: frames.collect() }
}
