//! The lab: real TCP stacks of this machine's kernel talk through a box that does to them what boxes
//! do, and wscale must say from captures of either side what was done, and accuse nobody else.
//!
//! `cargo test --test lab -- --help` says what it can do. It needs Linux, iproute2, ethtool and
//! tcpdump, and root or user namespaces; where it cannot run it says so in one line, and only where
//! `CI` is set is that a failure.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, and this is its output"
)]
#![expect(clippy::disallowed_methods, reason = "the lab lives in real time")]

mod agreement;
mod capture;
mod cell;
mod compared;
mod crowd;
mod crowd_judge;
mod expect;
mod faults;
mod forwarder;
mod frame;
mod interruption;
mod judge;
mod matrix;
mod namespaces;
mod oddities;
mod options;
mod own;
mod promptness;
mod record;
mod report;
mod retouch;
mod scenario;
mod supervisor;
mod topology;
mod traffic;
mod transfer;
mod worker;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::crowd_judge::CROWD_CELLS;
use crate::options::{HELP, Options, is_ci};
use crate::supervisor::Ending;
use crate::transfer::CELLS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::parse(arguments.iter().cloned());
    let ending = if options.help {
        println!("{HELP}");
        Ok(ExitCode::SUCCESS)
    } else if options.list {
        list(&options);
        Ok(ExitCode::SUCCESS)
    } else if let Some(directory) = &options.worker {
        worker::work(directory, &options).map(|()| ExitCode::SUCCESS)
    } else {
        run(&options, &arguments)
    };
    ending.unwrap_or_else(|error| {
        eprintln!("lab: {error:#}");
        ExitCode::FAILURE
    })
}

/// For people the transfers; for nextest one test.
fn list(options: &Options) {
    if options.terse {
        if !options.ignored {
            println!("matrix: test");
        }
        return;
    }
    for scenario in matrix::all().iter().filter(|scenario| options.wants(&scenario.name)) {
        println!("{:<40}  {}", scenario.name, scenario.what);
    }
    for crowd in crowd::all().iter().filter(|crowd| options.wants(&crowd.scenario.name)) {
        println!("{:<40}  {}", crowd.scenario.name, crowd.scenario.what);
    }
}

fn run(options: &Options, arguments: &[String]) -> Result<ExitCode> {
    let start = Instant::now();
    let checks_interruption = options.record.is_none()
        && !options.no_interruption
        && matrix::all().iter().any(|one| options.wants(&one.name));
    let mut interruption = None;
    if checks_interruption {
        interruption = Some(interruption::survive());
    }
    let directory = tempfile::Builder::new().prefix("wscale-lab-").tempdir()?;
    let report = supervisor::run(directory, arguments)?;
    if let Ending::Interrupted(signal) = report.ending {
        println!("lab: stopped by {signal}");
        let code = 128 + u8::try_from(signal as i32).unwrap_or(0);
        for left in &report.left_behind {
            println!("lab: left behind: {left}");
        }
        return Ok(if report.left_behind.is_empty() { ExitCode::from(code) } else { ExitCode::FAILURE });
    }
    let [mut passed, mut failed, mut ignored] = report.told.counts.unwrap_or_default();
    match &report.ending {
        Ending::Refused(why) => {
            let transfers = matrix::all().iter().filter(|one| options.wants(&one.name)).count();
            let crowds = crowd::all().iter().filter(|one| options.wants(&one.scenario.name)).count();
            println!(
                "lab: not run: {transfers} transfers and {crowds} crowds between network namespaces: {why}"
            );
            ignored = CELLS * transfers + CROWD_CELLS * crowds;
            failed += usize::from(is_ci());
        }
        Ending::Done(well) if !well || report.told.counts.is_none() => {
            println!("lab: the worker failed");
            failed += 1;
        }
        _ => {
            let clean = report.left_behind.is_empty();
            println!("{}  nothing is left behind", if clean { "ok   " } else { "WRONG" });
            (passed, failed) = (passed + usize::from(clean), failed + usize::from(!clean));
            if let Some(survived) = interruption {
                let (word, why) = survived
                    .map_or_else(|why| ("WRONG", format!(": {why:#}")), |()| ("ok   ", String::new()));
                println!("{word}  nothing is left behind after an interruption{why}");
                let well = why.is_empty();
                (passed, failed) = (passed + usize::from(well), failed + usize::from(!well));
            }
        }
    }
    for left in &report.left_behind {
        println!("lab: left behind: {left}");
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out; \
         finished in {:.2}s",
        start.elapsed().as_secs_f64()
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
