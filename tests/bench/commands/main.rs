//! wscale beside tcpdump, tcptrace and tshark, on the same captures, interleaved in one run.
//!
//! `cargo bench --bench commands -- --help` says what it can do. Timings are ratios of medians: absolute
//! numbers are of this machine only.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, and this is its output"
)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark: it measures real time, and may end with a panic"
)]

mod capture;
mod comparison;
mod instructions;
mod measure;
mod options;
mod scaling;
#[path = "../traffic.rs"]
mod traffic;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((flag, command)) if flag == measure::FLAG => measure::measure_one(command),
        _ => Options::parse(&arguments).and_then(|options| options.map_or(Ok(()), |options| run(&options))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("commands: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    options::print_machine();
    for part in &options.parts {
        match part.as_str() {
            "bulk" => comparison::bulk(options)?,
            "short" => comparison::short(options)?,
            "flood" => comparison::flood(options)?,
            "real" => comparison::real(options)?,
            "scaling" => scaling::run(options)?,
            "instructions" => instructions::run(options)?,
            other => return Err(format!("there is no part '{other}'")),
        }
    }
    Ok(())
}
