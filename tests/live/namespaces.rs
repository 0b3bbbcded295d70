//! Network namespaces for one test. They are removed when the test ends, also when it fails; what a killed
//! test left behind is removed by the next.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::skipped::not_run;

/// Whether namespaces can be made. In CI they must.
pub(crate) fn are_possible(test: &str) -> bool {
    if nix::unistd::geteuid().is_root() {
        return true;
    }
    not_run(test, "root is needed for network namespaces");
    false
}

/// One command, which must succeed.
pub(crate) fn must(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A client, a router between, and a server: `10.8.1.1` and `10.8.2.1`. Frames go over the wire in their real
/// sizes: no offloads.
pub(crate) struct Path3 {
    prefix: String,
}

impl Path3 {
    pub(crate) fn new() -> Self {
        static CLEANED: Once = Once::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        CLEANED.call_once(remove_leftovers);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Self { prefix: format!("wl{}x{number}", std::process::id()) };
        let (client, router, server) = (path.client(), path.router(), path.server());
        for name in [&client, &router, &server] {
            must(&format!("ip netns add {name}"));
            must(&format!("ip -n {name} link set lo up"));
        }
        must(&format!("ip -n {client} link add c type veth peer name rc netns {router}"));
        must(&format!("ip -n {server} link add s type veth peer name rs netns {router}"));
        for (name, interface, address) in [
            (&client, "c", "10.8.1.1/24"),
            (&router, "rc", "10.8.1.254/24"),
            (&router, "rs", "10.8.2.254/24"),
            (&server, "s", "10.8.2.1/24"),
        ] {
            must(&format!("ip -n {name} addr add {address} dev {interface}"));
            must(&format!("ip -n {name} link set {interface} up"));
        }
        must(&format!("ip -n {client} route add default via 10.8.1.254"));
        must(&format!("ip -n {server} route add default via 10.8.2.254"));
        must(&format!("ip netns exec {router} sysctl -qw net.ipv4.ip_forward=1"));
        path
    }

    pub(crate) fn client(&self) -> String {
        format!("{}c", self.prefix)
    }

    pub(crate) fn router(&self) -> String {
        format!("{}r", self.prefix)
    }

    pub(crate) fn server(&self) -> String {
        format!("{}s", self.prefix)
    }
}

impl Drop for Path3 {
    fn drop(&mut self) {
        for name in [self.client(), self.router(), self.server()] {
            let _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}

/// A rule of the packet filter in namespace `name`, for segments that pass `hook`.
pub(crate) fn filter(name: &str, hook: &str, rule: &str) {
    must(&format!("ip netns exec {name} nft add table inet t"));
    let chain = format!("add chain inet t c {{ type filter hook {hook} priority 0; }}");
    let added = Command::new("ip").args(["netns", "exec", name, "nft", &chain]).status().unwrap();
    assert!(added.success(), "{chain}");
    must(&format!("ip netns exec {name} nft add rule inet t c {rule}"));
}

fn remove_leftovers() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("wl").and_then(|rest| rest.split('x').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}
