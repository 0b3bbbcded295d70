//! Machine formats against their schemas and their documented syntax, with names that try to break out.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::folder::{FORMATS, Folder};
use crate::support::skipped::not_run;

/// XML, markup, workflow commands, terminal escapes, properties, and marks that turn the direction around.
const HOSTILE: [&str; 3] = [
    "a\"><failure b='&c' ]]> ,title=x::y%0A\n::error file=x::pwned\r\x1b[2J\u{9b}31m\u{202e}|`<img>.pcap",
    "::stop-commands::x.pcap",
    "##[error]x.pcap",
];

/// Runs that between them contain everything that a report can hold.
const RUNS: [&[&str]; 5] = [
    &["ok-download.client.pcap", "syn-set0-download.client.pcap", "srv-noscale-download.client.pcap"],
    &["--require-scaling", "--min-shift", "11", "--flows", "tcp", "srv-noscale-download.client.pcap"],
    &["--baseline", "accepted.toml", "syn-set0-download.client.pcap"],
    &["--baseline", "accepted.toml", "--require-scaling", "--flows", "ip6", "ok-download.client.pcap"],
    &["truncated.pcap", "empty.pcap", "missing.pcap"],
];

fn reports(format: &str) -> Vec<String> {
    let folder = Folder::new();
    folder.check(&["--write-baseline", "accepted.toml", "syn-set0-download.client.pcap"]);
    let mut reports = Vec::new();
    for run in RUNS {
        reports.push(folder.check(&[&["--format", format], run].concat()).stdout);
    }
    for (name, content) in
        HOSTILE.into_iter().zip(["syn-set0-download.client.pcap", "truncated.pcap", "empty.pcap"])
    {
        std::fs::copy(folder.path(content), folder.path(name)).unwrap();
    }
    let answer = folder.check(&[&["--format", format, "--min-shift", "11"], &HOSTILE[..]].concat());
    assert_eq!(answer.status, 2);
    harmless(&answer.stderr);
    reports.push(answer.stdout);
    reports
}

/// Nothing that a terminal acts on.
fn harmless(text: &str) {
    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(acts), "{text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    assert!(!text.contains("##["), "{text}");
}

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/schemas")
}

#[test]
fn sarif_validates_against_the_public_schema() {
    let schema = std::fs::read_to_string(schemas().join("sarif-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // The published schema has patterns with a stray `]`, which only lenient dialects of regular expressions
    // take. None of our reports has such a property.
    for object in ["run", "toolComponent"] {
        let properties = schema["definitions"][object]["properties"].as_object_mut();
        if let Some(language) = properties.and_then(|properties| properties.get_mut("language")) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
    for report in reports("sarif") {
        let report: Value = serde_json::from_str(&report).unwrap();
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let run = &report["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            let rule = &run["tool"]["driver"]["rules"][index];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["text"].as_str().unwrap().len() > 40);
        }
    }
}

#[test]
fn junit_validates_against_the_common_schema() {
    let Some(xmllint) = validator("xmllint", "libxml2-utils") else { return };
    let folder = tempfile::tempdir().unwrap();
    let schema = schemas().join("junit-10.xsd");
    assert!(!validates(
        &xmllint,
        &schema,
        &folder.path().join("none.xml"),
        "<testsuites><nonsense/></testsuites>"
    ));
    for (index, report) in reports("junit").iter().enumerate() {
        let file = folder.path().join(format!("{index}.xml"));
        assert!(validates(&xmllint, &schema, &file, report), "{report}");
    }
}

fn validates(xmllint: &str, schema: &Path, file: &Path, report: &str) -> bool {
    std::fs::write(file, report).unwrap();
    let mut command = Command::new(xmllint);
    command.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(file);
    command.output().unwrap().status.success()
}

/// A program that validates. In CI a missing one is a failure: a test that is skipped there proves nothing.
fn validator(program: &str, package: &str) -> Option<String> {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        not_run("reports validated by their schema", &format!("{program} is missing: install {package}"));
    }
    found.then(|| program.to_owned())
}

/// `::LEVEL [file=F,]title=T::MESSAGE`, with nothing in F, T and MESSAGE that must be escaped.
#[test]
fn annotations_have_the_documented_syntax() {
    for report in reports("github") {
        for line in report.lines() {
            let rest = line.strip_prefix("::").unwrap();
            let (level, rest) = rest.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{line}");
            let (properties, message) = rest.split_once("::").unwrap();
            let mut names = Vec::new();
            for property in properties.split(',') {
                let (name, value) = property.split_once('=').unwrap();
                names.push(name);
                escaped(value);
                assert!(!value.contains(':'), "{line}");
            }
            assert!(names == ["file", "title"] || names == ["title"], "{line}");
            escaped(message);
        }
    }
}

/// Every `%` begins one of the escapes that the runner undoes, and nothing else acts.
fn escaped(text: &str) {
    for (at, _) in text.match_indices('%') {
        let escape = text.get(at..at + 3).unwrap();
        assert!(["%25", "%0D", "%0A", "%3A", "%2C"].contains(&escape), "{text}");
    }
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[test]
fn names_cannot_break_out_of_any_format() {
    for format in FORMATS {
        for report in reports(format) {
            match format {
                "github" => assert!(!report.contains(|c: char| c.is_control() && c != '\n')),
                "json" | "jsonl" | "sarif" => {
                    assert!(!report.contains(|c: char| c.is_control() && c != '\n' && c != '\u{9b}'));
                }
                _ => harmless(&report),
            }
            if format == "markdown" {
                assert!(!report.contains("<img"), "{report}");
            }
        }
    }
}
