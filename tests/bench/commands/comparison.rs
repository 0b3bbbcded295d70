//! One capture, several commands, interleaved: medians, and ratios to the first of them.

use std::path::Path;
use std::process::Command;

use crate::capture::{capture, joined};
use crate::measure::{self, Cost};
use crate::options::Options;
use crate::traffic::{SHORT_FRAMES, Shape};

/// One command on one capture.
pub(crate) struct Contender {
    name: &'static str,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Frames of the capture.
    pub(crate) frames: u64,
}

/// tshark is so slow that it gets a part of the capture.
const TSHARK_PART: u64 = 10;

/// Eight downloads.
pub(crate) fn bulk(options: &Options) -> Result<(), String> {
    let frames = 8_000_000 / options.divide;
    let file = capture(options, Shape::Bulk, frames)?;
    let part = capture(options, Shape::Bulk, frames / TSHARK_PART)?;
    let mut contenders = others(&file, frames, &part, frames / TSHARK_PART);
    contenders.insert(1, wscale(options, "wscale analyze", &["analyze"], &file, frames));
    compare("bulk", options, &contenders)
}

/// Short connections.
pub(crate) fn short(options: &Options) -> Result<(), String> {
    let frames = 300_000 * SHORT_FRAMES / options.divide;
    let part_frames = frames / TSHARK_PART / SHORT_FRAMES * SHORT_FRAMES;
    let file = capture(options, Shape::Short, frames)?;
    let part = capture(options, Shape::Short, part_frames)?;
    let mut contenders = others(&file, frames, &part, part_frames);
    contenders.splice(1..1, formats(options, &file, frames));
    compare("short", options, &contenders)
}

/// Single SYNs.
pub(crate) fn flood(options: &Options) -> Result<(), String> {
    let frames = 5_000_000 / options.divide;
    let file = capture(options, Shape::Flood, frames)?;
    let mut contenders = vec![tcpdump(&file, frames)];
    contenders.extend(formats(options, &file, frames));
    compare("flood", options, &contenders)
}

/// Real traffic.
pub(crate) fn real(options: &Options) -> Result<(), String> {
    let Some(folder) = &options.real else {
        println!("\nreal: left out, --real names no folder");
        return Ok(());
    };
    let (file, frames) = joined(options, folder)?;
    let mut contenders = others(&file, frames, &file, frames);
    contenders.insert(1, wscale(options, "wscale analyze", &["analyze"], &file, frames));
    compare("real", options, &contenders)
}

/// The command under test, as the benchmark profile built it unless the command line names another.
pub(crate) fn wscale(
    options: &Options,
    name: &'static str,
    arguments: &[&str],
    file: &Path,
    frames: u64,
) -> Contender {
    let mut command = vec![options.binary.clone()];
    command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    command.push(file.display().to_string());
    Contender { name, command, frames }
}

fn formats(options: &Options, file: &Path, frames: u64) -> [Contender; 3] {
    [
        wscale(options, "wscale analyze", &["analyze"], file, frames),
        wscale(options, "wscale analyze, json", &["analyze", "--format", "json"], file, frames),
        wscale(options, "wscale analyze, jsonl", &["analyze", "--format", "jsonl"], file, frames),
    ]
}

fn tcpdump(file: &Path, frames: u64) -> Contender {
    contender("tcpdump -r -w", &["tcpdump", "-r", &file.display().to_string(), "-w", "/dev/null"], frames)
}

fn others(file: &Path, frames: u64, part: &Path, part_frames: u64) -> Vec<Contender> {
    let (file, part) = (file.display().to_string(), part.display().to_string());
    vec![
        tcpdump(Path::new(&file), frames),
        contender("tcptrace -n -l -r -W", &["tcptrace", "-n", "-l", "-r", "-W", &file], frames),
        contender(
            "tshark -T fields",
            &["tshark", "-n", "-r", &part, "-T", "fields", "-e", "tcp.window_size"],
            part_frames,
        ),
    ]
}

fn contender(name: &'static str, command: &[&str], frames: u64) -> Contender {
    Contender { name, command: command.iter().map(|word| (*word).to_owned()).collect(), frames }
}

fn compare(title: &str, options: &Options, contenders: &[Contender]) -> Result<(), String> {
    let (there, missing): (Vec<&Contender>, Vec<_>) =
        contenders.iter().partition(|contender| is_there(&contender.command[0]));
    for contender in missing {
        println!("{title}: {} is not installed, left out", contender.command[0]);
    }
    let mut runs: Vec<Vec<Cost>> = there.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.runs {
        for (contender, runs) in there.iter().zip(&mut runs) {
            runs.push(measure::run(&contender.command)?);
        }
    }
    let costs: Vec<Cost> = runs.iter().map(|runs| measure::median(runs)).collect();
    let per_frame = |at: usize| costs[at].wall_s / there[at].frames as f64;
    println!("\n{title}, medians of {} runs:", options.runs);
    println!(
        "{:22} {:>10} {:>8} {:>8} {:>12} {:>14} {:>9}",
        "command", "frames", "wall s", "cpu s", "frames/s", "per frame", "peak MB"
    );
    for (at, (contender, cost)) in there.iter().zip(&costs).enumerate() {
        println!(
            "{:22} {:>10} {:>8.2} {:>8.2} {:>12.0} {:>8.2} x tcpd {:>9.1}",
            contender.name,
            contender.frames,
            cost.wall_s,
            cost.processor_s,
            contender.frames as f64 / cost.wall_s,
            per_frame(at) / per_frame(0),
            cost.peak_kib as f64 / 1024.0 * 1.048_576,
        );
    }
    Ok(())
}

/// Whether the program can be started at all.
pub(crate) fn is_there(program: &str) -> bool {
    program.contains('/') || Command::new(program).arg("--version").output().is_ok()
}
