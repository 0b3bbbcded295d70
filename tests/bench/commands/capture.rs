//! The captures that are read: written once, kept for the next run.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

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

/// Header of a pcap file, and of a record.
const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;

/// All pcap files of `folder` as one, and how many frames it has. The copies that `wscale live` wrote beside
/// tcpdump's are left out.
pub(crate) fn joined(options: &Options, folder: &Path) -> Result<(PathBuf, u64), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(fault)?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".pcap"));
    paths.retain(|path| !path.to_string_lossy().ends_with(".live.pcap"));
    paths.sort();
    let (mut bytes, mut frames) = (Vec::new(), 0);
    for path in paths {
        let capture = fs::read(&path).map_err(fault)?;
        let Some((header, records)) = capture.split_at_checked(FILE_HEADER_BYTES) else { continue };
        if bytes.is_empty() {
            bytes.extend_from_slice(header);
        }
        // Another link layer, or another machine's byte order.
        if header[..8] != bytes[..8] || header[20..] != bytes[20..FILE_HEADER_BYTES] {
            continue;
        }
        let mut rest = records;
        while let Some(length) = rest.get(8..12) {
            let length = u32::from_ne_bytes(length.try_into().unwrap()) as usize;
            let Some(behind) = rest.get(RECORD_HEADER_BYTES + length..) else { break };
            frames += 1;
            rest = behind;
        }
        bytes.extend_from_slice(&records[..records.len() - rest.len()]);
    }
    if frames == 0 {
        return Err(format!("no pcap file in {}", folder.display()));
    }
    let path = options.folder.join("real.pcap");
    fs::create_dir_all(&options.folder).map_err(fault)?;
    fs::write(&path, bytes).map_err(fault)?;
    Ok((path, frames))
}
