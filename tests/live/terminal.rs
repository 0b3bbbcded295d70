//! What a person sees who runs it on a terminal: a real one of the kernel, whose other end is a terminal emulator.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::unistd::ttyname;

use crate::namespaces::{Path3, are_possible, filter, must};
use crate::traffic::{connect, download, serve};

/// Rows and columns.
const SIZE: (u16, u16) = (60, 130);

/// `wscale live` on a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    emulator: Arc<Mutex<vt100::Parser>>,
    /// Open to the end, so that the settings can be read when the program is gone.
    line: OwnedFd,
    settings: String,
}

impl Terminal {
    fn start(namespace: &str, arguments: &[&str]) -> Self {
        let size = Winsize { ws_row: SIZE.0, ws_col: SIZE.1, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave: line } = openpty(&size, None).unwrap();
        let end = || line.try_clone().unwrap();
        let mut command = Command::new("ip");
        // Its controlling terminal: only then the kernel tells it of another size.
        command.args(["netns", "exec", namespace, "setsid", "--ctty", env!("CARGO_BIN_EXE_wscale"), "live"]);
        command.args(arguments).env("TERM", "xterm-256color").stdin(end()).stdout(end()).stderr(end());
        let emulator = Arc::new(Mutex::new(vt100::Parser::new(some(SIZE.0), some(SIZE.1), 200)));
        let mut output = File::from(master.try_clone().unwrap());
        let screen = Arc::clone(&emulator);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                screen.lock().unwrap().process(&bytes[..count]);
            }
        });
        let mut terminal = Self {
            settings: String::new(),
            child: command.spawn().unwrap(),
            keyboard: File::from(master),
            emulator,
            line,
        };
        terminal.settings = terminal.stty("-g");
        terminal
    }

    fn stty(&self, arguments: &str) -> String {
        must(&format!("stty -F {} {arguments}", ttyname(&self.line).unwrap().display()))
    }

    fn resize(&self, rows: u16, columns: u16) {
        self.emulator.lock().unwrap().screen_mut().set_size(some(rows), some(columns));
        self.stty(&format!("rows {rows} cols {columns}"));
    }

    fn lines(&self) -> Vec<String> {
        self.emulator.lock().unwrap().screen().contents().lines().map(str::to_owned).collect()
    }

    /// The picture, once it is as wanted.
    fn wait_for(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let lines = self.lines();
            if wanted(&lines) {
                return lines;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{what}:\n{}", lines.join("\n"));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses a key, which must end the program, and leave the terminal as it was.
    fn end_with(mut self, key: &[u8]) -> Vec<String> {
        assert!(self.emulator.lock().unwrap().screen().alternate_screen());
        assert!(self.emulator.lock().unwrap().screen().hide_cursor());
        self.keyboard.write_all(key).unwrap();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "the key did not end it");
            thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(0));
        let lines = self.wait_for("the report", |lines| lines.iter().any(|line| line.contains("verdict")));
        let emulator = self.emulator.lock().unwrap();
        assert!(!emulator.screen().alternate_screen() && !emulator.screen().hide_cursor());
        drop(emulator);
        assert_eq!(self.stty("-g"), self.settings);
        lines
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn position(lines: &[String], words: &[&str]) -> Option<usize> {
    lines.iter().position(|line| words.iter().all(|word| line.contains(word)))
}

#[test]
fn the_table_refreshes_resizes_and_ends_with_q() {
    if !are_possible("the table on a terminal") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let terminal = Terminal::start(&path.client(), &["-i", "c", "--color", "never"]);
    terminal.wait_for("an empty table", |lines| position(lines, &["no TCP flow yet"]).is_some());
    let mut healthy = connect(&path.client());
    download(&mut healthy, 2_000_000);
    let row = |lines: &[String], verdict: &str| position(lines, &["10.8.2.1:8080", verdict]);
    terminal.wait_for("a healthy flow", |lines| row(lines, "healthy").is_some());
    filter(&path.router(), "forward", "tcp flags & (syn|ack) == syn|ack reset tcp option window");
    let mut stripped = connect(&path.client());
    download(&mut stripped, 20_000);
    let lines = terminal.wait_for("a finding under the table", |lines| {
        row(lines, "stripped").is_some() && position(lines, &["WS002"]).is_some()
    });
    // The worse flow comes first, although the healthy one has more bytes; the finding stands under both.
    let (worse, better) = (row(&lines, "stripped").unwrap(), row(&lines, "healthy").unwrap());
    let finding = position(&lines, &["WS002"]).unwrap();
    assert!(worse < better && better < finding, "{}", lines.join("\n"));
    for heading in ["client", "server", "shift", "window", "in flight", "rtt", "ceiling", "verdict"] {
        assert!(position(&lines, &["verdict", heading]).is_some(), "{heading}:\n{}", lines.join("\n"));
    }
    // A narrow terminal loses columns, never the verdict; the rows that are left are not overwritten by others.
    terminal.resize(12, 62);
    let lines = terminal.wait_for("a narrow table", |lines| {
        position(lines, &["verdict"]).is_some() && position(lines, &["in flight"]).is_none()
    });
    assert!(row(&lines, "stripped").is_some() && position(&lines, &["WS002"]).is_some(), "{lines:?}");
    terminal.resize(SIZE.0, SIZE.1);
    terminal.wait_for("the wide table again", |lines| position(lines, &["verdict", "in flight"]).is_some());
    let lines = terminal.end_with(b"q");
    assert!(
        position(&lines, &["WS002", "window-collapses-after-handshake"]).is_some(),
        "{}",
        lines.join("\n")
    );
}

#[test]
fn control_c_ends_the_table_and_prints_the_report() {
    if !are_possible("Ctrl-C on a terminal") {
        return;
    }
    let path = Path3::new();
    serve(&path.server());
    let terminal = Terminal::start(&path.client(), &["-i", "c"]);
    terminal.wait_for("an empty table", |lines| position(lines, &["no TCP flow yet"]).is_some());
    download(&mut connect(&path.client()), 2_000_000);
    terminal.wait_for("a healthy flow", |lines| position(lines, &["10.8.2.1:8080", "healthy"]).is_some());
    let lines = terminal.end_with(b"\x03");
    assert!(position(&lines, &["10.8.2.1:8080", "healthy"]).is_some(), "{}", lines.join("\n"));
}
