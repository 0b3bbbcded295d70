//! What boxes do to packets, done to recordings: translation, rewriting, clamping, damage.

use crate::editing::{Packet, edited, recording, sibling};
use crate::report::Report;

fn pair(name: &str) -> (Vec<Packet>, Vec<Packet>) {
    (recording(&format!("{name}.client.pcap")), recording(&format!("{name}.server.pcap")))
}

#[test]
fn a_flow_is_found_behind_address_and_port_translation() {
    let (client, server) = pair("syn-set0-download");
    let server = edited(&server, |packet| {
        packet.move_client([192, 0, 2, 33], 61_000);
        packet.lower_hop_limit(u8::from(packet.is_from_client()));
    });
    let client = edited(&client, |packet| packet.lower_hop_limit(u8::from(!packet.is_from_client())));
    let report = Report::of(&[&client, &server]);
    assert_eq!(report.findings(), ["WS007 proven client"]);
    assert_eq!(
        report.verdict(),
        "something sets the window scale of SYNs from 10 to 0 and translates the client's address"
    );
    let pair = &report.pairs()[0];
    assert_eq!(pair["server_side"]["client"], "192.0.2.33:61000");
    let hop = serde_json::json!({ "min": 1, "max": 1 });
    assert_eq!(pair["hops"], serde_json::json!({ "client": hop, "server": hop }));
    assert_eq!((&pair["paired_by"], &pair["confidence"]), (&"sequence numbers".into(), &"proven".into()));
}

#[test]
fn the_destination_trick_is_one_translated_pair() {
    // Packets to 10.1.0.9:8080 leave the box for 10.1.0.2:80.
    let (client, server) = pair("ok-download");
    let client = edited(&client, |packet| packet.move_server([10, 1, 0, 9], 8080));
    let report = Report::of(&[&client, &server]);
    assert_eq!(report.verdict(), "something translates the server's address");
    let pair = &report.pairs()[0];
    assert_eq!(
        (&pair["client_side"]["server"], &pair["server_side"]["server"]),
        (&"10.1.0.9:8080".into(), &"10.1.0.2:80".into())
    );
    assert_eq!(report.leg(0)["unpaired"], serde_json::json!({ "client_side": [], "server_side": [] }));
}

#[test]
fn rewritten_sequence_numbers_are_seen_through() {
    let (client, server) = pair("loss2-download");
    for (own, peer) in [(0x9000_0000, 0x1234_5678), (77, 0)] {
        let rewritten = edited(&server, |packet| packet.shift_sequence(own, peer, true));
        let report = Report::of(&[&client, &rewritten]);
        let plain = Report::of(&[&client, &server]);
        assert!(report.verdict().starts_with("something rewrites the client's sequence numbers"));
        assert!(report.findings().is_empty());
        assert_eq!(report.segments("passed"), plain.segments("passed"));
        assert_eq!(report.segments("lost"), plain.segments("lost"));
        let changed: usize = [own, peer].iter().filter(|offset| **offset != 0).count();
        assert_eq!(report.changes().len(), changed, "{:?}", report.changes());
    }
}

#[test]
fn sack_blocks_that_were_forgotten_are_reported() {
    let (client, server) = pair("loss2-download");
    let server = edited(&server, |packet| packet.shift_sequence(1000, 5000, false));
    let report = Report::of(&[&client, &server]);
    assert!(
        report.verdict().contains("leaves the SACK blocks of the client's later segments untranslated"),
        "{}",
        report.verdict()
    );
}

#[test]
fn translation_and_rewriting_at_once_are_paired_by_timestamps_or_identification() {
    let (client, server) = pair("ok-download");
    // Without the handshake, and with every number another.
    let server = edited(&server[10..], |packet| {
        packet.move_client([192, 0, 2, 33], 61_000);
        packet.shift_sequence(123_456_789, 987_654_321, true);
    });
    let report = Report::of(&[&client, &server]);
    assert_eq!(report.pairs()[0]["paired_by"], "timestamps");
    assert_eq!(report.segments("lost"), 0);
    assert_eq!(report.changes().len(), 3, "{:?}", report.changes());
    assert!(report.findings().is_empty());

    let server = edited(&server, |packet| packet.shift_timestamps(5_555_555, 7_777_777));
    let report = Report::of(&[&client, &server]);
    assert_eq!(report.pairs()[0]["paired_by"], "IP identification");
    assert_eq!(report.segments("lost"), 0);
    assert!(
        report
            .changes()
            .contains(&"rewrites the timestamps of the client's later segments: systematic".to_owned())
    );
}

