//! What must hold for every capture, however it was mangled.
//!
//! *Invariant* transformations change what does not matter (numbers, addresses, link layers, payload bytes,
//! company, files): the verdicts stay as they are. *Weakening* transformations are what captures do to the
//! truth (losses, duplicates, reordering, late starts and early ends): they may take evidence away, but a
//! flow without fault never becomes `stripped` or `blocked`.
//!
//! Every variant comes from one number. A failure prints it, and
//! `WSCALE_REPLAY=NAME:SEED cargo test --release --test metamorphic` runs that variant alone and keeps its
//! capture. `WSCALE_SEED=N` begins elsewhere, `WSCALE_VARIANTS=N` sets how many weakened variants are tried,
//! and `WSCALE_CAPTURES=FOLDER` takes the pcap files of a folder in place of the fixtures.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::print_stderr, reason = "what was tried is said")]

#[path = "metamorphic/capture.rs"]
mod capture;
#[path = "metamorphic/corpus.rs"]
mod corpus;
#[path = "metamorphic/framing.rs"]
mod framing;
#[path = "metamorphic/invariant.rs"]
mod invariant;
#[path = "metamorphic/judge.rs"]
mod judge;
#[path = "metamorphic/numbers.rs"]
mod numbers;
#[path = "metamorphic/packet.rs"]
mod packet;
#[path = "metamorphic/random.rs"]
mod random;
#[path = "support/support.rs"]
mod support;
#[path = "metamorphic/weakening.rs"]
mod weakening;

use std::collections::BTreeMap;
use std::path::Path;

use capture::Capture;
use corpus::Subject;
use judge::{Outcome, judge};
use random::Random;

/// Weakened variants in a release build; a debug build is ten times slower and tries a tenth.
const VARIANTS: u64 = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

/// Invariant variants of each capture; what each does is drawn, so more seeds also mean more kinds.
const INVARIANTS_EACH: u64 = if cfg!(debug_assertions) { 3 } else { 30 };

/// Violations of each capture that are printed in full.
const SHOWN: usize = 4;

#[test]
fn what_does_not_matter_leaves_the_verdict_as_it_is() {
    let (subjects, others): (Vec<Subject>, Vec<Subject>) =
        corpus::subjects().into_iter().partition(|subject| subject.is_editable);
    let names: Vec<&str> = others.iter().map(|subject| subject.name.as_str()).collect();
    eprintln!("{} captures; not edited: {names:?}", subjects.len());
    let mut tried = Tried::default();
    for subject in &subjects {
        for seed in seeds("invariant", subject, INVARIANTS_EACH) {
            let mut random = Random::new(seed);
            let Some(variant) = invariant::vary(subject, &subjects, &mut random) else { continue };
            let wanted = invariant::wanted(subject, &variant);
            let got = variant.outcomes();
            tried.note_kind(variant.kind);
            tried.count += 1;
            if got != wanted {
                tried.violated(
                    subject,
                    seed,
                    &format!("{}: {}", variant.kind, variant.drawn),
                    &format!("{wanted:?}\n    became {got:?}"),
                );
                keep(&variant.capture, subject, seed);
            }
        }
    }
    tried.finish("invariant");
}

#[test]
fn a_mangled_capture_never_accuses_a_flow_without_fault() {
    let subjects: Vec<Subject> = corpus::subjects().into_iter().filter(Subject::is_without_fault).collect();
    assert!(!subjects.is_empty(), "no capture without fault");
    let wanted = number("WSCALE_VARIANTS").unwrap_or(VARIANTS);
    let mut tried = Tried::default();
    for subject in &subjects {
        for seed in seeds("weakening", subject, wanted.div_ceil(subjects.len() as u64)) {
            let mut random = Random::new(seed);
            let (what, variant) = weakening::weaken(&subject.capture, &mut random);
            let outcomes = judge(&variant).unwrap();
            for kind in what.split(':').next().unwrap().split(" + ") {
                tried.note_kind(kind);
            }
            tried.count += 1;
            if outcomes.iter().any(Outcome::accuses) {
                tried.violated(subject, seed, &what, &format!("{outcomes:?}"));
                keep(&variant, subject, seed);
            }
        }
    }
    assert!(replay().is_some() || tried.count >= wanted, "only {} variants of {wanted}", tried.count);
    tried.finish("weakened");
}

/// The variants that were tried, and what went wrong.
#[derive(Default)]
struct Tried {
    count: u64,
    by_kind: BTreeMap<String, u64>,
    violations: BTreeMap<String, Vec<String>>,
}

impl Tried {
    fn note_kind(&mut self, what: &str) {
        *self.by_kind.entry(what.to_owned()).or_default() += 1;
    }

    fn violated(&mut self, subject: &Subject, seed: u64, what: &str, outcome: &str) {
        let name = &subject.name;
        let text = format!("WSCALE_REPLAY={name}:{seed}\n    {what}\n    {outcome}");
        self.violations.entry(name.clone()).or_default().push(text);
    }

    fn finish(&self, kind: &str) {
        let kinds: Vec<String> = self.by_kind.iter().map(|(what, count)| format!("{count} {what}")).collect();
        eprintln!("{} {kind} variants: {}", self.count, kinds.join(", "));
        let violations = self.violations.iter().map(|(name, all)| {
            format!("{name}: {} of {}\n{}", all.len(), self.count, all[..all.len().min(SHOWN)].join("\n"))
        });
        let violations: Vec<String> = violations.collect();
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }
}

/// The numbers from which the variants of one capture come. They depend on its name and not on its place, so
/// that another fixture does not change them.
fn seeds(property: &str, subject: &Subject, count: u64) -> Vec<u64> {
    if let Some((name, seed)) = replay() {
        return if name == subject.name { vec![seed] } else { Vec::new() };
    }
    let text = format!("{property}/{}/{}", subject.name, number("WSCALE_SEED").unwrap_or(2006));
    let mut random = Random::new(random::fold(text.as_bytes()));
    (0..count).map(|_| random.next() >> 16).collect()
}

fn replay() -> Option<(String, u64)> {
    let text = std::env::var("WSCALE_REPLAY").ok()?;
    let (name, seed) = text.rsplit_once(':').expect("WSCALE_REPLAY=NAME:SEED");
    Some((name.to_owned(), seed.parse().expect("the seed is a number")))
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// A variant that is run alone is kept, to be opened.
fn keep(variant: &Capture, subject: &Subject, seed: u64) {
    if replay().is_some() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{seed}.pcap", subject.name));
        std::fs::write(&file, variant.bytes()).unwrap();
        eprintln!("kept as {}", file.display());
    }
}
