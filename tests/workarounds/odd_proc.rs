//! Hosts that cannot be read, or that say what no kernel says.

use crate::{fixture, json, printed, unwrapped, workarounds};

const POST: [&str; 3] = [
    "echo 0 > /proc/sys/net/ipv4/tcp_window_scaling",
    r#"echo "4096 16384 131072" > /proc/sys/net/ipv4/tcp_wmem"#,
    r#"echo "4096 87380 174760" > /proc/sys/net/ipv4/tcp_rmem"#,
];

#[test]
fn an_odd_proc_gives_the_general_text_and_a_warning() {
    for root in ["garbage", "huge", "too-few", "namespace-without-core", "no-such-root", "README.md"] {
        let output = workarounds(root, &[]);
        assert!(output.status.success(), "{root}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("wscale: warning: net."), "{root}");
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["FreeBSD", "macOS", "Windows", "unknown", "VALUE"] {
            assert!(text.contains(word), "{root}: {word}");
        }
    }
}

#[test]
fn a_host_that_was_read_needs_no_general_text() {
    let output = workarounds("linux-6.18", &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Windows"));
}

#[test]
fn nothing_of_a_hostile_proc_reaches_the_output() {
    for format in wscale::workarounds::format::names() {
        let output = workarounds("garbage", &["--format", format]);
        for stream in [output.stdout, output.stderr] {
            assert!(!String::from_utf8_lossy(&stream).contains("reboot"), "{format}");
        }
    }
}

#[test]
fn what_cannot_be_undone_is_not_run() {
    for root in ["garbage", "no-such-root", "huge"] {
        let script = printed(root, &["--format", "sh", "--option", "buffers"]);
        let live = script.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(live.collect::<Vec<_>>(), ["set -eu"], "{root}");
    }
}

#[test]
fn bytes_without_meaning_are_survived() {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("sys/net/ipv4/tcp_rmem", vec![0xff; 100]),
        ("sys/net/ipv4/tcp_window_scaling", vec![0; 3 << 20]),
        ("net/fib_trie", b"|-- 1.2.3.4\xff\n/32 host LOCAL".to_vec()),
        ("sys/kernel/osrelease", Vec::new()),
    ] {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::create_dir_all(directory.path().join("sys/net/core/rmem_max")).unwrap();
    let root = directory.path().to_str().unwrap().to_owned();
    let text = printed(&root, &["--format", "json"]);
    assert_eq!(json(&text)["current_shift"], serde_json::Value::Null);
}

#[test]
fn the_commands_of_the_post_appear_to_the_letter() {
    for root in ["linux-6.18", "linux-2.6.17", "garbage", "no-such-root"] {
        let text = printed(root, &[]);
        for command in POST {
            assert!(text.lines().any(|line| line.ends_with(command)), "{root}: {command}");
        }
    }
}

#[test]
fn the_tcp_rmem_of_the_post_alone_gives_7_today_and_the_missing_step_is_named() {
    let missing_step = "the missing step is sysctl -w net.core.rmem_max=174760";
    let before = unwrapped(&printed("linux-6.18", &[]));
    assert!(before.contains("alone it gives shift 7 on this kernel, not 2"), "{before}");
    assert!(before.contains(missing_step));
    let after = unwrapped(&printed("linux-6.18-post-rmem", &[]));
    assert!(after.contains("now offers: shift 7"), "{after}");
    assert!(after.contains("tcp_rmem alone would give 2; the missing step is net.core.rmem_max"));
    assert!(after.contains(missing_step) && after.contains("sysctl -w net.core.rmem_max=174760"));
    let of_2006 = unwrapped(&printed("linux-2.6.17", &[]));
    assert!(of_2006.contains("gives shift 2 on this kernel, as in 2006"), "{of_2006}");
}

#[test]
fn the_shifts_of_the_fixtures() {
    for (root, offer, shift) in [
        ("linux-6.18", "shift", Some(10)),
        ("linux-6.18-post-rmem", "shift", Some(7)),
        ("linux-5.10", "shift", Some(7)),
        ("linux-2.6.17", "shift", Some(7)),
        ("linux-2.6.17-post", "shift", Some(2)),
        ("scaling-off", "absent", None),
        ("namespace-without-core", "shift", None),
        ("garbage", "unknown", None),
    ] {
        let answer = json(&printed(root, &["--format", "json"]));
        assert_eq!(answer["current_offer"], offer, "{root}");
        assert_eq!(answer["current_shift"].as_u64(), shift, "{root}");
    }
    let unknown = json(&printed("namespace-without-core", &["--format", "json"]));
    assert_eq!(unknown["current_shift_range"], serde_json::json!({"min": 7, "max": 14}));
}

#[test]
fn the_buffers_give_every_shift_that_is_asked_for() {
    for shift in 0..10_u64 {
        let wanted = shift.to_string();
        let arguments = ["--format", "json", "--max-shift", &wanted, "--option", "buffers"];
        let answer = json(&printed("linux-6.18", &arguments));
        assert_eq!(answer["options"][0]["predicted_shift"], shift);
    }
    let enough =
        json(&printed("linux-6.18", &["--format", "json", "--max-shift", "12", "--option", "buffers"]));
    assert_eq!(enough["options"][0]["run"], serde_json::json!([]));
    assert_eq!(enough["options"][0]["predicted_shift"], 10);
}

#[test]
fn every_host_is_described() {
    let readme = std::fs::read_to_string(fixture("proc/README.md")).unwrap();
    for entry in std::fs::read_dir(fixture("proc")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || readme.contains(&format!("| {name} |")), "{name}");
    }
}
