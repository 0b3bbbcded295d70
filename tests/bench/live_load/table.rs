//! The table.

use std::fmt::{self, Display, Formatter};

use crate::captor::Taken;
use crate::load::{Load, Sent};

/// One load under one capture.
pub(crate) struct Row {
    pub(crate) load: Load,
    pub(crate) sent: Sent,
    /// Frames that passed the interface.
    pub(crate) offered: u64,
    pub(crate) took: Taken,
}

impl Row {
    pub(crate) const HEADING: &str = "\
load                             captured by             frames   dropped  unaccounted   frames/s    MB/s   CPU  frames/CPU s  peak MiB";

    pub(crate) const LEGEND: &str = "\
unaccounted: frames that passed the interface, by its own counters, and were neither captured nor reported as
dropped. CPU: the share of one processor that the capture took while the load ran. frames/CPU s: what one
processor could sustain. peak MiB: of the process, the buffer for frames that wait included.";

    pub(crate) fn unaccounted(&self) -> i64 {
        let seen = self.took.frames + self.took.dropped;
        i64::try_from(self.offered).unwrap_or(i64::MAX) - i64::try_from(seen).unwrap_or(i64::MAX)
    }
}

impl Display for Row {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (seconds, processor) = (self.sent.time.as_secs_f64(), self.took.processor.as_secs_f64());
        write!(
            f,
            "{:<31}  {:<20}  {:>8}  {:>8}  {:>11}  {:>9.0}  {:>6.0}  {:>3.0}%  {:>12.0}  {:>8.1}",
            self.load.name(),
            self.took.kind.name(),
            self.took.frames,
            self.took.dropped,
            self.unaccounted(),
            self.offered as f64 / seconds,
            self.sent.bytes as f64 / 1e6 / seconds,
            100.0 * processor / seconds,
            self.took.frames as f64 / processor,
            self.took.peak_kib as f64 / 1024.0
        )
    }
}
