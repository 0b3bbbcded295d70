//! What is fuzzed of the parsers of text: policies and baselines, reports, routes, and a host's /proc. Each
//! function takes any bytes; what was read may be printed, so it is checked that it acts on nobody.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use wscale::detect::RULES;
use wscale::policy::config::Config;
use wscale::policy::{Baseline, Demand, FailOn, confidence};
use wscale::workarounds::{Request, advise, format, report_input, route::Route};

/// The files of /proc that are read, below its root.
const PROC: [&str; 8] = [
    "sys/kernel/osrelease",
    "sys/net/ipv4/tcp_window_scaling",
    "sys/net/ipv4/tcp_rmem",
    "sys/net/ipv4/tcp_wmem",
    "sys/net/core/rmem_max",
    "sys/net/core/wmem_max",
    "net/fib_trie",
    "net/if_inet6",
];

/// What `check` is told: the first byte chooses a policy, a baseline, or the value of an option.
pub(crate) fn policy(bytes: &[u8]) {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match choice % 5 {
        0 => match Config::parse(text) {
            Ok(config) => config.expectations.iter().for_each(|expectation| {
                assert!(!expectation.wording().is_empty());
                demanded(&expectation.demand);
            }),
            Err(error) => assert!(!error.is_empty()),
        },
        1 => match Baseline::parse(text) {
            Ok(baseline) => assert!(baseline.stale().all(|entry| !entry.to_string().contains('\n'))),
            Err(error) => assert!(!error.is_empty()),
        },
        2 => {
            if let Ok(fail_on) = FailOn::parse(text.split(',')) {
                let _ = RULES.iter().filter(|rule| fail_on.includes(rule)).count();
            }
        }
        3 => drop(Demand::verdicts(text).map(|demand| demanded(&demand))),
        _ => drop(confidence(text).map(|confidence| assert_eq!(confidence.name(), text))),
    }
}

/// What was read can be said, and read again.
fn demanded(demand: &Demand) {
    match demand {
        Demand::Scaling => {}
        Demand::MinShift(shift) => assert!(*shift <= 14),
        Demand::Verdict(verdicts) => {
            let names: Vec<&str> = verdicts.iter().map(|verdict| verdict.name()).collect();
            assert_eq!(Demand::verdicts(&names.join(",")).as_ref(), Ok(demand));
        }
    }
}

/// What `workarounds` reads: the first byte chooses a report, a route, or a host, whose files are separated by
/// a zero.
pub(crate) fn workarounds(bytes: &[u8]) {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    match choice % 3 {
        0 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            let Ok(report) = report_input::parse(text) else { return };
            advised(Request { report: Some(report), ..request(Vec::new()) });
        }
        1 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            let Ok(route) = Route::parse(text, peer) else { return };
            for command in [route.replace(peer, 65_535), route.undo(peer)] {
                assert!(
                    command.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .:/_@%+-".contains(&byte)),
                    "{command}"
                );
            }
        }
        _ => {
            let root = std::env::temp_dir().join(format!("wscale-fuzz-{}", std::process::id()));
            for (name, content) in
                PROC.iter().zip(rest.split(|byte| *byte == 0).chain(std::iter::repeat(&[][..])))
            {
                let path = root.join(name);
                fs::create_dir_all(path.parent().unwrap_or(&root)).expect("a folder for the files");
                fs::write(path, content).expect("a file of /proc");
            }
            advised(Request { proc_root: root.clone(), ..request(vec![peer]) });
            let _ = fs::remove_dir_all(root);
        }
    }
}

fn request(peers: Vec<IpAddr>) -> Request {
    Request {
        proc_root: "/nonexistent".into(),
        ask_routes: false,
        peers,
        report: None,
        role: None,
        max_shift: None,
        rtts_ms: vec![20.0, 100.0],
        option: None,
    }
}

/// The advice is printed in every format. Nothing in it acts on a terminal, and a script holds only its own lines.
fn advised(request: Request) {
    let advice = advise(request);
    for name in format::names() {
        let printed = format::print(name, &advice);
        assert!(printed.chars().all(|c| !c.is_control() || c == '\n'), "{name}: {printed:?}");
        assert!(printed.is_ascii(), "{name}: {printed:?}");
    }
}
