//! Every option of the policy in every format. The exit status and what must be said are written by hand, how it
//! looks is golden: UPDATE_GOLDEN=1 rewrites the files, never this table.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::folder::{FORMATS, Folder};
use crate::golden::golden;

struct Case {
    name: &'static str,
    arguments: &'static str,
    status: i32,
    /// What standard error says; empty is nothing.
    says: &'static str,
    /// Failing findings, unmet expectations, accepted findings, stale entries.
    counts: [u64; 4],
}

const OK: &str = "ok-download.client.pcap";
const FAULT: &str = "syn-set0-download.client.pcap";
const OFF: &str = "srv-noscale-download.client.pcap";

const fn case(
    name: &'static str,
    arguments: &'static str,
    status: i32,
    says: &'static str,
    counts: [u64; 4],
) -> Case {
    Case { name, arguments, status, says, counts }
}

const CASES: [Case; 24] = [
    case("default", "OK FAULT", 1, "", [1, 0, 0, 0]),
    case("default-clean", "OK OFF", 0, "", [0, 0, 0, 0]),
    case("fail-on-never", "--fail-on never FAULT", 0, "", [0, 0, 0, 0]),
    case("fail-on-note", "--fail-on note OFF", 1, "", [2, 0, 0, 0]),
    case("fail-on-code", "--fail-on ws101 OFF FAULT", 1, "", [1, 0, 0, 0]),
    case("fail-on-other-code", "--fail-on WS002,WS003 FAULT", 0, "", [0, 0, 0, 0]),
    case("fail-on-mixed", "--fail-on problem,server-declined-scaling OFF FAULT", 1, "", [2, 0, 0, 0]),
    case("min-confidence-likely", "--fail-on warning kernel-2.6.17-post.pcap", 0, "", [0, 0, 0, 0]),
    case(
        "min-confidence-possible",
        "--fail-on warning --min-confidence possible kernel-2.6.17-post.pcap",
        1,
        "",
        [1, 0, 0, 0],
    ),
    case(
        "min-confidence-proven",
        "--min-confidence proven syn-nop-download.server.pcap",
        0,
        "",
        [0, 0, 0, 0],
    ),
    case("require-scaling", "--require-scaling OK OFF", 1, "", [0, 1, 0, 0]),
    case("require-scaling-met", "--require-scaling OK", 0, "", [0, 0, 0, 0]),
    case("min-shift", "--min-shift 10 OK smallrcvbuf.client.pcap", 1, "", [0, 1, 0, 0]),
    case("expect-verdict", "--expect-verdict healthy,unproven OK OFF", 1, "", [0, 1, 0, 0]),
    case("flows", "--require-scaling --flows ip6 --min-shift 11 --flows tcp OK", 2, "ip6", [0, 1, 0, 0]),
    case("flows-unjudged", "--require-scaling --flows ip6 --allow-empty OK OFF", 0, "", [0, 0, 0, 0]),
    case("config", "--config strict.toml OFF", 1, "", [1, 1, 0, 0]),
    case("config-overruled", "--config strict.toml --fail-on never --min-shift 0 OK", 0, "", [0, 0, 0, 0]),
    case("baseline", "--baseline accepted.toml FAULT OFF", 0, "", [0, 0, 1, 0]),
    case("baseline-stale", "--baseline accepted.toml OK", 0, "", [0, 0, 0, 1]),
    case("write-baseline", "--write-baseline new.toml FAULT", 0, "", [0, 0, 1, 0]),
    case("nothing-to-judge", "empty.pcap trap-refused.pcap OK", 2, "nothing to judge", [0, 0, 0, 0]),
    case("allow-empty", "--allow-empty empty.pcap OK", 0, "", [0, 0, 0, 0]),
    case("truncated", "truncated.pcap missing.pcap", 2, "truncated", [1, 0, 0, 0]),
];

const STRICT: &str = "\
fail-on = 'note'
min-confidence = 'proven'

[[expect]]
flows = 'port 80'
min-shift = 10
";

#[test]
fn every_option_gives_its_status_and_its_report_in_every_format() {
    let folder = Folder::new();
    folder.write("strict.toml", STRICT);
    folder.check(&["--write-baseline", "accepted.toml", FAULT]);
    for case in &CASES {
        for format in FORMATS {
            let arguments = case.arguments.split(' ').map(|word| match word {
                "OK" => OK,
                "FAULT" => FAULT,
                "OFF" => OFF,
                word => word,
            });
            let arguments: Vec<&str> = ["--format", format].into_iter().chain(arguments).collect();
            let answer = folder.check(&arguments);
            assert_eq!(answer.status, case.status, "{} {format}: {}", case.name, answer.stderr);
            assert_eq!(answer.stderr.is_empty(), case.says.is_empty(), "{}: {}", case.name, answer.stderr);
            assert!(answer.stderr.contains(case.says), "{}: {}", case.name, answer.stderr);
            if format == "json" {
                assert_eq!(counts(&answer.stdout), case.counts, "{}", case.name);
            }
            let report = if format == "sarif" { without_texts(&answer.stdout) } else { answer.stdout };
            golden("check", &format!("{}.{format}", case.name), &report);
        }
    }
}

fn counts(report: &str) -> [u64; 4] {
    let report: Value = serde_json::from_str(report).unwrap();
    let check = &report["check"];
    let count = |name: &str| check[name].as_u64().unwrap();
    let stale = check["stale"].as_array().unwrap().len() as u64;
    [count("failing_findings"), count("failing_expectations"), count("accepted_findings"), stale]
}

/// The texts of the rules are golden elsewhere, and there is a version in it.
fn without_texts(report: &str) -> String {
    let mut report: Value = serde_json::from_str(report).unwrap();
    let driver = &mut report["runs"][0]["tool"]["driver"];
    driver["version"] = Value::from("VERSION");
    driver["rules"] = Value::from("RULES");
    format!("{report:#}\n")
}

#[test]
fn every_golden_file_belongs_to_a_case() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/check");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (case, format) = name.rsplit_once('.').unwrap();
        assert!(CASES.iter().any(|other| other.name == case) && FORMATS.contains(&format), "{name}");
    }
}

#[test]
fn the_table_knows_every_format_and_every_option() {
    let folder = Folder::new();
    let help = folder.check(&["--help"]).stdout;
    for format in FORMATS {
        assert!(help.contains(&format!("- {format}:")), "{format}");
    }
    let (_, policy) = help.split_once("\nPolicy:\n").unwrap();
    let (policy, _) = policy.split_once("\nOutput:\n").unwrap();
    let options = policy.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.map(|option| option.trim_matches(|c: char| !c.is_alphanumeric() && c != '-')) {
        // Both have tests of their own.
        let elsewhere = ["--no-config"].contains(&option);
        assert!(elsewhere || CASES.iter().any(|case| case.arguments.contains(option)), "{option}");
    }
}
