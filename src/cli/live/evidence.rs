//! `--write-findings`: one small capture per flow with a problem, for a vendor's ticket: the handshake, the
//! frames that the findings name, and enough of the others that the file alone is judged the same.

use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::cli::new_file;
use crate::detect::Severity;
use crate::pipeline::Judged;
use crate::report::FlowReport;
use crate::source::{Frame, LinkType, SaveFile};

use super::privileges::Account;

/// Frames are remembered up to here: what gets into a file, but for the handshake, must be younger.
const RECENT_BYTES: usize = 32 << 20;

/// What a frame takes beside its bytes.
const OVERHEAD_BYTES: usize = 64;

/// The first frames of each flow are kept as long as the flow lives.
const FIRST_FRAMES: usize = 4;

/// Frames around those that a finding names, half of them the oldest that are remembered and half the latest:
/// 100 KiB per file with frames of 128 bytes. Of the recordings with a fault, the first 256 frames are enough.
const CONTEXT_FRAMES: usize = 512;

/// When the frames of files that may still grow take more, others get only what their findings name.
const COLLECTED_BYTES: usize = 32 << 20;

/// Flows that get a file; more would fill the disk, and say nothing new.
const FILES_MAX: usize = 1_000;

#[derive(Clone, Debug)]
struct Kept {
    flow: u64,
    number: u64,
    time_us: i64,
    link: i32,
    wire_bytes: u32,
    data: Box<[u8]>,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.data.len() + OVERHEAD_BYTES
    }
}

/// The folder, and the frames that may get into it.
#[derive(Debug)]
pub(super) struct Evidence {
    folder: PathBuf,
    snap_bytes: u32,
    recent: VecDeque<Kept>,
    recent_bytes: usize,
    first: BTreeMap<u64, Vec<Kept>>,
    collected: BTreeMap<u64, BTreeMap<u64, Kept>>,
    collected_bytes: usize,
    files: usize,
}

/// Makes `folder`, and gives it to the user that the process will be.
pub(super) fn prepare(folder: &Path, later: Option<&Account>) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir(folder).with_context(|| format!("cannot create '{}'", folder.display()))?;
    if let Some(Account { uid, gid }) = later {
        chown(folder, Some(uid.as_raw()), Some(gid.as_raw()))
            .with_context(|| format!("cannot give '{}' to user {uid}", folder.display()))?;
    }
    Ok(())
}

/// Makes sure, with the privileges that are left, that files can be written to `folder`.
pub(super) fn check(folder: &Path) -> anyhow::Result<()> {
    let probe = folder.join(format!(".wscale-{}", std::process::id()));
    File::create_new(&probe).and_then(|_| fs::remove_file(&probe)).map_err(|cause| {
        anyhow!(
            "cannot write to '{}' without privileges: {cause}\nhint: name a folder that does not exist yet, or --user NAME",
            folder.display()
        )
    })
}

impl Evidence {
    pub(super) fn new(folder: &Path, snap_bytes: u32) -> Self {
        Self {
            folder: folder.to_owned(),
            snap_bytes,
            recent: VecDeque::new(),
            recent_bytes: 0,
            first: BTreeMap::new(),
            collected: BTreeMap::new(),
            collected_bytes: 0,
            files: 0,
        }
    }

    /// Remembers a frame of the flow with this index.
    pub(super) fn note(&mut self, frame: &Frame<'_>, flow: u64) {
        let kept = Kept {
            flow,
            number: frame.number,
            time_us: frame.time_us,
            link: frame.link,
            wire_bytes: frame.wire_bytes,
            data: frame.data.into(),
        };
        let first = self.first.entry(flow).or_default();
        if first.len() < FIRST_FRAMES {
            first.push(kept.clone());
        }
        self.recent_bytes += kept.bytes();
        self.recent.push_back(kept);
        while self.recent_bytes > RECENT_BYTES
            && let Some(oldest) = self.recent.pop_front()
        {
            self.recent_bytes -= oldest.bytes();
        }
    }

