//! The compiler of the text notation, held against bytes computed by hand and against tshark.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::options::Opt;
use support::timeline::Said;
use support::{Compiled, compile};

const HEAD: &str = "# A test.\n# vantage: client side\n# origin: synthetic\n";

fn good(lines: &str) -> Compiled {
    compile(&format!("{HEAD}{lines}")).unwrap()
}

fn error(lines: &str) -> String {
    compile(&format!("{HEAD}{lines}")).err().unwrap()
}

#[test]
fn a_syn_is_these_bytes() {
    let file = good(
        "# isn: client=305419896\n# client: 10.1.0.1:40000\n# server: 10.1.0.2:80\n\
         0.5 > S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 10>\n",
    );
    #[rustfmt::skip]
    let by_hand = [
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
        // 1150156800 s, 500000 us, 74 bytes captured and on the wire
        0x00, 0x00, 0x8e, 0x44, 0x20, 0xa1, 0x07, 0x00, 74, 0, 0, 0, 74, 0, 0, 0,
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
        0x45, 0, 0, 60, 0, 2, 0x40, 0, 64, 6, 0x26, 0xb6, 10, 1, 0, 1, 10, 1, 0, 2,
        0x9c, 0x40, 0, 80, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0xa0, 0x02, 0xfa, 0xf0, 0x33, 0xca, 0, 0,
        2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 10,
    ];
    assert_eq!(file.capture.bytes(), by_hand);
}

#[test]
fn byte_order_and_precision_are_those_of_the_header() {
    let file = good("# order: big\n# precision: nano\n0.000000007 > S 0:0(0) win 1\n").capture.bytes();
    assert_eq!(file[..8], [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]);
    assert_eq!(file[24..32], [0x44, 0x8e, 0, 0, 0, 0, 0, 7]);
}

#[test]
fn timestamps_echo_what_had_arrived() {
    let compiled = good(
        "# delay: client=0 server=20\n# ts: client=1000 server=9000\n\
         0.000 > S  0:0(0) win 9 <TS>\n\
         0.040 < S. 0:0(0) ack 1 win 9 <TS>\n\
         0.040 > .  1:1(0) ack 1 win 9\n\
         0.041 > P. +10 ack 1\n\
         0.079 < .  +5 ack 1    # sent at 0.059, so the request (there at 0.061) is not yet known\n\
         0.081 < .  +5 ack all\n",
    );
    let stamps: Vec<(u32, u32)> = compiled
        .said
        .iter()
        .map(|said| {
            let options = said.as_ref().unwrap().options.as_ref().unwrap();
            let Some(Opt::Ts(Some(stamps))) = options.last() else { panic!("no timestamps") };
            *stamps
        })
        .collect();
    assert_eq!(stamps, [(1000, 0), (9020, 1000), (1040, 9020), (1041, 9020), (9059, 1000), (9061, 1041)]);
    assert_eq!(compiled.said[5].as_ref().unwrap().tcp.ack, 100_000 + 11);
}

#[test]
fn a_segment_from_afar_was_sent_before_the_capture_began() {
    let compiled = good(
        "# delay: client=20 server=0\n# ts: client=1000 server=9000\n\
         0.000 > S  0:0(0) win 9 <TS>\n0.000 < S. 0:0(0) ack 1 win 9 <TS>\n0.040 > . 1:1(0) ack 1 <TS>\n",
    );
    let options = compiled.said.into_iter().map(|said| said.unwrap().options.unwrap());
    let stamps: Vec<Vec<Opt>> = options.collect();
    assert_eq!(stamps[0], [Opt::Ts(Some((980, 0)))]);
    assert_eq!(stamps[1], [Opt::Ts(Some((9000, 980)))]);
    assert_eq!(stamps[2], [Opt::Ts(Some((1020, 9000)))]);
}

#[test]
fn loops_write_their_rounds() {
    let compiled = good("0 > . 1:1(0) ack 0 win 1\nrepeat 3 {\n+0.1 > P. +{10,20} ack same win {5+i}\n}\n");
    let rounds: Vec<(u32, u32, u16)> = compiled.said[1..]
        .iter()
        .map(|said| said.as_ref().map(|said| (said.tcp.seq - 100_000, said.tcp.len, said.tcp.win)).unwrap())
        .collect();
    assert_eq!(rounds, [(1, 10, 5), (11, 20, 6), (31, 10, 7)]);
}

