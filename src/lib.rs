//! Diagnoses TCP window scaling (RFC 7323) from packets.

pub mod cli;
pub mod workarounds;
