//! The whole output, per format and host. `WSCALE_BLESS=1 cargo test` writes the files anew; read the diff.

use crate::{fixture, printed};

const CASES: [(&str, &str, &[&str]); 12] = [
    ("linux-6.18", "text", &[]),
    ("linux-6.18", "text", &["--peer", "198.51.100.7", "--peer", "2001:db8::7", "--rtt", "0.5,200ms"]),
    ("linux-6.18", "sh", &[]),
    ("linux-6.18", "sh", &["--option", "scaling-off"]),
    ("linux-6.18", "sysctl", &["--max-shift", "0"]),
    ("linux-6.18", "json", &[]),
    ("linux-6.18-post-rmem", "text", &["--option", "buffers"]),
    ("linux-5.10", "sysctl", &[]),
    ("linux-2.6.17", "text", &["--option", "buffers"]),
    ("namespace-without-core", "text", &["--option", "buffers"]),
    ("garbage", "text", &[]),
    ("garbage", "sh", &[]),
];

#[test]
fn the_output_is_the_recorded_one() {
    let bless = std::env::var_os("WSCALE_BLESS").is_some();
    let mut wrong = Vec::new();
    for (root, format, arguments) in CASES {
        let words: Vec<_> =
            std::iter::once(&root).chain(arguments).map(|word| word.trim_start_matches('-')).collect();
        let name = words.join("_").replace([':', ','], "-");
        let path = fixture("workarounds").join(format!("{name}.{format}"));
        let actual = printed(root, &[arguments, &["--format", format]].concat());
        if bless {
            std::fs::write(&path, &actual).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != actual {
            wrong.push(format!("{}\n{actual}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_format_has_a_recorded_output() {
    for format in wscale::workarounds::format::names() {
        assert!(CASES.iter().any(|(_, of_case, _)| *of_case == format), "{format}");
    }
}

#[test]
fn prose_fits_into_80_columns() {
    let text = printed("linux-6.18", &["--peer", "198.51.100.7"]);
    let commands = ["ip route", "nft ", "tcpdump", "ip daddr", "ip saddr", "ExecStart", "echo", "sysctl"];
    for line in text.lines().filter(|line| line.chars().count() > 80) {
        assert!(commands.iter().any(|command| line.contains(command)), "{line}");
    }
}
