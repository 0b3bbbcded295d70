//! From judgements to what people and machines read.
//!
//! The values are copied out of the flows into [`FlowReport`], so that a flow can be forgotten once it is
//! judged. Formats print them and compute nothing: one file per format, one line in [`FORMATS`].

mod archive;
mod capture;
mod compare;
mod details;
mod fault;
mod flow;
mod format;
mod github;
mod json;
pub mod jsonl;
mod junit;
pub mod line;
mod markdown;
mod outcome;
mod plain_json;
mod quiet;
mod sarif;
pub mod screen;
mod series;
mod style;
mod text;

pub use archive::Archive;
pub use capture::{CaptureReport, CheckedSums, Skipped};
pub use compare::{COMPARISON_FORMATS, ComparisonFormat};
pub use details::Chart;
pub use fault::Fault;
pub use flow::{Badness, Captured, FlowReport, Limits, ShiftSource, WindowReport};
pub use format::{FORMATS, Format, Layout, Needs, Printer, format};
pub use outcome::{CheckSummary, Expected, Outcome, REQUIREMENTS, Requirement, Standing, Unmet};
pub use quiet::Tally;
pub use series::{SERIES_FORMATS, SeriesFormat, SeriesRow, SeriesWriter, series_format};
