//! What the integration tests share: the compiler from the text notation to capture files.
//!
//! It shares no code with `src/`, neither types nor crates, so that the encoder here and the decoder
//! there cannot be wrong in the same way. Include it with
//! `#[path = "support/support.rs"] mod support;`.
//!
//! # The notation
//! ```text
//! # The first line is the purpose, one sentence.
//! # vantage: client side
//! # origin:  synthetic
//! # delay:   client=0 server=20
//! 0.000 > S  0:0(0)        win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
//! 0.040 < S. 0:0(0) ack 1  win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
//! +0    > .  1:1(0) ack 1  win 502
//! repeat 3 {
//!   +0.040 < P. +1448 ack all win 509
//!   +0     > .  +0    ack all win {502+i}
//! }
//! ```
//! A line is `TIME [FLOW] DIRECTION FLAGS SEQUENCE ack N win N <OPTIONS> ; MODIFIERS`; only time,
//! direction, flags and sequence are required.
//!
//! * TIME is seconds from the start, or `+` seconds after the line before.
//! * `>` is client to server, `<` server to client; `[2]` in front picks the second flow.
//! * SEQUENCE is `start:end(length)` relative to the sender's SYN, `+length` for the next bytes,
//!   `next-1+1` to step back, or `last` to send the segment before once more.
//! * `ack` takes a number, `all` (everything that has arrived), `+n` after the last, or `same`.
//!   Without `win` the window is the last one.
//! * `TS` alone is filled in: the sender's clock in milliseconds, and the echo of what had *arrived at the
//!   sender* when it sent (RFC 7323 §4.3), which is what `delay` is for: milliseconds from the capture point
//!   to either side. When both SYNs had `TS`, later segments carry it unasked (`<>` says none).
//! * `again` captures the frame before once more; with `<...>` or `[2]` as changed on the way.
//! * `hex BYTES` is a whole frame as it is.
//! * In `repeat N { ... }`, `{a,b,c}` takes turns and `{a+b*i}` counts.
//! * An acknowledgment of what cannot have arrived yet is an error, unless the modifier `odd` is set.
//!
//! Headers: `link`, `delay`, `client`, `server`, `isn`, `ts`, `flow N`, `snaplen`, `precision`, `order`,
//! `format`, and `each`, whose modifiers hold for every line.
//! Modifiers: `lost` (captured here, never arrives), `missed` (sent, not captured), `odd`, `ttl N`,
//! `vlan 10+20`, `ipopts HEX`, `ext hbh+dst+rt+frag+jumbo`, `tso` (IP length 0), `pad N`, `cut N`, `split N`,
//! `out` (cooked: outgoing), `badsum`, `badip` (the header's sum is wrong), `partial` (the sum of the pseudo
//! header alone: the card does the rest), `ts`.

#![allow(dead_code, reason = "every test crate uses its own part of this")]
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken fixture fails the test"
)]

pub(crate) mod expected;
pub(crate) mod file;
pub(crate) mod frame;
pub(crate) mod line;
pub(crate) mod numbers;
pub(crate) mod options;
pub(crate) mod script;
pub(crate) mod skipped;
pub(crate) mod timeline;

use std::fs;
use std::path::{Path, PathBuf};

use file::Capture;

/// A fixture's text, compiled.
pub(crate) struct Compiled {
    pub(crate) capture: Capture,
    /// What the text says about each frame; `None` for frames given in hex and for fragments.
    pub(crate) said: Vec<Option<timeline::Said>>,
    pub(crate) headers: script::Headers,
}

/// Compiles one fixture, or says which line is wrong and why.
pub(crate) fn compile(text: &str) -> Result<Compiled, String> {
    let script = script::parse(text)?;
    timeline::run(script)
}

/// The directory of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Every file in `fixtures/FOLDER` that ends in `.EXTENSION`, sorted.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(fixtures().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

/// The name of a fixture: its file name without the extension.
pub(crate) fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Reads and compiles a text fixture; panics with its name and the line on an error.
pub(crate) fn compile_file(path: &Path) -> Compiled {
    let text = fs::read_to_string(path).unwrap();
    compile(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
