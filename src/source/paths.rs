//! From what the user named to the captures that are read: files as they are, directories by the captures in
//! them.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::{Error, compressed, format};

/// One capture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path, `-` for standard input.
    pub path: String,
    /// Size of the file in bytes where it has one.
    pub size_bytes: Option<u64>,
}

/// The captures that `path` names: itself, or those in the directory (not below it), sorted by name.
pub fn expand(path: &str) -> Result<Vec<Input>, Error> {
    let open_error =
        |path: &str, cause: &std::io::Error| Error::Open { path: path.to_owned(), cause: plain(cause) };
    if path == "-" {
        return Ok(vec![Input { path: path.to_owned(), size_bytes: None }]);
    }
    let metadata = fs::metadata(path).map_err(|cause| open_error(path, &cause))?;
    if !metadata.is_dir() {
        let size_bytes = metadata.is_file().then_some(metadata.len());
        return Ok(vec![Input { path: path.to_owned(), size_bytes }]);
    }
    let mut inputs = Vec::new();
    for entry in fs::read_dir(path).map_err(|cause| open_error(path, &cause))? {
        let entry = entry.map_err(|cause| open_error(path, &cause))?;
        let name = entry.path();
        if let (Some(name), true) = (name.to_str(), is_capture(&name)) {
            let size_bytes = fs::metadata(name).ok().map(|metadata| metadata.len());
            inputs.push(Input { path: name.to_owned(), size_bytes });
        }
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    if inputs.is_empty() { Err(Error::NoCapture { path: path.to_owned() }) } else { Ok(inputs) }
}

fn is_capture(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file()
        && fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && (format::is_capture(magic) || compressed::is_compressed(magic))
}

/// The system's words without Rust's `(os error 2)`, in lower case.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
