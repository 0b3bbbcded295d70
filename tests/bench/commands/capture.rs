//! The captures that are read: written once, kept for the next run.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use crate::options::Options;
use crate::traffic::{self, Shape};

/// The capture of `shape` with `frames` frames; it is written when it is not there yet, and read once, so that
/// every command finds it in memory.
pub(crate) fn capture(options: &Options, shape: Shape, frames: u64) -> Result<PathBuf, String> {
    let path = options.folder.join(format!("{shape:?}-{frames}.pcap").to_lowercase());
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    if !path.exists() {
        fs::create_dir_all(&options.folder).map_err(fault)?;
        let unfinished = path.with_extension("unfinished");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&unfinished).map_err(fault)?);
        traffic::write(shape, frames, &mut out).map_err(fault)?;
        out.flush().map_err(fault)?;
        fs::rename(&unfinished, &path).map_err(fault)?;
    }
    std::io::copy(&mut File::open(&path).map_err(fault)?, &mut std::io::sink()).map_err(fault)?;
    Ok(path)
}
