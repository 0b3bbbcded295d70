//! Files that are written: complete or not at all.
//!
//! What is written goes to a new file beside the target and is renamed onto it at the end, so that no reader
//! finds half a report and a report that could not be finished leaves the old one alone. Neither step follows a
//! link that someone else may have put there: the new file must not exist (`O_EXCL`), and renaming replaces a
//! link instead of following it; a target that is a link or no file is refused, for it is hardly meant. Nor is a
//! capture: perhaps it is the one that is being read.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::source;

/// A file that is read while it grows, so that it cannot be renamed onto its target at the end: what stands there
/// is overwritten, but not through a link, and not where it is standard input.
pub(crate) fn growing(target: &Path) -> io::Result<File> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata();
    let place = |metadata: Metadata| (metadata.dev(), metadata.ino());
    if input.is_ok_and(|input| {
        input.is_file() && fs::metadata(target).is_ok_and(|output| place(input) == place(output))
    }) {
        return Err(io::Error::other("it is the capture that is read"));
    }
    let flags = nix::libc::O_NOFOLLOW;
    let file = OpenOptions::new().write(true).create(true).truncate(true).custom_flags(flags).open(target);
    file.map_err(|error| match fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_symlink() => io::Error::other("it is a symbolic link"),
        _ => error,
    })
}

/// Names that are tried for the new file.
const ATTEMPTS: u32 = 16;

/// A file that replaces its target when it is finished.
#[derive(Debug)]
pub(crate) struct NewFile {
    target: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
}

impl NewFile {
    /// Begins to write what will stand at `target`.
    pub(crate) fn create(target: &Path) -> anyhow::Result<Self> {
        let shown = target.display();
        if let Ok(metadata) = fs::symlink_metadata(target)
            && !metadata.is_file()
        {
            anyhow::bail!(
                "cannot write '{shown}': it is not a regular file\nhint: without --output the report goes to standard output"
            );
        }
        if source::is_capture(target) {
            anyhow::bail!("cannot write '{shown}': it is a capture\nhint: give the output another name");
        }
        let name = target.file_name().with_context(|| format!("cannot write '{shown}': no file name"))?;
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for attempt in 0..ATTEMPTS {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.tmp", std::process::id()));
            let temporary = target.with_file_name(hidden);
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => {
                    let file = Some(BufWriter::new(file));
                    return Ok(Self { target: target.to_owned(), temporary, file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error).with_context(|| format!("cannot write '{shown}'")),
            }
        }
        Err(last).with_context(|| format!("cannot write '{shown}'"))
    }

    /// Puts it in the place of the target.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let finished = self.flush().and_then(|()| {
            self.file = None;
            fs::rename(&self.temporary, &self.target)
        });
        finished.with_context(|| format!("cannot write '{}'", self.target.display()))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for NewFile {
    /// Leaves nothing behind when it was not finished. After a rename there is nothing to remove.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_unfinished_file_leaves_the_old_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("report.xml");
        fs::write(&target, "old").unwrap();
        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(names(folder.path()), ["report.xml"]);
    }

    #[test]
    fn a_finished_file_replaces_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("report.xml");
        fs::write(&target, "old").unwrap();
        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.xml"]);
    }

    #[test]
    fn a_capture_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for (name, magic) in [("a.pcap", &[0xd4, 0xc3, 0xb2, 0xa1][..]), ("b.gz", &[0x1f, 0x8b, 8, 0])] {
            let target = folder.path().join(name);
            fs::write(&target, magic).unwrap();
            let refused = NewFile::create(&target).unwrap_err().to_string();
            assert!(refused.contains("it is a capture"), "{refused}");
            assert_eq!(fs::read(&target).unwrap(), magic);
        }
    }

    #[test]
    fn a_growing_file_replaces_the_old_one_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("saved.pcap");
        fs::write(&target, "old and long").unwrap();
        growing(&target).unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let target = folder.path().join("report.xml");
        std::os::unix::fs::symlink(&victim, &target).unwrap();
        let refused = NewFile::create(&target).unwrap_err().to_string();
        assert!(refused.contains("not a regular file"), "{refused}");
        assert_eq!(growing(&target).unwrap_err().to_string(), "it is a symbolic link");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}
