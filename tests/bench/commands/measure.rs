//! What one command costs: wall time, processor time, and memory at its peak.
//!
//! The system reports the peak of the largest child ever waited for, so every command is run by a process of
//! its own that has no other child: this program again, with [`FLAG`] before the command.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// The argument that makes this program measure one command and print what it cost.
pub(crate) const FLAG: &str = "--measure-one";

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From start to end.
    pub(crate) wall_s: f64,
    /// User and system time.
    pub(crate) processor_s: f64,
    /// The largest resident set.
    pub(crate) peak_kib: u64,
}

/// Runs `command` once.
pub(crate) fn run(command: &[String]) -> Result<Cost, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .arg(FLAG)
        .args(command)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [wall, processor, peak] = fields[..] else {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    };
    let number = |text: &str| text.parse::<f64>().map_err(|error| error.to_string());
    Ok(Cost { wall_s: number(wall)?, processor_s: number(processor)?, peak_kib: number(peak)? as u64 })
}

/// What [`FLAG`] does: runs the command with its output thrown away, and prints the cost.
pub(crate) fn measure_one(command: &[String]) -> Result<(), String> {
    let [program, arguments @ ..] = command else { return Err("no command to measure".to_owned()) };
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let wall = begin.elapsed();
    if !status.success() {
        return Err(format!("{program}: {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let processor = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{} {processor} {}", wall.as_secs_f64(), usage.max_rss());
    Ok(())
}

/// The middle one of an odd number of runs, each column by itself.
pub(crate) fn median(runs: &[Cost]) -> Cost {
    let middle = |value: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Cost {
        wall_s: middle(|cost| cost.wall_s),
        processor_s: middle(|cost| cost.processor_s),
        peak_kib: middle(|cost| cost.peak_kib as f64) as u64,
    }
}
