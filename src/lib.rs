//! Diagnoses TCP window scaling (RFC 7323) from packets.
//!
//! One direction of data, one step at a time:
//!
//! ```text
//! source -> decode -> flow -> detect -> report
//! frames    segments  flows   findings  bytes
//! ```
//!
//! [`plot`] draws what was judged. [`pipeline`] connects the steps, [`cli`] is the command line, [`units`] is a leaf that everyone may use.
//! [`pipeline`] connects the steps, [`policy`] says which reports a team accepts, [`cli`] is the command line,
//! [`units`] is a leaf that everyone may use.
//! The core does no I/O and reads no clock: time is the capture's time.

pub mod cli;
pub mod compare;
pub mod decode;
pub mod detect;
pub mod flow;
pub mod pipeline;
pub mod plot;
pub mod policy;
pub mod report;
pub mod source;
pub mod units;
pub mod workarounds;
