//! What captures are like: clocks that disagree, frames that are missing, a late start, an early end.

use crate::editing::{Packet, by_clock, edited, missing, recording, sibling};
use crate::report::Report;

fn pair(name: &str) -> (Vec<Packet>, Vec<Packet>) {
    (recording(&format!("{name}.client.pcap")), recording(&format!("{name}.server.pcap")))
}

#[test]
fn clocks_three_seconds_apart_are_estimated() {
    for offset in [3_000_000, -3_000_000, 400_000_000] {
        let (client, server) = pair("loss2-syn-set0-download");
        let expected = Report::of(&[&client, &server]);
        let report = Report::of(&[&client, &by_clock(&server, offset, 0)]);
        let clock = &report.leg(0)["clock"];
        assert!((clock["offset_us"].as_i64().unwrap() - offset).abs() < 2_000, "{clock}");
        assert_eq!(report.findings(), expected.findings());
        for kind in ["passed", "lost", "outside", "missed"] {
            assert_eq!(report.segments(kind), expected.segments(kind), "{kind}");
        }
    }
}

#[test]
fn drift_is_estimated_with_the_offset() {
    let (client, server) = pair("syn-set0-download");
    let report = Report::of(&[&client, &by_clock(&server, 3_000_000, 500)]);
    let drift = report.leg(0)["clock"]["drift_ppm"].as_f64().unwrap();
    assert!((drift - 500.0).abs() < 50.0, "{drift}");
    let steady = Report::of(&[&client, &server]);
    assert!(steady.leg(0)["clock"]["drift_ppm"].is_null());
}

#[test]
fn five_percent_missing_from_either_capture_convicts_nobody() {
    for seed in 1..=12 {
        for name in ["ok-download", "ok-upload", "slowreader", "smallrcvbuf", "w2-ok"] {
            let (client, server) = pair(name);
            let report = Report::of(&[&missing(&client, 5, seed), &missing(&server, 5, seed + 100)]);
            let what = format!("{name}, seed {seed}: {}", report.verdict());
            assert!(report.findings().is_empty(), "{what}");
            assert!(report.changes().is_empty(), "{what}: {:?}", report.changes());
            assert_eq!(report.pairs().len(), 1, "{what}");
            // Nothing was lost: what one capture lacks it did not capture. At the very end nobody can tell.
            assert!(report.segments("lost") <= 2, "{what}");
            assert!(report.segments("missed") > 0 && report.segments("appeared") > 0, "{what}");
        }
    }
}

#[test]
fn duplicate_acks_without_identification_are_no_rewritten_windows() {
    for seed in 1..=24 {
        for name in ["reorder-download", "loss2-download"] {
            let (client, server) = pair(name);
            let nameless = |packets: &[Packet]| edited(packets, Packet::clear_id);
            let (a, b) = (missing(&nameless(&client), 10, seed), missing(&nameless(&server), 10, seed + 100));
            let changes = Report::of(&[&a, &b]).changes();
            assert!(changes.is_empty(), "{name}, seed {seed}: {changes:?}");
        }
    }
}

#[test]
fn five_percent_missing_from_either_capture_hides_no_fault() {
    for seed in 1..=12 {
        for (name, finding) in [
            ("syn-set0-download", "WS007 proven client"),
            ("synack-remove-download", "WS007 proven server"),
            ("w4-fw", "WS005 proven client"),
        ] {
            let (client, server) = pair(name);
            // The SYNs are the evidence: they stay, or there is nothing to compare.
            let lossy = |packets: &[Packet], seed| [&packets[..2], &missing(&packets[2..], 5, seed)].concat();
            let report = Report::of(&[&lossy(&client, seed), &lossy(&server, seed + 100)]);
            assert_eq!(report.findings(), [finding], "{name}, seed {seed}");
        }
    }
}

