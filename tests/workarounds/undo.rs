//! The printed commands do what they say when they are run as printed, and the printed undo puts everything back.

use crate::json;
use crate::namespace::{HERE, Namespaces, THERE, shift_of};

/// Everything that a command may have changed, byte by byte.
fn snapshot(net: &Namespaces) -> String {
    net.here(
        "cd /proc/sys/net; for f in ipv4/tcp_window_scaling ipv4/tcp_rmem ipv4/tcp_wmem core/rmem_max core/wmem_max
         do echo $f; cat $f; done; ip -details route show; ip -6 -details route show; nft list ruleset",
    )
}

/// Runs the commands of a JSON list. What has to be run outside of a network namespace says so.
fn run(net: &Namespaces, commands: &serde_json::Value) {
    for command in commands.as_array().unwrap() {
        let line = command["command"].as_str().unwrap();
        match command["not_ready"].as_str() {
            None => net.here(line),
            Some(why) if why.contains("outside of this network namespace") => Namespaces::outside(line),
            Some(why) => panic!("{line}: {why}"),
        };
    }
}

#[test]
fn every_option_gives_its_predicted_shift_and_is_undone_byte_by_byte() {
    let Some(net) = Namespaces::new("the printed commands and their undo") else { return };
    for there in THERE {
        for (id, shift) in [
            ("route-window", Some(0)),
            ("nftables", None),
            ("buffers", Some(2)),
            ("buffers --max-shift 0", Some(0)),
            ("buffers --max-shift 4", Some(4)),
            ("scaling-off", None),
        ] {
            let before = snapshot(&net);
            let answer = json(&net.workarounds(&format!("--format json --peer {there} --option {id}")));
            let option = &answer["options"][0];
            run(&net, &option["run"]);
            assert_ne!(snapshot(&net), before, "{id} changes something");
            assert_eq!(option["predicted_shift"].as_u64(), shift, "{id}");
            assert_eq!(net.shift_in_syn(there, 0, 0).map(u64::from), shift, "{id} to {there}");
            run(&net, &option["undo"]);
            assert_eq!(snapshot(&net), before, "{id} to {there} is undone");
        }
    }
}

#[test]
fn a_host_route_that_was_there_comes_back_as_it_was() {
    let Some(net) = Namespaces::new("the undo of a route that was there") else { return };
    net.here("ip route add 203.0.113.0/24 via 10.9.0.2 dev v0 mtu 1400 advmss 1300");
    for route in [
        "ip route add 203.0.113.9 via 10.9.0.2 dev v0 proto static metric 50 src 10.9.0.1 mtu 1300 window 262144",
        "ip route add 203.0.113.9 dev v0 scope link",
        "ip route add 203.0.113.9 nexthop via 10.9.0.2 dev v0 weight 2 nexthop via 10.9.0.3 dev v0 weight 5",
        "ip route add 203.0.113.9 via inet6 fd09::2 dev v0",
        "true",
    ] {
        net.here(&format!("ip route flush exact 203.0.113.9; {route}"));
        let before = snapshot(&net);
        let answer = json(&net.workarounds("--format json --peer 203.0.113.9 --option route-window"));
        run(&net, &answer["options"][0]["run"]);
        let during = net.here("ip route show 203.0.113.9");
        assert!(during.contains("window 65535"), "{route}: {during}");
        run(&net, &answer["options"][0]["undo"]);
        assert_eq!(snapshot(&net), before, "{route}");
    }
    assert_eq!(net.here("ip route show 203.0.113.0/24").matches("mtu 1400").count(), 1);
}

#[test]
fn the_script_prints_its_undo_first_and_both_work_as_printed() {
    let Some(net) = Namespaces::new("the script and the undo that it prints") else { return };
    let [there, _] = THERE;
    for arguments in [
        format!("--peer {there}"),
        format!("--peer {there} --option nftables"),
        "--option scaling-off".to_owned(),
    ] {
        let before = snapshot(&net);
        let script = net.workarounds(&format!("--format sh {arguments}"));
        let undo = net.here(&format!("cat <<'SCRIPT' | sh\n{script}SCRIPT\n"));
        assert_ne!(snapshot(&net), before, "{arguments}");
        assert!(undo.starts_with("# To undo"), "{undo}");
        net.here(&undo);
        assert_eq!(snapshot(&net), before, "{arguments}");
    }
}

#[test]
fn the_sysctl_file_loads() {
    let Some(net) = Namespaces::new("the sysctl file") else { return };
    let file = net.workarounds("--format sysctl --option scaling-off");
    net.here(&format!("cat <<'FILE' | sysctl -p -\n{file}FILE\n"));
    assert_eq!(net.here("cat /proc/sys/net/ipv4/tcp_window_scaling"), "0\n");
}

#[test]
fn a_server_that_filters_its_input_answers_without_the_option() {
    let Some(net) = Namespaces::new("nftables on the server") else { return };
    let ([here, _], [there, _]) = (HERE, THERE);
    let syn_ack = |port: u16| {
        let serve = format!(
            "perl -MIO::Socket -e 'alarm 15; $s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"{here}:{port}\") or die; print \"ready\\n\"; close STDOUT; $s->accept' & read x"
        );
        let connect = format!(
            "perl -MIO::Socket -e 'for (1..50) {{ exit 0 if IO::Socket::INET->new(PeerAddr => \"{here}:{port}\"); select undef, undef, undef, 0.1 }} die'"
        );
        let line = net.first_segment(&format!("src port {port} and tcp[tcpflags] & tcp-syn != 0"), || {
            std::thread::scope(|scope| {
                scope.spawn(|| net.here(serve.trim_end_matches(" & read x")));
                net.there(&connect);
            });
        });
        shift_of(&line)
    };
    assert!(syn_ack(4001).is_some(), "without the rule the option is answered");
    let answer =
        json(&net.workarounds(&format!("--format json --peer {there} --role server --option nftables")));
    run(&net, &answer["options"][0]["run"]);
    assert_eq!(syn_ack(4002), None);
    run(&net, &answer["options"][0]["undo"]);
    assert!(syn_ack(4003).is_some(), "and again after the undo");
}

#[test]
fn no_namespace_process_or_setting_is_left_behind() {
    let Some(net) = Namespaces::new("that nothing is left behind") else { return };
    let rmem_max = Namespaces::outside("cat /proc/sys/net/core/rmem_max");
    drop(net);
    let panicked = std::thread::spawn(move || {
        let net = Namespaces::new("").unwrap();
        Namespaces::set_rmem_max(100_000);
        let inode = net.here("readlink /proc/self/ns/net");
        std::panic::resume_unwind(Box::new(inode));
    });
    let inode = *panicked.join().unwrap_err().downcast::<String>().unwrap();
    let holders = format!("ls -l /proc/[0-9]*/ns/net 2>/dev/null | grep -cF '{}'", inode.trim());
    let left = std::process::Command::new("sh").args(["-c", &holders]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "0\n", "processes in {inode}");
    let _turn = Namespaces::new("").unwrap();
    assert_eq!(Namespaces::outside("cat /proc/sys/net/core/rmem_max"), rmem_max);
}
