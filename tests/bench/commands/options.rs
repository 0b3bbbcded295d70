//! What the command line asks for.

use std::path::PathBuf;
use std::process::Command;

/// What is measured, and how.
#[derive(Debug)]
pub(crate) struct Options {
    /// Runs of each command.
    pub(crate) runs: usize,
    /// Frames are divided by this, for a quick look.
    pub(crate) divide: u64,
    /// Where the captures are written; they stay for the next run.
    pub(crate) folder: PathBuf,
    /// The wscale that is measured.
    pub(crate) binary: String,
    /// A folder with captures of real traffic.
    pub(crate) real: Option<PathBuf>,
    /// Which parts.
    pub(crate) parts: Vec<String>,
}

const PARTS: [&str; 6] = ["bulk", "short", "flood", "real", "scaling", "instructions"];

const HELP: &str = "\
Usage: cargo bench --bench commands -- [--runs N] [--divide N] [PART...]

Parts, all by default:
  bulk          8,000,000 frames of 8 downloads, 96 bytes captured of each
  short         300,000 connections of 14 frames
  flood         5,000,000 single SYNs
  real          all captures of the folder --real as one: what the lab's kernels sent, for instance
  scaling       short, 1, 2, 4 and 8 times as long: the cost per frame
  instructions  instructions per frame, counted by valgrind: comparable between changes

  --runs N      runs of each command, interleaved; the median is shown (5)
  --divide N    captures a Nth as long, for a quick look (1)
  --real DIR    a folder with captures, as `cargo test --test lab -- --keep DIR` leaves one
  --wscale PATH another build of wscale, to compare changes

tcpdump, tcptrace, tshark and valgrind are Debian's packages of these names; what is missing is named and left out.";

impl Options {
    /// `None` when only help was asked for.
    pub(crate) fn parse(arguments: &[String]) -> Result<Option<Self>, String> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
        let binary = env!("CARGO_BIN_EXE_wscale").to_owned();
        let mut options = Self { runs: 5, divide: 1, folder, binary, real: None, parts: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
                value.filter(|value| *value > 0).ok_or(format!("{argument} needs a number"))
            };
            match argument.as_str() {
                "--help" => {
                    println!("{HELP}");
                    return Ok(None);
                }
                "--runs" => options.runs = number()? as usize,
                "--divide" => options.divide = number()?,
                "--real" => options.real = Some(arguments.next().ok_or("--real needs a folder")?.into()),
                "--wscale" => {
                    options.binary.clone_from(arguments.next().ok_or("--wscale needs a path")?);
                }
                // cargo adds it.
                "--bench" => {}
                part => options.parts.push(part.to_owned()),
            }
        }
        if options.parts.is_empty() {
            options.parts = PARTS.map(str::to_owned).to_vec();
        }
        Ok(Some(options))
    }
}

/// The machine, for whoever reads the table later.
pub(crate) fn print_machine() {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": ?");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} x {}, Linux {}", model.trim_start_matches(['\t', ':', ' ']), kernel());
}

fn kernel() -> String {
    let output = Command::new("uname").arg("-r").output();
    output.map_or("?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
