//! Instructions per frame, counted by valgrind: the same for the same binary, whatever else the machine does.
//!
//! Two captures are read, one twice as long as the other: the difference leaves out what starting costs.

use std::path::Path;
use std::process::Command;

use crate::capture::capture;
use crate::comparison::{is_there, wscale};
use crate::options::Options;
use crate::traffic::{SHORT_FRAMES, Shape};

/// Frames of the shorter capture.
const FRAMES: u64 = 5_000 * SHORT_FRAMES;

/// Counts for each shape.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if !is_there("valgrind") {
        println!("\ninstructions: valgrind is not installed, left out");
        return Ok(());
    }
    println!("\ninstructions per frame, by callgrind:");
    for shape in [Shape::Bulk, Shape::Short, Shape::Flood] {
        let count = |frames| count(options, &capture(options, shape, frames)?);
        let (once, twice) = (count(FRAMES)?, count(2 * FRAMES)?);
        println!("{:6} {:>8.0}", format!("{shape:?}").to_lowercase(), (twice - once) / FRAMES as f64);
    }
    Ok(())
}

fn count(options: &Options, file: &Path) -> Result<f64, String> {
    let contender = wscale(options, "", &["analyze"], file, 0);
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(&contender.command)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1));
    let collected = collected.and_then(|count| count.trim().parse().ok());
    collected.ok_or_else(|| format!("callgrind did not count: {text}"))
}
