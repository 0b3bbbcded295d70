//! What is reported about one capture.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::decode::{Checksums, Skip, Verified};
use crate::detect::Verdict;

use super::{Chart, Expected, FlowReport, Tally};

/// Frames that hold no usable segment, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Neither IPv4 nor IPv6.
    pub not_ip: u64,
    /// IP, but not TCP.
    pub not_tcp: u64,
    /// A fragment behind the first.
    pub fragment: u64,
    /// Cut by the snap length before the end of the TCP header.
    pub truncated: u64,
    /// A header that contradicts itself.
    pub malformed: u64,
}

impl Skipped {
    /// Counts one frame.
    pub fn count(&mut self, skip: Skip) {
        *match skip {
            Skip::NotIp => &mut self.not_ip,
            Skip::NotTcp => &mut self.not_tcp,
            Skip::Fragment => &mut self.fragment,
            Skip::Truncated => &mut self.truncated,
            Skip::Malformed => &mut self.malformed,
        } += 1;
    }

    /// The reasons that occurred, in words, with their counts.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("not IP", self.not_ip),
            ("not TCP", self.not_tcp),
            ("later fragments", self.fragment),
            ("cut before the end of the TCP header", self.truncated),
            ("malformed", self.malformed),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }
}

/// Checksums that were checked, and those that are wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CheckedSums {
    /// IPv4 headers of TCP segments.
    pub ipv4_checked: u64,
    /// Of them.
    pub ipv4_wrong: u64,
    /// Segments that were captured whole.
    pub tcp_checked: u64,
    /// Of them: the capturing host left the sum to its network card.
    pub tcp_offloaded: u64,
    /// Of them.
    pub tcp_wrong: u64,
}

impl CheckedSums {
    /// Counts one segment.
    pub fn count(&mut self, sums: Checksums) {
        self.ipv4_checked += u64::from(sums.ipv4_is_right.is_some());
        self.ipv4_wrong += u64::from(sums.ipv4_is_right == Some(false));
        self.tcp_checked += u64::from(sums.tcp.is_some());
        self.tcp_offloaded += u64::from(sums.tcp == Some(Verified::Offloaded));
        self.tcp_wrong += u64::from(sums.tcp == Some(Verified::Wrong));
    }
}

/// One capture, judged.
#[derive(Clone, Debug, Default)]
pub struct CaptureReport {
    /// The capture as the user named it.
    pub source: String,
    /// libpcap's name of the link type.
    pub link_type: String,
    /// All frames, also those that a filter hid.
    pub frames: u64,
    /// TCP segments.
    pub segments: u64,
    /// Frames without a usable segment.
    pub skipped: Skipped,
    /// Checksums, where somebody asked for them.
    pub checksums: Option<CheckedSums>,
    /// Why the capture could not be read to its end.
    pub incomplete: Option<String>,
    /// Frames that the capturing system dropped, where it tells.
    pub dropped: Option<u64>,
    /// Flows that were forgotten to bound memory.
    pub evicted_flows: u64,
    /// Segments of connections that were over and judged.
    pub late_segments: u64,
    /// Flows that are only counted, by verdict: a live capture does not keep the report of every flow, and a
    /// flow that had to go early is listed only if there is something to say about it.
    pub unlisted_flows: BTreeMap<Verdict, u64>,
    /// Capture time of the first frame.
    pub first_us: Option<i64>,
    /// Latest capture time.
    pub last_us: Option<i64>,
    /// The flows that are kept, in the order of their first frame: all, unless the archive was asked for less.
    pub flows: Vec<FlowReport>,
    /// Those without a finding that nobody wanted to see: they are counted.
    pub quiet: Tally,
    /// What a policy expects of it, `None` without one.
    pub expected: Option<Vec<Expected>>,
    /// The flow is told in full, with these charts.
    pub charts: Option<Vec<Chart>>,
}

impl CaptureReport {
    /// How many flows were judged and not only counted by verdict.
    pub fn listed(&self) -> u64 {
        self.flows.len() as u64 + self.quiet.flows()
    }

    /// The flows, the worst first; of equally bad ones those with more data.
    pub fn worst_first(&self) -> Vec<&FlowReport> {
        let mut flows: Vec<&FlowReport> = self.flows.iter().collect();
        flows.sort_by_key(|flow| Reverse(flow.badness()));
        flows
    }
}
