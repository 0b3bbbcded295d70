//! The predicted shift is the shift in a real SYN of the kernel that the tests run on.

use wscale::workarounds::kernel::{Connection, Offer, Stack, offer};

use crate::json;
use crate::namespace::{Namespaces, THERE};

#[derive(Clone, Copy, Default)]
struct Setting {
    rmem: Option<&'static str>,
    rmem_max: Option<u32>,
    scaling_off: bool,
    route_window: u32,
    so_rcvbuf: u32,
    window_clamp: u32,
}

const DEFAULT: Setting = Setting {
    rmem: None,
    rmem_max: None,
    scaling_off: false,
    route_window: 0,
    so_rcvbuf: 0,
    window_clamp: 0,
};

const SETTINGS: [Setting; 30] = [
    DEFAULT,
    // tcp_rmem and rmem_max
    Setting { rmem: Some("4096 87380 174760"), ..DEFAULT },
    Setting { rmem: Some("4096 87380 174760"), rmem_max: Some(4_194_304), ..DEFAULT },
    Setting { rmem: Some("4096 87380 174760"), rmem_max: Some(212_992), ..DEFAULT },
    Setting { rmem: Some("4096 87380 174760"), rmem_max: Some(174_760), ..DEFAULT },
    Setting { rmem: Some("4096 131072 6291456"), ..DEFAULT },
    Setting { rmem: Some("4096 131072 16777216"), ..DEFAULT },
    Setting { rmem: Some("4096 131072 67108864"), ..DEFAULT },
    Setting { rmem: Some("4096 131072 2147483647"), ..DEFAULT },
    Setting { rmem: Some("4096 65535 65535"), rmem_max: Some(65_535), ..DEFAULT },
    Setting { rmem: Some("4096 65536 65536"), rmem_max: Some(65_535), ..DEFAULT },
    Setting { rmem: Some("4096 131072 65535"), rmem_max: Some(65_535), ..DEFAULT },
    Setting { rmem: Some("4096 131070 65535"), rmem_max: Some(65_535), ..DEFAULT },
    Setting { rmem: Some("4096 16384 32768"), rmem_max: Some(8_388_608), ..DEFAULT },
    // the route
    Setting { route_window: 65_535, ..DEFAULT },
    Setting { route_window: 65_536, ..DEFAULT },
    Setting { route_window: 262_144, ..DEFAULT },
    Setting { route_window: 65_535, rmem: Some("4096 16384 32768"), ..DEFAULT },
    // the socket
    Setting { so_rcvbuf: 8_192, ..DEFAULT },
    Setting { so_rcvbuf: 65_535, ..DEFAULT },
    Setting { so_rcvbuf: 65_536, ..DEFAULT },
    Setting { so_rcvbuf: 262_144, ..DEFAULT },
    Setting { so_rcvbuf: 2_097_152, ..DEFAULT },
    Setting { so_rcvbuf: 2_097_152, rmem_max: Some(212_992), ..DEFAULT },
    Setting { window_clamp: 65_535, ..DEFAULT },
    Setting { window_clamp: 262_144, ..DEFAULT },
    // several at once
    Setting { window_clamp: 262_144, route_window: 65_535, ..DEFAULT },
    Setting { so_rcvbuf: 65_536, route_window: 262_144, ..DEFAULT },
    Setting { so_rcvbuf: 2_097_152, window_clamp: 65_535, ..DEFAULT },
    // no scaling
    Setting { scaling_off: true, ..DEFAULT },
];

#[test]
fn the_predicted_shift_is_the_shift_in_a_real_syn() {
    let Some(net) = Namespaces::new("the predicted shifts against real SYNs") else { return };
    let [rmem, rmem_max] = ["net/ipv4/tcp_rmem", "net/core/rmem_max"]
        .map(|name| net.here(&format!("cat /proc/sys/{name}")).trim().to_owned());
    println!("tcp_rmem rmem_max scaling route SO_RCVBUF CLAMP: predicted, in the SYN");
    let mut wrong = 0;
    for (index, setting) in SETTINGS.iter().enumerate() {
        let there = THERE[index % 2];
        apply(&net, setting, there, &rmem, &rmem_max);
        let answer = json(&net.workarounds("--format json"));
        let host = &answer["host"];
        let number = |value: &serde_json::Value| value.as_u64().map(|value| u32::try_from(value).unwrap());
        let stack = Stack {
            scaling: number(&host["tcp_window_scaling"]).map(|value| value != 0),
            rmem_default_bytes: number(&host["tcp_rmem_bytes"][1]),
            rmem_limit_bytes: number(&host["tcp_rmem_bytes"][2]),
            core_rmem_max_bytes: number(&host["rmem_max_bytes"]),
        };
        let given = |bytes: u32| (bytes > 0).then_some(bytes);
        let connection = Connection {
            route_window_bytes: given(setting.route_window),
            so_rcvbuf_bytes: given(setting.so_rcvbuf),
            window_clamp_bytes: given(setting.window_clamp),
        };
        let predicted = offer(stack, connection);
        if connection == Connection::default() {
            assert_eq!(
                answer["current_shift"].as_u64(),
                predicted.shift().map(u64::from),
                "the command's answer"
            );
        }
        let seen = net.shift_in_syn(there, setting.so_rcvbuf, setting.window_clamp);
        println!("{} {predicted:?} {seen:?}", words(setting, &host["rmem_max_bytes"]));
        wrong += usize::from(match seen {
            Some(shift) => predicted != Offer::Shift { min: shift, max: shift },
            None => predicted != Offer::Absent,
        });
    }
    assert_eq!(wrong, 0, "of {} predictions", SETTINGS.len());
}

/// All settings, those that the row does not name as they were.
fn apply(net: &Namespaces, setting: &Setting, there: &str, rmem: &str, rmem_max: &str) {
    net.here(&format!("echo '{}' > /proc/sys/net/ipv4/tcp_rmem", setting.rmem.unwrap_or(rmem)));
    net.here(&format!("echo {} > /proc/sys/net/ipv4/tcp_window_scaling", u8::from(!setting.scaling_off)));
    Namespaces::set_rmem_max(setting.rmem_max.unwrap_or_else(|| rmem_max.parse().unwrap()));
    let program = if there.contains(':') { "ip -6 route" } else { "ip route" };
    net.here(&format!("{program} del {there} dev v0 2>/dev/null || true"));
    if setting.route_window > 0 {
        net.here(&format!("{program} add {there} dev v0 window {}", setting.route_window));
    }
}

fn words(setting: &Setting, rmem_max: &serde_json::Value) -> String {
    let Setting { rmem, scaling_off, route_window, so_rcvbuf, window_clamp, .. } = setting;
    let rmem = rmem.unwrap_or("default").replace(' ', "/");
    format!("{rmem} {rmem_max} {} {route_window} {so_rcvbuf} {window_clamp}:", u8::from(!scaling_off))
}
