//! A capture that arrives on standard input. A thread reads it, because a read from a pipe cannot be given up:
//! the capture must end when the user says so, not when the next frame comes.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::live::{Arriving, Batch, Lost};
use super::{CaptureFile, Error, Frame, LinkType, Source};

/// Frames that may wait between the two threads.
const WAITING_MAX: usize = 4096;

/// Standard input, as it arrives.
pub struct Pipe {
    arriving: Receiver<Message>,
    link_types: Vec<LinkType>,
}

enum Message {
    Opened(Vec<LinkType>),
    Frame { number: u64, time_us: i64, link: i32, wire_bytes: u32, data: Box<[u8]> },
    Failed(Error),
}

impl Pipe {
    /// Waits for the head of the capture; `None` when `is_over` says so first.
    pub fn open(filter: Option<&str>, is_over: &dyn Fn() -> bool) -> Result<Option<Self>, Error> {
        let (sender, arriving) = sync_channel(WAITING_MAX);
        let filter = filter.map(str::to_owned);
        thread::spawn(move || forward(filter.as_deref(), &sender));
        loop {
            match arriving.recv_timeout(Duration::from_millis(100)) {
                Ok(Message::Opened(link_types)) => return Ok(Some(Self { arriving, link_types })),
                Ok(Message::Failed(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) if !is_over() => {}
                Ok(Message::Frame { .. }) | Err(_) => return Ok(None),
            }
        }
    }
}

/// Reads standard input to its end, or until nobody listens any more.
fn forward(filter: Option<&str>, sender: &SyncSender<Message>) {
    let mut file = match CaptureFile::open("-", filter) {
        Ok(file) => file,
        Err(error) => {
            let _ = sender.send(Message::Failed(error));
            return;
        }
    };
    let mut listening = sender.send(Message::Opened(file.link_types().to_vec())).is_ok();
    while listening {
        let outcome = file.read_frame(&mut |frame| {
            let message = Message::Frame {
                number: frame.number,
                time_us: frame.time_us,
                link: frame.link,
                wire_bytes: frame.wire_bytes,
                data: frame.data.into(),
            };
            listening = sender.send(message).is_ok();
        });
        match outcome {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = sender.send(Message::Failed(error));
                return;
            }
        }
    }
}

impl Arriving for Pipe {
    fn link_types(&self) -> &[LinkType] {
        &self.link_types
    }

    fn read(
        &mut self,
        at_most: usize,
        wait: Duration,
        sink: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<Batch, Error> {
        let mut taken = 0;
        let mut next = self.arriving.recv_timeout(wait);
        loop {
            match next {
                Ok(Message::Frame { number, data, time_us, link, wire_bytes }) => {
                    sink(&Frame { number, data: &data, time_us, link, wire_bytes });
                    taken += 1;
                }
                Ok(Message::Failed(error)) => return Err(error),
                Ok(Message::Opened(_)) => {}
                Err(RecvTimeoutError::Disconnected) if taken == 0 => return Ok(Batch::Ended),
                Err(_) => return Ok(if taken > 0 { Batch::Frames(taken) } else { Batch::Idle }),
            }
            if taken >= at_most as u64 {
                return Ok(Batch::Frames(taken));
            }
            next = self.arriving.recv_timeout(Duration::ZERO);
        }
    }

    /// The pipe does not tell what was lost at its other end.
    fn lost(&mut self) -> Option<Lost> {
        None
    }
}
