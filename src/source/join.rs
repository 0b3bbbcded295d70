//! The pieces of one rotated capture (`tcpdump -C`, `-G`) read as one: frame numbers go on from piece to
//! piece, as in a capture that `mergecap -a` put together.

use std::collections::VecDeque;

use super::{CaptureFile, Error, Frame, LinkType, Source};

/// Several files as one capture, in the order given.
pub struct Joined {
    current: CaptureFile,
    rest: VecDeque<String>,
    filter: Option<String>,
    frames_before: u64,
    bytes_before: u64,
}

impl Joined {
    /// Opens the first of `paths`; the others are opened when their turn comes.
    pub fn open(paths: &[String], filter: Option<&str>) -> Result<Self, Error> {
        let mut rest: VecDeque<String> = paths.iter().cloned().collect();
        let first = rest.pop_front().unwrap_or_default();
        Ok(Self {
            current: CaptureFile::open(&first, filter)?,
            rest,
            filter: filter.map(str::to_owned),
            frames_before: 0,
            bytes_before: 0,
        })
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(path) = self.rest.pop_front() else { return Ok(false) };
        let next = CaptureFile::open(&path, self.filter.as_deref())?;
        if next.link_type() != self.current.link_type() {
            let cause = format!(
                "its link type is {}, that of the pieces before is {}",
                next.link_type().name,
                self.current.link_type().name
            );
            return Err(Error::Open { path, cause });
        }
        self.bytes_before += self.current.bytes_read();
        self.frames_before += self.current.frames();
        self.current = next;
        Ok(true)
    }
}

impl Source for Joined {
    fn link_type(&self) -> &LinkType {
        self.current.link_type()
    }

    fn link_types(&self) -> &[LinkType] {
        self.current.link_types()
    }

    fn read(&mut self, at_most: usize, sink: &mut dyn FnMut(&Frame<'_>)) -> Result<bool, Error> {
        let until = self.frames().saturating_add(at_most as u64);
        while self.frames() < until {
            let left = usize::try_from(until - self.frames()).unwrap_or(at_most);
            let before = self.frames_before;
            let mut renumbered = |frame: &Frame<'_>| sink(&Frame { number: before + frame.number, ..*frame });
            if !self.current.read(left, &mut renumbered)? && !self.open_next()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn frames(&self) -> u64 {
        self.frames_before + self.current.frames()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_before + self.current.bytes_read()
    }
}