#[test]
fn bad_text_is_refused_with_its_line() {
    for (lines, want) in [
        ("0 > X 0:0(0)", "line 4: unknown flag 'X'"),
        ("0 > S 0:5(4)", "line 4: 0:5 is not 4 bytes"),
        ("0 > S 0:0(0) <wscala 7>", "line 4: unknown option 'wscala 7'"),
        ("0 > S 0:0(0) <mss 1460", "line 4: '<' without '>'"),
        ("0 > . 1:1(0)", "line 4: the flag '.' needs an 'ack'"),
        ("0 > S 0:0(0) ; frob", "line 4: unknown modifier 'frob'"),
        ("x > S 0:0(0)", "line 4: 'x' is not a time in seconds"),
        ("0 [2] > S 0:0(0)", "line 4: there is no such flow"),
        ("0 > S 0:0(0)\n0 > . 1:1(0) ack 1", "line 5: ack 1, but only 0 had arrived at the sender"),
        ("}", "line 4: '}' without 'repeat'"),
        ("repeat 2 {", "line 4: 'repeat' without '}'"),
        ("# vantge: here", "line 4: unknown header 'vantge'"),
        ("# link: token-ring", "line 1: unknown link 'token-ring'"),
    ] {
        assert_eq!(error(lines), want);
    }
    assert_eq!(compile("# Purpose.\n# vantage: here\n").err().unwrap(), "line 1: the fixture has no origin");
}

/// The independent reader: every number that the text gives must come back out of tshark.
#[test]
fn tshark_reads_what_the_text_says() {
    if Command::new("tshark").arg("--version").output().is_err() {
        support::skipped::not_run("the fixtures compared with tshark", "it is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let paths = support::files("text", "txt");
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = paths.chunks(paths.len().div_ceil(workers));
        let running: Vec<_> = parts
            .map(|part| {
                scope.spawn(|| {
                    part.iter().flat_map(|path| differences(path, folder.path())).collect::<Vec<_>>()
                })
            })
            .collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where tshark reads a fixture otherwise than its text says.
fn differences(path: &Path, folder: &Path) -> Vec<String> {
    let compiled = support::compile_file(path);
    if compiled.headers.link == "user0" {
        return Vec::new();
    }
    let name = support::name(path);
    let file = folder.join(format!("{name}.{}", compiled.capture.extension()));
    fs::write(&file, compiled.capture.bytes()).unwrap();
    let rows = tshark(&file);
    assert_eq!(rows.len(), compiled.said.len(), "{name}: frames");
    let mut wrong = Vec::new();
    for (at, (said, row)) in compiled.said.iter().zip(&rows).enumerate() {
        let Some(said) = said else { continue };
        let want = expectation(said);
        if row.len() != want.len() || want.iter().zip(row).any(|(want, got)| want != "*" && want != got) {
            wrong.push(format!("{name} frame {} (line {}): {want:?}, tshark {row:?}", at + 1, said.line));
        }
    }
    wrong
}

const FIELDS: [&str; 10] = [
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.window_size_value",
    "tcp.len",
    "tcp.flags",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr",
    "tcp.options.sack_perm",
];

fn tshark(file: &Path) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "ip.defragment:FALSE", "-T", "fields", "-E", "occurrence=f"]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.arg("-r").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The same fields from the text; `*` where nothing is claimed.
fn expectation(said: &Said) -> Vec<String> {
    let tcp = &said.tcp;
    let mut row = vec![
        tcp.seq.to_string(),
        tcp.ack.to_string(),
        tcp.win.to_string(),
        tcp.len.to_string(),
        format!("0x{:04x}", tcp.flags),
    ];
    let Some(options) = &said.options else {
        row.resize(FIELDS.len(), "*".to_owned());
        return row;
    };
    let first = |pick: fn(&Opt) -> Option<u32>| options.iter().find_map(pick);
    let text = |value: Option<u32>| value.map(|n| n.to_string()).unwrap_or_default();
    row.push(text(first(|option| if let Opt::Mss(n) = option { Some(u32::from(*n)) } else { None })));
    row.push(text(first(|option| if let Opt::Wscale(n) = option { Some(u32::from(*n)) } else { None })));
    row.push(text(first(|option| if let Opt::Ts(Some((val, _))) = option { Some(*val) } else { None })));
    row.push(text(first(|option| if let Opt::Ts(Some((_, ecr))) = option { Some(*ecr) } else { None })));
    let sack = options.contains(&Opt::SackOk);
    row.push(if sack { "*" } else { "" }.to_owned());
    row
}
