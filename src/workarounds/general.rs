//! What can be said of any host: the knobs of each system, with the values marked as unknown.

use serde::Serialize;

/// The knobs of one system.
#[derive(Debug, Serialize)]
pub(super) struct System {
    /// Its name.
    pub(super) name: &'static str,
    /// To see the present value, which has to be noted before it is changed.
    pub(super) show: &'static str,
    /// To change it.
    pub(super) change: &'static str,
    /// To undo it; `VALUE` is what `show` printed.
    pub(super) undo: &'static str,
    /// What it does.
    pub(super) does: &'static str,
}

/// From the project's own system to the others.
pub(super) const SYSTEMS: [System; 5] = [
    System {
        name: "Linux",
        show: "sysctl net.ipv4.tcp_window_scaling",
        change: "sysctl -w net.ipv4.tcp_window_scaling=0",
        undo: "sysctl -w net.ipv4.tcp_window_scaling=VALUE",
        does: "no option in SYN and SYN-ACK; gentler: ip route replace PEER/32 window 65535 via GATEWAY dev DEVICE",
    },
    System {
        name: "Linux, buffers",
        show: "sysctl net.ipv4.tcp_rmem net.core.rmem_max",
        change: "sysctl -w net.ipv4.tcp_rmem=\"4096 87380 174760\"; sysctl -w net.core.rmem_max=174760",
        undo: "sysctl -w net.ipv4.tcp_rmem=\"VALUE\"; sysctl -w net.core.rmem_max=VALUE",
        does: "shift 2; both are needed since rmem_max is 4 MiB (Linux 6.18), because the larger one counts",
    },
    System {
        name: "FreeBSD",
        show: "sysctl net.inet.tcp.rfc1323 kern.ipc.maxsockbuf",
        change: "sysctl net.inet.tcp.rfc1323=0",
        undo: "sysctl net.inet.tcp.rfc1323=VALUE",
        does: "no window scaling and no timestamps; the shift follows kern.ipc.maxsockbuf (6 with 2 MiB); keep it in /etc/sysctl.conf",
    },
    System {
        name: "macOS",
        show: "sysctl net.inet.tcp.rfc1323 net.inet.tcp.win_scale_factor",
        change: "sudo sysctl -w net.inet.tcp.rfc1323=0",
        undo: "sudo sysctl -w net.inet.tcp.rfc1323=VALUE",
        does: "no window scaling, where this release still has the knob; if not, SO_RCVBUF in the application",
    },
    System {
        name: "Windows",
        show: "netsh interface tcp show global",
        change: "netsh interface tcp set global autotuninglevel=disabled",
        undo: "netsh interface tcp set global autotuninglevel=VALUE",
        does: "windows of at most 64 KiB; VALUE is what show printed as the auto-tuning level, by default normal; it stays after a restart",
    },
];
