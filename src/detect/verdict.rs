//! One verdict per flow.

use crate::flow::{Flow, Side, Sides};

use super::{Case, Confidence, Finding, RULES, Severity, Shifts};

/// The verdict on one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Scaling is on and proven in at least one direction, none is at fault.
    Healthy,
    /// Scaling is consistently not in use.
    Off,
    /// Scaling is on, nothing proves or disproves it.
    Unproven,
    /// No handshake, and nothing could be inferred.
    Unknown,
    /// Something points to a fault, but it is not sure.
    Suspect,
    /// A box drops what lies beyond the unscaled edge.
    Blocked,
    /// A box lowered, removed or changed the option.
    Stripped,
}

impl Verdict {
    /// All of them, the worst last.
    pub const ALL: [Self; 7] = [
        Self::Healthy,
        Self::Off,
        Self::Unproven,
        Self::Unknown,
        Self::Suspect,
        Self::Blocked,
        Self::Stripped,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Off => "off",
            Self::Unproven => "unproven",
            Self::Unknown => "unknown",
            Self::Suspect => "suspect",
            Self::Blocked => "blocked",
            Self::Stripped => "stripped",
        }
    }
}

/// What was found about one flow.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The three shifts of each side's window.
    pub shifts: Sides<Shifts>,
    /// Scaling is proven to work for this side's window.
    pub proven: Sides<bool>,
    /// The shift under which this side's window is read: what the advertiser uses where that is known,
    /// else what was declared.
    pub effective_shift: Sides<Option<u8>>,
    /// Frames that the capture dropped could have faked more than is said here.
    pub weakened: bool,
    /// All findings, worst first.
    pub findings: Vec<Finding>,
}

/// The rule that marks a handshake as suspect although it is only a warning.
const THINNED: &str = "WS008";

/// The rule for boxes that drop instead of rewriting.
const BLOCKED: &str = "WS005";

/// Judges one flow.
pub fn judge(flow: &Flow) -> Judgement {
    let case = Case::new(flow);
    let mut findings = Vec::new();
    if !flow.is_incoherent() {
        for rule in RULES {
            findings.append(&mut (rule.check)(&case));
        }
    }
    findings.sort_by(|a, b| {
        (b.rule.severity, b.confidence)
            .cmp(&(a.rule.severity, a.confidence))
            .then(a.rule.code.cmp(b.rule.code))
    });
    let convicted = |side: Side| {
        findings
            .iter()
            .any(|finding| finding.rule.severity == Severity::Problem && finding.window_of == Some(side))
    };
    let proven = Sides {
        client: case.is_scaled(Side::Client) && !convicted(Side::Client),
        server: case.is_scaled(Side::Server) && !convicted(Side::Server),
    };
    let effective = |side: Side| {
        let accused = findings.iter().any(|f| f.rule.code == "WS003" && f.window_of == Some(side));
        let shifts = case.shifts.of(side);
        let declared = shifts.scales_less.shift().filter(|_| accused).or(shifts.declared);
        case.collapse(side).map(|collapse| collapse.shift).or(declared)
    };
    let effective_shift = Sides { client: effective(Side::Client), server: effective(Side::Server) };
    let verdict = verdict(flow, &findings, proven, &case.shifts);
    Judgement { verdict, shifts: case.shifts, proven, effective_shift, weakened: false, findings }
}

/// Sums up.
pub(super) fn verdict(
    flow: &Flow,
    findings: &[Finding],
    proven: Sides<bool>,
    shifts: &Sides<Shifts>,
) -> Verdict {
    if flow.is_incoherent() {
        return Verdict::Unknown;
    }
    let problems = || findings.iter().filter(|finding| finding.rule.severity == Severity::Problem);
    let sure = |finding: &&Finding| finding.confidence >= Confidence::Likely;
    if problems().filter(sure).any(|finding| finding.rule.code != BLOCKED) {
        return Verdict::Stripped;
    }
    if problems().any(|finding| sure(&finding)) {
        return Verdict::Blocked;
    }
    if problems().next().is_some() || findings.iter().any(|finding| finding.rule.code == THINNED) {
        return Verdict::Suspect;
    }
    match flow.handshake.scaling() {
        Some(false) => Verdict::Off,
        Some(true) if proven.client || proven.server => Verdict::Healthy,
        Some(true) => Verdict::Unproven,
        // Without a handshake, data beyond the unscaled window still shows that scaling is on.
        None if [&shifts.client, &shifts.server].iter().any(|shifts| shifts.overshoot > 0) => {
            Verdict::Unproven
        }
        None => Verdict::Unknown,
    }
}
