//! Damaged captures, by the thousand: nothing panics, everything ends, what was read is reported, and memory
//! stays bounded. The damage is random from a fixed seed, so a failure can be repeated; `WSCALE_SEED` and
//! `WSCALE_ROUNDS` choose another.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "the counts are part of the result")]

#[path = "support/support.rs"]
mod support;
#[allow(clippy::expect_used, reason = "these are tests")]
#[path = "fuzz/targets.rs"]
mod targets;
#[allow(clippy::expect_used, reason = "these are tests")]
#[path = "fuzz/texts.rs"]
mod texts;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A generator of numbers that needs nothing (Marsaglia's xorshift, 64 bits).
struct Random(u64);

impl Random {
    fn new(salt: u64) -> Self {
        let seed = std::env::var("WSCALE_SEED").map_or(0x2006_0617, |seed| seed.parse().unwrap());
        Self((seed ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

fn rounds() -> usize {
    std::env::var("WSCALE_ROUNDS").map_or(40, |rounds| rounds.parse().unwrap())
}

/// A capture and where its records begin.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    records: Vec<usize>,
    /// Whole it is judged; a fixture with an unknown link type is not.
    is_judged: bool,
}

impl Sample {
    fn new(name: String, bytes: Vec<u8>) -> Self {
        let records = records(&bytes);
        assert!(!records.is_empty(), "{name}: no record");
        let is_judged = targets::judged(&bytes).is_some();
        Self { name, bytes, records, is_judged }
    }
}

/// Where records begin in a pcap or pcapng file; the end of the last is one of them.
fn records(bytes: &[u8]) -> Vec<usize> {
    let is_pcapng = bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
    let is_big = if is_pcapng { bytes[8] == 0x1a } else { bytes[0] == 0xa1 };
    let u32_at = |at: usize| {
        let field = bytes[at..at + 4].try_into().unwrap();
        if is_big { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) }
    };
    let mut at = if is_pcapng { 0 } else { 24 };
    let mut records = vec![at];
    while at + 16 <= bytes.len() {
        at += if is_pcapng { u32_at(at + 4) as usize } else { 16 + u32_at(at + 8) as usize };
        records.push(at);
    }
    records
}

fn recordings() -> Vec<Sample> {
    let files = support::files("recordings", "pcap");
    files.iter().map(|path| Sample::new(support::name(path), fs::read(path).unwrap())).collect()
}

fn texts() -> Vec<Sample> {
    let files = support::files("text", "txt");
    files
        .iter()
        .map(|path| Sample::new(support::name(path), support::compile_file(path).capture.bytes()))
        .collect()
}

/// At most `most` of `all`, evenly chosen.
fn some<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.iter().copied().step_by(step).collect()
}

/// A cut capture says so unless the cut is between two records, and never reports more frames than it has.
fn judge_cut(sample: &Sample, end: usize) {
    let whole = sample.records.iter().filter(|&&at| at <= end).count().saturating_sub(1);
    let report = targets::judged(&sample.bytes[..end]);
    let Some(report) = report else {
        assert!(
            !sample.is_judged || end < sample.records[0].max(60),
            "{}: not opened although {end} bytes are there",
            sample.name
        );
        return;
    };
    assert!(report.frames <= whole as u64, "{} cut at {end}: too many frames", sample.name);
    let between = sample.records.contains(&end);
    assert_eq!(report.incomplete.is_none(), between, "{} cut at {end}", sample.name);
}

#[test]
fn recordings_may_be_cut_anywhere_near_a_record() {
    let mut cuts = 0;
    for sample in recordings() {
        for at in some(&sample.records, 30) {
            for end in at.saturating_sub(2)..=at + 2 {
                if end <= sample.bytes.len() {
                    judge_cut(&sample, end);
                    cuts += 1;
                }
            }
        }
    }
    eprintln!("{cuts} recordings cut near a record");
}

#[test]
fn fixtures_may_be_cut_at_every_length() {
    let mut cuts = 0;
    for sample in texts() {
        // The head and the first records at every length; behind them, every length within one record in turn.
        let every = sample.bytes.len().min(400);
        let rest: Vec<usize> = (every..sample.bytes.len()).collect();
        for end in (0..every).chain(some(&rest, 60)) {
            judge_cut(&sample, end);
            cuts += 1;
        }
    }
    eprintln!("{cuts} fixtures cut");
}

/// One kind of damage, somewhere in a capture.
fn damage(sample: &Sample, random: &mut Random) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    let record = sample.records[random.below(sample.records.len().saturating_sub(1))];
    let extreme = random.of(&[0, 1, 0x7f, 0x80, 0xff, 20, 40]);
    let mut set = |at: usize, value: u8| {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
    };
    match random.below(6) {
        // Bits, anywhere.
        0 => {
            for _ in 0..=random.below(8) {
                let at = random.below(sample.bytes.len());
                set(at, sample.bytes[at] ^ 1 << random.below(8));
            }
        }
        // The record's times and lengths.
        1 => set(record + random.below(16), extreme),
        // Lengths and offsets of the headers: the first 80 bytes of a frame.
        2 => {
            for _ in 0..=random.below(4) {
                set(record + 16 + random.below(80), extreme);
            }
        }
        // The file's head.
        3 => set(random.below(sample.records[0].max(28)), extreme),
        // A piece is missing, or is there twice.
        4 => {
            let from = random.below(bytes.len());
            let to = (from + random.below(200)).min(bytes.len());
            bytes.drain(from..to);
        }
        _ => {
            let from = random.below(bytes.len());
            let to = (from + random.below(200)).min(bytes.len());
            let piece = bytes[from..to].to_vec();
            bytes.splice(from..from, piece);
        }
    }
    bytes
}

#[test]
fn damage_is_survived_and_counted() {
    let (mut damaged, mut refused, mut incomplete) = (0, 0, 0);
    for (salt, sample) in recordings().into_iter().chain(texts()).enumerate() {
        let mut random = Random::new(salt as u64);
        let most = sample.bytes.len() as u64 / 16 + 1;
        for _ in 0..rounds() {
            damaged += 1;
            match targets::judged(&damage(&sample, &mut random)) {
                None => refused += 1,
                Some(report) => {
                    assert!(report.frames <= most + 20, "{}: more frames than fit", sample.name);
                    incomplete += u32::from(report.incomplete.is_some());
                }
            }
        }
    }
    eprintln!("{damaged} captures damaged: {refused} refused, {incomplete} read in part");
}

#[test]
fn compressed_captures_are_damaged_too() {
    let mut damaged = 0;
    for name in ["gzip", "zstd", "lz4"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/capture").join(name);
        let bytes = fs::read(&path).unwrap();
        assert!(targets::judged(&bytes).is_some(), "{name}: whole, it is judged");
        for at in 0..bytes.len() {
            targets::capture(&bytes[..at]);
            for value in [0, 0x55, 0xff] {
                let mut other = bytes.clone();
                other[at] = value;
                targets::capture(&other);
                damaged += 1;
            }
        }
    }
    eprintln!("{damaged} compressed captures damaged");
}

#[test]
fn the_corpus_is_replayed() {
    let mut replayed = Vec::new();
    let all = [
        ("options", targets::options as fn(&[u8])),
        ("frame", targets::frame),
        ("capture", targets::capture),
        ("policy", texts::policy),
        ("workarounds", texts::workarounds),
    ];
    for (name, target) in all {
        let files = files(&Path::new("tests/fuzz/corpus").join(name));
        assert!(!files.is_empty(), "no corpus for {name}");
        for file in &files {
            target(&fs::read(file).unwrap());
        }
        replayed.push(format!("{name} {}", files.len()));
    }
    eprintln!("corpus replayed: {}", replayed.join(", "));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The program as it is run: status 0 or 2, one line per error, and no more memory than it is given.
#[test]
fn the_program_ends_as_it_should_in_bounded_memory() {
    const ADDRESS_SPACE_KIB: u32 = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let (mut random, mut statuses) = (Random::new(77), [0; 3]);
    for (number, sample) in recordings().into_iter().chain(texts()).enumerate() {
        if number % 3 != 0 {
            continue;
        }
        let path = folder.path().join(format!("{number}.pcap"));
        fs::write(&path, damage(&sample, &mut random)).unwrap();
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB} && exec \"$0\" \"$@\"")])
            .args([env!("CARGO_BIN_EXE_wscale"), "analyze", "--format", "json"])
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let status = output.status.code();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(status, Some(0 | 2)), "{}: {status:?} {complaint}", sample.name);
        assert_eq!(complaint.lines().count(), usize::from(status == Some(2)), "{complaint}");
        if status == Some(0) || !output.stdout.is_empty() {
            let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            // What cannot be opened at all is said on standard error, and the document is empty.
            match document["captures"].as_array().unwrap().first() {
                Some(capture) => assert_eq!(capture["incomplete"].is_null(), status == Some(0)),
                None => assert_eq!(status, Some(2)),
            }
        }
        statuses[usize::try_from(status.unwrap()).unwrap()] += 1;
    }
    eprintln!("run on damaged captures: {} judged, {} refused or read in part", statuses[0], statuses[2]);
}
