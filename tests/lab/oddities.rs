//! What healthy hosts and applications do that looks like a fault, and faults in unusual traffic.

use std::time::Duration;

use crate::expect::{Bend, both, expectations, harmless};
use crate::matrix::bulk;
use crate::scenario::{Direction, Pace, Scenario, Step, Traffic};

/// Adds them all.
pub(crate) fn add(all: &mut Vec<Scenario>) {
    dialogs(all);
    buffers(all);
    records(all);
    dead_peers(all);
}

/// Requests and responses of 400 bytes, which exceed the unscaled window of shift 10, and of 40,
/// which do not.
fn dialogs(all: &mut Vec<Scenario>) {
    for (bend, nodelay) in [(Bend::None, false), (Bend::None, true), (Bend::SynZero, true)] {
        for bytes in [400, 40] {
            let suffix = if nodelay { "-nodelay" } else { "" };
            let name = format!("dialog{bytes}-{}{suffix}", bend.name());
            let what = format!("{}, 30 requests and responses of {bytes} bytes", bend.what());
            let traffic = Traffic {
                client: vec![Step::Repeat(30, vec![Step::Send(bytes), Step::Receive(bytes)])],
                server: vec![Step::Repeat(30, vec![Step::Receive(bytes), Step::Send(bytes)])],
            };
            let mut scenario = named(bend, false, 10, &name, &what, traffic);
            scenario.client.nodelay = nodelay;
            scenario.server.nodelay = nodelay;
            scenario.limit = Duration::from_secs(if bytes > 64 && bend == Bend::SynZero { 5 } else { 3 });
            if bytes == 40 {
                // All of it fits into any window: nothing is proven from the client's side.
                scenario.expect[0] = harmless()[0].clone();
                if bend == Bend::None {
                    scenario.expect = both("unproven", "", "");
                }
            }
            all.push(scenario);
        }
    }
}

fn buffers(all: &mut Vec<Scenario>) {
    for (kib, shift) in [(8, 0), (64, 1), (256, 3), (2048, 6)] {
        let bytes = 60_000 * (kib / 8).min(20);
        let name = format!("rcvbuf{kib}k-download");
        let what = format!("the client's SO_RCVBUF of {kib} KiB makes its shift {shift}");
        let mut scenario = named(Bend::None, kib == 64, 10, &name, &what, download(bytes));
        scenario.client.receive_buffer = Some(kib << 10);
        scenario.expect = if shift < 4 { harmless() } else { both("healthy", "", "") };
        all.push(scenario);
    }
    for shift in [10, 7, 4] {
        let name = format!("slowreader-download-s{shift}");
        let slowly = Step::ReceiveSlowly(900_000, 15_000, Duration::from_millis(40));
        let traffic = Traffic {
            client: vec![Step::Send(200), slowly],
            server: vec![Step::Receive(200), Step::Send(900_000)],
        };
        let what = "the client's application reads 15,000 bytes every 40 ms";
        all.push(named(Bend::None, shift == 7, shift, &name, what, traffic));
    }
    for shift in [10, 6, 4] {
        let name = format!("sndbuf-download-s{shift}");
        let what = "the server's send buffer holds two segments";
        let mut scenario = named(Bend::None, shift == 6, shift, &name, what, download(150_000));
        scenario.server.send_buffer = Some(2304);
        scenario.server.nodelay = true;
        scenario.expect = harmless();
        all.push(scenario);
    }
}

/// Records just as long as the raw window, paced by the application: each ends at the unscaled edge.
fn records(all: &mut Vec<Scenario>) {
    for (shift, bytes) in [(10, 63), (10, 64), (7, 502), (7, 510)] {
        for direction in [Direction::Download, Direction::Upload] {
            for every in [100, 40] {
                let name = format!("records{bytes}-{every}ms-{}-s{shift}", direction.name());
                let what =
                    format!("healthy, a record of {bytes} bytes every {every} ms, {}", direction.name());
                let count = 2500 / every;
                let every = Duration::from_millis(every as u64);
                let sender = vec![Step::Repeat(count, vec![Step::Send(bytes), Step::Pause(every)])];
                let receiver = vec![Step::Receive(count * bytes)];
                let traffic = match direction {
                    Direction::Download => Traffic { client: receiver, server: sender },
                    Direction::Upload => Traffic { client: sender, server: receiver },
                };
                let mut scenario = named(Bend::None, bytes % 2 == 1, shift, &name, &what, traffic);
                scenario.direction = direction;
                scenario.client.nodelay = true;
                scenario.server.nodelay = true;
                scenario.expect = harmless();
                all.push(scenario);
            }
        }
    }
}

fn dead_peers(all: &mut Vec<Scenario>) {
    for (cut, ipv6, shift) in [(0, false, 10), (0, true, 4), (150, false, 7)] {
        let name = format!("dies-after{cut}-download-s{shift}");
        let what = format!("the client's cable is cut after {cut} segments of the server");
        let mut scenario = named(Bend::None, ipv6, shift, &name, &what, download(1_500_000));
        scenario.faults.cut_after = Some(cut);
        scenario.limit = Duration::from_secs(4);
        scenario.expect = if cut > 0 { both("healthy", "", "") } else { both("unproven", "", "") };
        all.push(scenario);
    }
}

fn download(bytes: usize) -> Traffic {
    Traffic {
        client: vec![Step::Send(200), Step::Receive(bytes)],
        server: vec![Step::Receive(200), Step::Send(bytes)],
    }
}

fn named(bend: Bend, ipv6: bool, shift: u8, name: &str, what: &str, traffic: Traffic) -> Scenario {
    let mut scenario = bulk(bend, Direction::Download, ipv6, shift);
    name.clone_into(&mut scenario.name);
    what.clone_into(&mut scenario.what);
    scenario.traffic = traffic;
    scenario.limit = Duration::from_secs(6);
    scenario.pace = Pace::Any;
    scenario.expect = expectations(bend, Direction::Download, shift);
    scenario
}
