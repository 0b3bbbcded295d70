//! Real TCP between namespaces: a thread can enter one without the rest of the process.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

/// Runs `work` in namespace `name`.
pub(crate) fn inside<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let namespace = File::open(format!("/run/netns/{name}")).unwrap();
    thread::spawn(move || {
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
        work()
    })
    .join()
    .unwrap()
}

/// A server in namespace `name` that sends as many bytes as the eight bytes of each request ask for.
pub(crate) fn serve(name: &str) {
    let listener = inside(name, || TcpListener::bind("10.8.2.1:8080").unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let block = vec![b'x'; 1 << 16];
    let mut request = [0; 8];
    while stream.read_exact(&mut request).is_ok() {
        let mut left = usize::try_from(u64::from_be_bytes(request)).unwrap();
        while left > 0 {
            let sent = stream.write(&block[..left.min(block.len())])?;
            left -= sent;
        }
    }
    Ok(())
}

/// A connection from namespace `name` to the server.
pub(crate) fn connect(name: &str) -> TcpStream {
    let stream = inside(name, || TcpStream::connect("10.8.2.1:8080").unwrap());
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Downloads; the connection stays open.
pub(crate) fn download(stream: &mut TcpStream, bytes: u64) {
    stream.write_all(&bytes.to_be_bytes()).unwrap();
    let mut block = vec![0; 1 << 18];
    let mut left = bytes;
    while left > 0 {
        let got = stream.read(&mut block).unwrap() as u64;
        assert!(got > 0, "the server hung up");
        left -= got;
    }
}
