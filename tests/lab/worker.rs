//! The half of the lab that makes namespaces, in a process that takes everything with it when it dies.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, anyhow, ensure};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};

use crate::capture::Tool;
use crate::crowd_judge::CROWD_CELLS;
use crate::namespaces::{Namespace, note};
use crate::options::{Options, is_ci};
use crate::report::{self, Row};
use crate::scenario::Scenario;
use crate::transfer::{Bench, CELLS, Run};
use crate::{crowd, crowd_judge, matrix, record, topology};

/// More wrong cells than this are no accident of timing: they are not tried again.
const SECOND_TRIES: usize = 12;
/// Something hangs if it takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(8 * 60);
const REGISTER: &str = "register";

/// What the worker tells the supervisor, by files in the lab's directory.
pub(crate) struct Told {
    /// Namespaces that must be gone: `net:[...]`, `pid:[...]`.
    pub(crate) spaces: Vec<String>,
    /// Passed, failed and skipped cells.
    pub(crate) counts: Option<[usize; 3]>,
    /// Why there is no lab on this machine.
    pub(crate) refusal: Option<String>,
}

impl Told {
    pub(crate) fn read(directory: &Path) -> Self {
        let register = fs::read_to_string(directory.join(REGISTER)).unwrap_or_default();
        let counts = fs::read_to_string(directory.join("counts")).unwrap_or_default();
        let counts: Vec<usize> = counts.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        Self {
            spaces: register.lines().map(str::to_owned).collect(),
            counts: counts.try_into().ok(),
            refusal: fs::read_to_string(directory.join("refusal")).ok(),
        }
    }
}

/// Runs the matrix, or records one cell of it.
pub(crate) fn work(directory: &Path, options: &Options) -> Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    // The supervisor's mask is inherited, and would be by tcpdump, which must hear SIGTERM.
    SigSet::all().thread_unblock()?;
    thread::spawn(|| {
        thread::sleep(TIME_LIMIT);
        eprintln!("lab: not done after {} s", TIME_LIMIT.as_secs());
        std::process::exit(1);
    });
    let register = directory.join(REGISTER);
    note(&register, &fs::read_link("/proc/self/ns/pid")?.to_string_lossy())?;
    if let Err(why) = Namespace::new(&register) {
        return Ok(fs::write(
            directory.join("refusal"),
            format!("cannot make a network namespace: {why:#}"),
        )?);
    }
    if let Some(keep) = &options.keep {
        fs::create_dir_all(keep).with_context(|| format!("cannot make {}", keep.display()))?;
    }
    let bench = Bench {
        directory: options.keep.clone().unwrap_or_else(|| directory.to_owned()),
        register,
        tool: if options.user_namespace { Tool::Libpcap } else { Tool::Tcpdump },
        frames: None,
    };
    if let Some(missing) = missing_tool(bench.tool) {
        return Ok(fs::write(directory.join("refusal"), format!("{missing} is not installed"))?);
    }
    if let Some((cell, target)) = &options.record {
        record::record(&bench, cell, target)?;
        return Ok(fs::write(directory.join("counts"), "1 0 0")?);
    }
    let counts = matrix(&bench, options)?;
    fs::write(directory.join("counts"), counts.map(|count| count.to_string()).join(" "))?;
    Ok(())
}

fn matrix(bench: &Bench, options: &Options) -> Result<[usize; 3]> {
    let wanted: Vec<Scenario> =
        matrix::all().into_iter().filter(|scenario| options.wants(&scenario.name)).collect();
    let lacking = lacking(&bench.register, &wanted)?;
    for fact in lacking.iter().map(|(_, fact)| fact).collect::<BTreeSet<_>>() {
        println!("lab: {fact}");
    }
    let (possible, impossible): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|scenario| !lacking.iter().any(|(name, _)| *name == scenario.name));
    println!(
        "lab: {} transfers, {} cells, {} at a time, captured with {:?} and wscale",
        possible.len(),
        possible.len() * CELLS,
        options.jobs,
        bench.tool
    );
    let mut rows = run_all(bench, possible, options.jobs);
    second_tries(bench, &mut rows);
    print!("{}", report::HEADING);
    for (scenario, row) in &rows {
        print!("{}", row.lines(scenario));
    }
    for scenario in &impossible {
        println!("skip   {:<36}  {}", scenario.name, scenario.what);
    }
    print!("\n{}", report::counts(&rows));
    if rows.len() > 50 {
        print!("\n{}", report::rates(&rows));
    }
    let cells = rows.iter().flat_map(|(_, row)| &row.cells);
    let (wrong, right): (Vec<_>, Vec<_>) = cells.partition(|cell| cell.complaint.is_some());
    let [crowds_right, crowds_wrong, crowds_skipped] = crowds(bench, options)?;
    Ok([right.len() + crowds_right, wrong.len() + crowds_wrong, impossible.len() * CELLS + crowds_skipped])
}