#[test]
fn two_hundred_parallel_flows_are_paired_one_by_one() {
    let (client, server) = pair("w6-set0");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for number in 0..200 {
        a.extend(sibling(&client, number));
        b.extend(edited(&sibling(&server, number), |packet| {
            let port = packet.client_port();
            packet.move_client([192, 0, 2, 33], 65_000 - port);
            packet.shift_sequence(u32::from(port).wrapping_mul(1_000_003), 0, true);
        }));
    }
    let report = Report::of(&[&missing(&a, 5, 3), &missing(&by_clock(&b, 3_000_000, 0), 5, 4)]);
    assert_eq!(report.pairs().len(), 200);
    let port = |end: &serde_json::Value| -> u16 {
        end["client"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
    };
    for pair in report.pairs() {
        assert_eq!(port(&pair["client_side"]) + port(&pair["server_side"]), 65_000, "{pair}");
    }
    // A SYN that one capture lacks cannot be compared.
    assert!(report.findings().len() > 170, "{}", report.findings().len());
    assert!(report.verdict().starts_with("something sets the window scale of SYNs from 6 to 0"));
}

#[test]
fn a_late_start_and_an_early_end_are_no_loss() {
    let (client, server) = pair("ok-download");
    let cut = Report::of(&[&client[150..], &server[..500]]);
    assert_eq!(cut.segments("lost") + cut.segments("appeared"), 0);
    assert_eq!(cut.pairs()[0]["paired_by"], "sequence numbers");
    assert!(cut.findings().is_empty());
    // A capture that was stopped in the first flight is not a box that drops.
    let stopped = Report::of(&[&client[..5], &server]);
    assert!(stopped.findings().is_empty(), "{:?}", stopped.findings());
}

#[test]
fn captures_that_begin_late_agree_about_the_client() {
    let (client, server) = pair("ok-download");
    // The first frame that is left comes from the server here, from the client there.
    let report = Report::of(&[&late(&client, true), &late(&server, false)]);
    let pair = &report.pairs()[0];
    assert_eq!(pair["client_side"]["client"], pair["server_side"]["client"]);
    assert!(report.changes().is_empty(), "{:?}", report.changes());
    assert_eq!(report.segments("lost"), 0);
}

/// A capture that begins at its first frame from that side, some way behind the handshake.
fn late(packets: &[Packet], from_client: bool) -> Vec<Packet> {
    let begin = packets.iter().skip(40).position(|packet| packet.is_from_client() == from_client).unwrap();
    packets[40 + begin..].to_vec()
}

#[test]
fn a_capture_without_syns_says_the_same_of_each_window_whoever_speaks_first() {
    for name in ["ok-download", "ok-upload", "syn-set0-download"] {
        let (client, server) = pair(name);
        let beliefs = |from_client: bool| {
            let report = Report::of(&[&client, &late(&server, from_client)]);
            report.pairs()[0]["beliefs"].clone()
        };
        assert_eq!(beliefs(true), beliefs(false), "{name}");
    }
}

#[test]
fn captures_without_syns_take_the_lower_port_for_the_server() {
    let (client, server) = pair("ok-download");
    let whole = Report::of(&[&client, &server]).pairs()[0]["client_side"]["client"].clone();
    for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
        let report = Report::of(&[&late(&client, a), &late(&server, b)]);
        for side in ["client_side", "server_side"] {
            assert_eq!(report.pairs()[0][side]["client"], whole, "{side} {a} {b}");
        }
        assert_eq!(report.leg(0)["swapped"], false, "{a} {b}");
    }
}

#[test]
fn captures_in_the_wrong_order_are_turned() {
    let (client, server) = pair("syn-set0-download");
    let report = Report::of(&[&server, &client]);
    assert_eq!(report.leg(0)["swapped"], true);
    assert_eq!(report.verdict(), "something sets the window scale of SYNs from 10 to 0");
}

#[test]
fn unrelated_captures_are_not_paired() {
    let (client, _) = pair("ok-download");
    let (_, server) = pair("ok-upload");
    let report = Report::of(&[&client, &server]);
    assert_eq!(report.leg(0)["verdict"], "no flow of one capture was found in the other");
    assert_eq!(report.leg(0)["unpaired"], serde_json::json!({ "client_side": [0], "server_side": [0] }));
}

#[test]
fn a_segment_cut_anew_is_not_lost() {
    // Two full segments of the sender as one, as a host with segmentation offload captures them.
    let (client, server) = pair("w2-ok");
    let mut merged: Vec<Packet> = Vec::new();
    let mut cut = 0;
    for packet in &server {
        let full = |packet: &Packet| !packet.is_from_client() && packet.payload_bytes() == 1448;
        match merged.last_mut() {
            Some(last) if full(last) && full(packet) && cut < 40 && last.follows(packet) => {
                last.take_in(packet);
                cut += 1;
            }
            _ => merged.push(packet.clone()),
        }
    }
    assert!(cut > 10);
    let report = Report::of(&[&client, &merged]);
    assert!(report.segments("resegmented") >= 3 * cut, "{}", report.segments("resegmented"));
    assert_eq!(report.segments("lost") + report.segments("appeared"), 0);
    assert!(report.changes().is_empty() && report.findings().is_empty());
}

#[test]
fn a_frame_captured_twice_is_no_second_transmission() {
    // As `-i any` on a bridge or a router does.
    let (client, server) = pair("loss2-download");
    let twice = |packets: &[Packet]| {
        let echo = edited(packets, |packet| packet.time_us += 30);
        [packets, &echo].concat()
    };
    let plain = Report::of(&[&client, &server]);
    for report in [Report::of(&[&twice(&client), &server]), Report::of(&[&client, &twice(&server)])] {
        for kind in ["passed", "lost", "missed", "appeared"] {
            // A SYN-ACK of Linux has no identification: its copy counts.
            assert!(report.segments(kind).abs_diff(plain.segments(kind)) <= 1, "{kind}");
        }
        assert!(report.changes().is_empty() && report.findings().is_empty());
    }
}
