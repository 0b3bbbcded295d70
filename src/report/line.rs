//! One line for people, as things happen: a finding, or a flow that is over.

use crate::detect::Finding;
use crate::flow::Side;
use crate::units;

use super::FlowReport;

/// A finding, `at_us` after the capture began. What matters comes first: a terminal may cut the rest.
pub fn finding(at_us: i64, flow: &FlowReport, finding: &Finding) -> String {
    let place = match finding.box_side {
        Some(Side::Client) => ", box on the client's side",
        Some(Side::Server) => ", box on the server's side",
        None => "",
    };
    format!(
        "{} flow {}: {} {}: {} ({} -> {}{place})",
        clock(at_us),
        flow.index,
        finding.rule.code,
        finding.confidence.name(),
        finding.headline,
        flow.endpoints.client,
        flow.endpoints.server,
    )
}

/// A flow that is over.
pub fn flow(at_us: i64, flow: &FlowReport) -> String {
    format!(
        "{} flow {} {} -> {}: over, {}, {} in {}",
        clock(at_us),
        flow.index,
        flow.endpoints.client,
        flow.endpoints.server,
        flow.verdict.name(),
        units::bytes(flow.data_bytes()),
        units::duration(flow.duration_us)
    )
}

/// `+12.3s` from the first frame.
fn clock(at_us: i64) -> String {
    format!("+{}.{}s", at_us / 1_000_000, at_us % 1_000_000 / 100_000)
}