    /// Writes what a problem names, and forgets flows that are over.
    pub(super) fn take(&mut self, judged: &Judged) -> io::Result<()> {
        let flow = &judged.flow;
        let named: Vec<u64> = flow
            .findings
            .iter()
            .filter(|finding| finding.rule.severity == Severity::Problem)
            .flat_map(|finding| finding.frames.iter().map(|frame| frame.number))
            .collect();
        let is_known = self.collected.contains_key(&flow.index);
        let written = if !named.is_empty() && (is_known || self.files < FILES_MAX) {
            self.files += usize::from(!is_known);
            // All that is remembered is searched: not at each tick for each flow.
            let with_context = !is_known || judged.end.is_some();
            self.collect(flow, &named, with_context);
            self.write(flow)
        } else {
            Ok(())
        };
        if judged.end.is_some() {
            self.first.remove(&flow.index);
            let collected = self.collected.remove(&flow.index).unwrap_or_default();
            self.collected_bytes -= collected.values().map(Kept::bytes).sum::<usize>();
        }
        written
    }

    /// How many files were written.
    pub(super) fn files(&self) -> usize {
        self.files
    }

    fn collect(&mut self, flow: &FlowReport, named: &[u64], with_context: bool) {
        let Self { recent, first, collected, collected_bytes, .. } = self;
        let collected = collected.entry(flow.index).or_default();
        let has_room = with_context && *collected_bytes < COLLECTED_BYTES;
        let room = if has_room { CONTEXT_FRAMES } else { 0 };
        let half = room.saturating_sub(collected.len()) / 2;
        let at = |number: &u64| recent.binary_search_by_key(number, |kept| kept.number).ok();
        let named = named.iter().filter_map(|number| recent.get(at(number)?));
        let of_flow = |kept: &&Kept| kept.flow == flow.index;
        let oldest = recent.iter().filter(of_flow).take(half);
        let latest = recent.iter().rev().filter(of_flow).take(half);
        for kept in first.get(&flow.index).into_iter().flatten().chain(named).chain(oldest).chain(latest) {
            if let Entry::Vacant(place) = collected.entry(kept.number) {
                *collected_bytes += kept.bytes();
                place.insert(kept.clone());
            }
        }
    }

    fn write(&self, flow: &FlowReport) -> io::Result<()> {
        let mut frames = self.collected.get(&flow.index).into_iter().flat_map(BTreeMap::values).peekable();
        let Some(link) = frames.peek().map(|kept| kept.link) else { return Ok(()) };
        let file = new_file::growing(&self.folder.join(name(flow)))?;
        let mut saved = SaveFile::begin(file, &LinkType::new(link), self.snap_bytes)?;
        // A pcap file has one link type.
        for kept in frames.filter(|kept| kept.link == link) {
            let Kept { number, time_us, wire_bytes, ref data, .. } = *kept;
            saved.note(&Frame { number, data, time_us, link, wire_bytes })?;
        }
        saved.flush()
    }
}

/// When the flow began, its index, and both ends: no two runs write the same name.
fn name(flow: &FlowReport) -> String {
    let plain = |text: String| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    format!(
        "{}-flow-{}-{}-{}.pcap",
        flow.first_us.div_euclid(1_000_000),
        flow.index,
        plain(flow.endpoints.client.to_string()),
        plain(flow.endpoints.server.to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Limits;
    use crate::pipeline::LiveAnalysis;
    use crate::source::{CaptureFile, Source};

    /// How many frames of a recording with 700 are written when others have `collected_bytes`.
    fn written(collected_bytes: usize) -> usize {
        let path = format!("{}/fixtures/recordings/w2-set0.client.pcap", env!("CARGO_MANIFEST_DIR"));
        let mut file = CaptureFile::open(&path, None).unwrap();
        let mut analysis = LiveAnalysis::new("", file.link_types(), Limits::NONE).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut evidence = Evidence::new(folder.path(), 128);
        evidence.collected_bytes = collected_bytes;
        let note = &mut |frame: &Frame<'_>| {
            let flow = analysis.note(frame, &mut |_| {}).unwrap();
            evidence.note(frame, flow);
        };
        file.read_all(note, &mut |_| {}).unwrap();
        analysis.finish(None, &mut |judged| evidence.take(&judged).unwrap());
        assert_eq!(evidence.collected_bytes, collected_bytes, "what is over takes nothing");
        let saved = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut saved = CaptureFile::open(saved.to_str().unwrap(), None).unwrap();
        saved.read_all(&mut |_| {}, &mut |_| {}).unwrap();
        usize::try_from(saved.frames()).unwrap()
    }

    #[test]
    fn what_files_take_is_bounded() {
        assert!((CONTEXT_FRAMES - 8..CONTEXT_FRAMES + 32).contains(&written(0)));
        assert!((FIRST_FRAMES..32).contains(&written(COLLECTED_BYTES)));
    }
}
