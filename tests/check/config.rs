//! The policy file, and mistakes on the command line.

use std::fs;
use std::path::Path;

use crate::folder::Folder;

const FAULT: &str = "syn-set0-download.client.pcap";

#[test]
fn the_policy_file_is_found_upwards_and_can_be_left_out() {
    let folder = Folder::new();
    folder.write(".wscale.toml", "fail-on = 'never'\nbaseline = 'known.toml'\n");
    folder.write("known.toml", "version = 1\n[[accept]]\ncode = 'WS006'\n");
    let below = Path::new("a/b");
    fs::create_dir_all(folder.path("a/b")).unwrap();
    let file = format!("../../{FAULT}");
    let answer = folder.check_in(below, &[&file]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    // The baseline lies beside the file that names it.
    assert!(answer.stdout.contains("stale in the baseline: WS006"), "{}", answer.stdout);
    assert_eq!(folder.check_in(below, &["--fail-on", "problem", &file]).status, 1);
    assert_eq!(folder.check_in(below, &["--no-config", &file]).status, 1);
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let folder = Folder::new();
    folder.write("typo.toml", "# policy\nfail_on = 'never'\n");
    let answer = folder.check(&["--config", "typo.toml", FAULT]);
    assert_eq!(answer.status, 2);
    assert_eq!(answer.stderr, "wscale: 'typo.toml' line 2: unknown key 'fail_on'; did you mean 'fail-on'?\n");
    assert!(answer.stdout.is_empty());
}

#[test]
fn mistakes_are_answered_with_a_way_out() {
    let folder = Folder::new();
    let cases: [(&[&str], &str); 8] = [
        (&["--fail-on", "problems", FAULT], "did you mean 'problem'?"),
        (&["--min-confidence", "sure", FAULT], "possible, likely, proven"),
        (&["--min-shift", "15", FAULT], "15 is not in 0..=14"),
        (&["--expect-verdict", "helthy", FAULT], "did you mean 'healthy'?"),
        (&["--flows", "tcp", "--require-scaling", FAULT], "--flows must follow the expectation"),
        (&["--require-scaling", "--flows", "prot 80", FAULT], "cannot compile the filter 'prot 80'"),
        (&["--config", "none.toml", FAULT], "cannot read 'none.toml'"),
        (&["--format", "junit", "--format", "sarif", FAULT], "give the others an --output"),
    ];
    for (arguments, says) in cases {
        let answer = folder.check(arguments);
        assert_eq!(answer.status, 2, "{arguments:?}");
        assert!(answer.stderr.contains(says), "{arguments:?}: {}", answer.stderr);
    }
}

#[test]
fn the_short_help_fits_a_screen_and_the_long_help_is_the_manual() {
    let folder = Folder::new();
    let short = folder.check(&["-h"]).stdout;
    assert!(short.lines().count() <= 50, "{}", short.lines().count());
    let long = folder.check(&["--help"]).stdout;
    for part in ["Examples:", "Exit status:", "Policy file", "[[expect]]", "Baseline:"] {
        assert!(long.contains(part), "{part}");
    }
}
