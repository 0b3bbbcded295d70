//! Socket options: one application offers windows that need no scaling.

use super::super::advice::{Check, Persist, Workaround, WorksOn};
use super::super::kernel::MAX_UNSCALED_WINDOW_BYTES;
use super::super::situation::Situation;

pub(super) const ID: &str = "socket-option";

pub(super) fn describe(situation: &Situation) -> Workaround {
    let bytes = MAX_UNSCALED_WINDOW_BYTES;
    let (predicted, window_bytes) =
        situation.predict(|_, connection| connection.window_clamp_bytes = Some(bytes));
    let mut cost = situation.cost(window_bytes);
    "all connections of that application pay; SO_RCVBUF also turns its buffer tuning off"
        .clone_into(&mut cost.besides);
    Workaround {
        id: ID,
        title: "a socket option in the one application".to_owned(),
        does: format!(
            "TCP_WINDOW_CLAMP {bytes}, set before connect() or listen(), keeps the application's windows at {bytes} bytes or below: shift 0. SO_RCVBUF {bytes} does the same with a smaller buffer."
        ),
        works: "on the receiver of the slow direction, against the same faults as the route's window."
            .to_owned(),
        works_on: WorksOn::Receiver,
        peers: Vec::new(),
        predicted,
        run: Vec::new(),
        persist: Persist {
            notes: vec!["it is as permanent as the application's code or configuration".to_owned()],
            ..Persist::default()
        },
        verify: vec![Check {
            command: "tcpdump -nvi any 'tcp[tcpflags] & tcp-syn != 0'".to_owned(),
            shows: "wscale 0 in the application's SYN or SYN-ACK".to_owned(),
        }],
        cost,
        undo: Vec::new(),
        notes: [
            "C: int clamp = 65535; setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &clamp, sizeof clamp);",
            "Python: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, 65535)",
            "rsync from a daemon: rsync --sockopts=SO_RCVBUF=65535",
            "nginx: listen 443 ssl rcvbuf=65535;    HAProxy: tune.rcvbuf.client 65535",
            "systemd socket unit: ReceiveBuffer=65535",
            "to undo: take the option out again and restart the application",
        ]
        .map(str::to_owned)
        .to_vec(),
        post: Vec::new(),
    }
}
