//! From judgements to what people and machines read.
//!
//! The values are copied out of the flows into [`FlowReport`], so that a flow can be forgotten once it is
//! judged. Formats print them and compute nothing: one file per format, one line in [`FORMATS`].

mod capture;
mod flow;
mod format;
mod json;
pub mod jsonl;
pub mod line;
pub mod screen;
mod series;
mod style;
mod text;

pub use capture::{CaptureReport, Skipped};
pub use flow::{FlowReport, Limits, WindowReport};
pub use format::{FORMATS, Format, Layout, format};
pub use series::{SERIES_FORMATS, SeriesFormat, SeriesRow, SeriesWriter, series_format};
