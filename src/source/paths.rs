//! From what the user named to the captures that are read: files as they are, directories by the captures in
//! them.

use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use super::bytes::fill;
use super::{Error, compressed, format};

/// How the names of captures end, and what may be behind that: the number of a piece, a compression.
const EXTENSIONS: [&str; 5] = [".pcap", ".pcapng", ".cap", ".dmp", ".snoop"];
const COMPRESSIONS: [&str; 5] = [".gz", ".zst", ".lz4", ".xz", ".bz2"];

/// One capture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path, `-` for standard input.
    pub path: String,
    /// Size of the file in bytes where it has one.
    pub size_bytes: Option<u64>,
}

/// The captures that `paths` name: themselves, or those in the directory (not below it), sorted by name. What may
/// be a capture and cannot be read is an error in its place: it must not go unseen.
pub fn expand(paths: &[String]) -> Vec<Result<Input, Error>> {
    let mut is_stdin_taken = false;
    let inputs = paths.iter().flat_map(|path| match path.as_str() {
        "-" if mem::replace(&mut is_stdin_taken, true) => {
            vec![Err(unopened(Path::new(path), "standard input can be read only once"))]
        }
        path => named(path),
    });
    inputs.collect()
}

/// Whether a regular file that is a capture by its first bytes, perhaps a compressed one, stands at `path`.
pub fn is_capture(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
        && begins_like_a_capture(path).unwrap_or(false)
}

fn named(path: &str) -> Vec<Result<Input, Error>> {
    if path == "-" {
        return vec![Ok(Input { path: path.to_owned(), size_bytes: None })];
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => in_directory(path),
        Ok(metadata) => {
            let size_bytes = metadata.is_file().then_some(metadata.len());
            vec![Ok(Input { path: path.to_owned(), size_bytes })]
        }
        Err(error) => vec![Err(unopened(Path::new(path), &plain(&error)))],
    }
}

fn in_directory(path: &str) -> Vec<Result<Input, Error>> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut names: Vec<PathBuf> = match entries {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(error) => return vec![Err(unopened(Path::new(path), &plain(&error)))],
    };
    names.sort();
    let inputs: Vec<_> = names.iter().filter_map(|name| capture(name).transpose()).collect();
    if inputs.is_empty() { vec![Err(Error::NoCapture { path: path.to_owned() })] } else { inputs }
}

/// The capture at `path`; `None` for what is none by its first bytes nor by its name.
fn capture(path: &Path) -> Result<Option<Input>, Error> {
    let is_named_so = is_named_like_a_capture(path);
    let failed = |error: io::Error| unopened(path, &plain(&error));
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Err(error) if is_named_so => return Err(failed(error)),
        _ => return Ok(None),
    };
    let begins_so = begins_like_a_capture(path).map_err(failed)?;
    if !is_named_so && !begins_so {
        return Ok(None);
    }
    let name = path.to_str().ok_or_else(|| unopened(path, "the name is not UTF-8"))?;
    Ok(Some(Input { path: name.to_owned(), size_bytes: Some(metadata.len()) }))
}

fn begins_like_a_capture(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    fs::File::open(path).and_then(|mut file| fill(&mut file, &mut head, 4))?;
    let begins_so = |magic: [u8; 4]| format::is_capture(magic) || compressed::is_compressed(magic);
    Ok(head.first_chunk().is_some_and(|magic| begins_so(*magic)))
}

fn is_named_like_a_capture(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = COMPRESSIONS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let name = name.trim_end_matches(|character: char| character.is_ascii_digit());
    EXTENSIONS.iter().any(|end| name.ends_with(end))
}

fn unopened(path: &Path, cause: &str) -> Error {
    Error::Open { path: path.to_string_lossy().into_owned(), cause: cause.to_owned() }
}

/// The system's words without Rust's `(os error 2)`, in lower case.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