#[test]
fn the_sentence_names_every_systematic_change() {
    let (client, server) = pair("syn-set0-download");
    let server = edited(&server, |packet| {
        if packet.is_syn() && packet.is_from_client() {
            packet.set_option(2, &1380_u16.to_be_bytes());
            packet.blank_option(4);
        }
    });
    let report = Report::of(&[&client, &server]);
    assert_eq!(
        report.verdict(),
        "something sets the window scale of SYNs from 10 to 0, clamps the MSS of SYNs from 1460 to 1380 and \
         overwrites SACK permitted in SYNs with NOPs"
    );
}

#[test]
fn a_box_that_touches_one_port_only_is_said_to() {
    let (client, server) = pair("syn-set0-download");
    let (healthy_client, healthy_server) = pair("ok-download");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for number in 0..100 {
        a.extend(sibling(&client, number));
        b.extend(sibling(&server, number));
        let to_443 = |packets: &[Packet]| {
            edited(&sibling(packets, 1000 + number), |packet| packet.move_server([10, 1, 0, 2], 443))
        };
        a.extend(to_443(&healthy_client[..100]));
        b.extend(to_443(&healthy_server[..100]));
    }
    let report = Report::of(&[&a, &b]);
    assert_eq!(report.pairs().len(), 200);
    assert_eq!(report.findings().len(), 100, "{:?}", report.findings());
    assert_eq!(report.verdict(), "something sets the window scale of SYNs from 10 to 0 (port 80 only)");
    let row = &report.leg(0)["changes"][0];
    assert_eq!((&row["flows"], &row["flows_of"]), (&100.into(), &200.into()));
}

#[test]
fn a_change_seen_once_is_no_system_but_a_lost_scale_is_named() {
    let (client, server) = pair("ok-download");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for number in 0..20 {
        a.extend(sibling(&client[..60], number));
        let mut there = sibling(&server[..60], number);
        if number == 7 {
            there[0].set_option(3, &[0]);
        }
        b.extend(there);
    }
    let report = Report::of(&[&a, &b]);
    assert_eq!(report.changes(), ["sets the window scale of SYNs from 10 to 0: once"]);
    assert_eq!(report.verdict(), "something sets the window scale of SYNs from 10 to 0 (in 1 of 20)");
}

#[test]
fn rewritten_windows_ecn_bits_and_damage_are_seen() {
    let (client, server) = pair("ok-upload");
    let changed = |change: &dyn Fn(&mut Packet)| {
        let server = edited(&server, |packet| {
            if packet.is_from_client() {
                change(packet);
            }
        });
        Report::of(&[&client, &server]).changes()
    };
    let windows = changed(&|packet| packet.set_window(packet.window() / 2 + 1));
    assert_eq!(windows.len(), 2, "{windows:?}");
    assert!(
        windows.contains(&"rewrites the raw window of the client's later segments: systematic".to_owned())
    );
    let marked = edited(&client, |packet| packet.set_ecn(2));
    let bleached = Report::of(&[&marked, &server]).changes();
    assert!(
        bleached
            .contains(&"sets the ECN bits of the client's later segments from 2 to 0: systematic".to_owned()),
        "{bleached:?}"
    );
    let congested = edited(&server, |packet| packet.set_ecn(3));
    let forth = Report::of(&[&marked, &congested]).changes();
    assert!(!forth.iter().any(|change| change.contains("client's later")), "a mark is no change: {forth:?}");
    let damaged = changed(&Packet::damage);
    assert!(damaged.iter().all(|change| change.starts_with("damages the checksum")), "{damaged:?}");
    assert_eq!(damaged.len(), 2);
}

#[test]
fn the_change_is_located_between_two_of_three_captures() {
    let (client, server) = pair("syn-set0-download");
    // Halfway, 10 ms from either end, before the box.
    let halfway = edited(&client, |packet| {
        packet.time_us += if packet.is_from_client() { 10_000 } else { -10_000 };
        packet.lower_hop_limit(1);
    });
    let report = Report::of(&[&client, &halfway, &server]);
    let located = report.0["located"].as_str().unwrap();
    assert!(
        located.starts_with("window scaling is lost between") && located.ends_with("c.pcap"),
        "{located}"
    );
    assert!(located.contains("b.pcap") && !located.contains("a.pcap"), "{located}");
    assert!(report.findings().is_empty(), "the first two agree");
    assert_eq!(report.leg(1)["pairs"][0]["findings"][0]["code"], "WS007");
}
