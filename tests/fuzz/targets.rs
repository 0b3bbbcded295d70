//! What is fuzzed: each function takes any bytes, and must neither panic nor take long. They also check what
//! must hold whatever the bytes are.

use std::io::{self, Cursor};

use wscale::decode::{Decoder, Offer, Options};
use wscale::pipeline::Analysis;
use wscale::report::{CaptureReport, FORMATS, Layout};
use wscale::source::{CaptureFile, Frame, LinkType};

/// The link layers that the first byte of a frame chooses from.
const LINKS: [i32; 24] = [
    1, 0, 9, 10, 12, 14, 50, 51, 101, 104, 105, 108, 109, 113, 117, 127, 166, 178, 219, 228, 229, 239, 242,
    276,
];

/// The walk over the option bytes. The lowest bit of the first byte says whether they were cut.
pub(crate) fn options(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let is_cut = first & 1 == 1;
    let options = Options::walk(rest, is_cut);
    assert!(usize::from(options.nop_run) <= rest.len());
    let may_end = rest.contains(&0);
    assert!(!is_cut || may_end || options.window_scale != Offer::Absent, "cut off is not absent");
    if let Offer::Shift(shift) = options.window_scale {
        assert!(rest.windows(3).any(|option| option == [3, 3, shift]));
    }
}

/// The decoder. The first byte chooses the link layer, the second says how much the snap length cut off.
pub(crate) fn frame(bytes: &[u8]) {
    let [choice, cut, data @ ..] = bytes else { return };
    let link = LINKS.iter().cycle().nth(usize::from(*choice)).copied().unwrap_or(1);
    let decoder =
        Decoder::new(&LinkType { number: link, name: String::new() }).expect("a link layer of the list");
    let wire_bytes = u32::try_from(data.len()).unwrap_or(u32::MAX).saturating_add(u32::from(*cut));
    let frame = Frame { number: 1, data, time_us: 0, link, wire_bytes };
    if let Ok(segment) = decoder.decode(&frame) {
        assert!(segment.option_bytes <= 40 && segment.option_bytes % 4 == 0);
        assert!(data.len() >= 40, "no IP and TCP headers are shorter");
        assert!(segment.outer.layers().count() <= 8);
        let _ = segment.outer.to_string();
    }
    let _ = decoder.checksums(&frame);
}

/// The whole pipeline, from a capture file of any format to every report.
pub(crate) fn capture(bytes: &[u8]) {
    let _ = judged(bytes);
}

/// The report on a capture, `None` if it cannot be opened. Every format was written.
pub(crate) fn judged(bytes: &[u8]) -> Option<CaptureReport> {
    let mut source = CaptureFile::read("fuzz", Cursor::new(bytes.to_vec()), None).ok()?;
    let mut analysis = Analysis::new("fuzz", &source).ok()?;
    analysis.check_sums();
    let _ = analysis.read(&mut source, &mut |_| {});
    let report = analysis.finish();
    let skipped: u64 = report.skipped.reasons().map(|(_, count)| count).sum();
    assert_eq!(report.segments + skipped, report.frames, "every frame is a segment or skipped for a reason");
    let reports = [report];
    for format in FORMATS {
        let layout = Layout { width: 80, top: 20, color: false };
        format.write(&mut io::sink(), &reports, &layout).expect("a sink takes everything");
    }
    let [report] = reports;
    Some(report)
}