/// Many connections at once, one box after the other: each keeps the machine busy.
fn crowds(bench: &Bench, options: &Options) -> Result<[usize; 3]> {
    let mut counts = [0; 3];
    let [right, wrong, skipped] = &mut counts;
    for crowd in crowd::all().iter().filter(|crowd| options.wants(&crowd.scenario.name)) {
        if let Some((_, fact)) = lacking(&bench.register, std::slice::from_ref(&crowd.scenario))?.first() {
            println!("skip   {:<36}  {fact}", crowd.scenario.name);
            *skipped += CROWD_CELLS;
            continue;
        }
        for cell in crowd_judge::cells(bench, crowd) {
            match cell.outcome {
                Ok(said) => {
                    println!("ok     {}: {said}", cell.name);
                    *right += 1;
                }
                Err(why) => {
                    println!("WRONG  {}  <- {why:#}", cell.name);
                    *wrong += 1;
                }
            }
        }
    }
    Ok(counts)
}

fn run_all(bench: &Bench, scenarios: Vec<Scenario>, jobs: usize) -> Vec<(Scenario, Row)> {
    let waiting: Mutex<VecDeque<(usize, Scenario)>> = Mutex::new(scenarios.into_iter().enumerate().collect());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((index, scenario)) =
                    waiting.lock().ok().and_then(|mut queue| queue.pop_front())
                {
                    let row = run_one(bench, &scenario);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, scenario, row));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, ..)| *index);
    done.into_iter().map(|(_, scenario, row)| (scenario, row)).collect()
}

fn run_one(bench: &Bench, scenario: &Scenario) -> Row {
    match bench.run(scenario) {
        Ok(run) => judge(bench, scenario, &run),
        Err(error) => Row::broken(&format!("{error:#}")),
    }
}

fn judge(bench: &Bench, scenario: &Scenario, run: &Run) -> Row {
    let row = Row::judge(scenario, run);
    // Captures that were asked for are kept, and so are those somebody will want to look at.
    if bench.directory.join(REGISTER).exists() && row.is_right() {
        for capture in run.captures.iter().chain(run.own.iter().map(|beside| &beside.seen.file)) {
            fs::remove_file(capture).ok();
        }
    }
    row
}

/// A machine that was busy at the wrong moment may have spoilt the evidence: what was not proven is
/// tried once more, alone. A false accusation is not: no moment excuses it.
fn second_tries(bench: &Bench, rows: &mut [(Scenario, Row)]) {
    let again: Vec<_> = rows.iter_mut().filter(|(_, row)| !row.is_right()).collect();
    if again.len() > SECOND_TRIES {
        return;
    }
    for (scenario, row) in again {
        if !row.cells.iter().any(|cell| cell.false_alarm) {
            let first = row.complaint();
            *row = run_one(bench, scenario);
            row.first_run = Some(first);
        }
    }
}

/// The scenarios for which this kernel lacks something, each with what it lacks.
fn lacking(register: &Path, scenarios: &[Scenario]) -> Result<Vec<(String, String)>> {
    let space = Namespace::new(register)?;
    let available = space.within(|| {
        let path = "/proc/sys/net/ipv4/tcp_available_congestion_control";
        fs::read_to_string(path).context("congestion controls")
    })?;
    let mut lacking = Vec::new();
    for scenario in scenarios {
        let control = scenario.client.congestion;
        if !available.split_whitespace().any(|name| name == control) {
            lacking
                .push((scenario.name.clone(), format!("this kernel lacks the congestion control {control}")));
        }
        let Some(kernel_box) = scenario.kernel_box else { continue };
        if let Err(why) = topology::firewall(&Namespace::new(register)?, kernel_box, scenario.ipv6) {
            // A kernel is what it is; a tool that is not installed is an omission.
            ensure!(!is_missing(&why) || !is_ci(), "{why:#}");
            let fact = format!("this machine lacks {}: {why:#}", kernel_box.feature());
            lacking.push((scenario.name.clone(), fact));
        }
    }
    Ok(lacking)
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn missing_tool(tool: Tool) -> Option<&'static str> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let exists =
        |name: &&&str| std::env::split_paths(&path).any(|folder: PathBuf| folder.join(name).exists());
    let needed: &[&str] =
        if tool == Tool::Tcpdump { &["ip", "ethtool", "tcpdump"] } else { &["ip", "ethtool"] };
    needed.iter().find(|name| !exists(name)).copied()
}

/// The scenario called `name`.
pub(crate) fn find(name: &str) -> Result<Scenario> {
    matrix::all()
        .into_iter()
        .find(|scenario| scenario.name == name)
        .ok_or_else(|| anyhow!("no transfer is called '{name}'; --list names them all"))
}
