//! What a rule says about one flow.

use crate::flow::Side;

use super::Rule;

/// How bad it is if true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// A fault that may hurt.
    Warning,
    /// A fault that hurts.
    Problem,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// How sure this capture makes us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It would explain what is seen; so would something harmless.
    Possible,
    /// Nothing harmless that is known explains it.
    Likely,
    /// Nothing else explains it.
    Proven,
}

impl Confidence {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Proven => "proven",
        }
    }
}

/// A direction of data, by its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Direction {
    /// Who sends the data.
    pub sender: Side,
}

impl Direction {
    /// `server-to-client` or `client-to-server`.
    pub fn name(self) -> &'static str {
        match self.sender {
            Side::Client => "client-to-server",
            Side::Server => "server-to-client",
        }
    }
}

/// A frame to look at, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameNote {
    /// Wireshark's `frame.number`.
    pub number: u64,
    /// What is there, where it is not just one more of the same.
    pub label: Option<String>,
}

/// What a fault costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes per second that the hurt direction reached.
    pub rate_bytes_per_s: Option<u64>,
    /// Bytes per second that the window allows when everyone scales it right.
    pub ceiling_bytes_per_s: Option<u64>,
    /// The window when scaled right.
    pub window_bytes: u64,
    /// The round trip.
    pub rtt_us: Option<i64>,
}

/// One rule that fired on one flow.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How sure.
    pub confidence: Confidence,
    /// Whose window it is about.
    pub window_of: Option<Side>,
    /// The direction of data that suffers.
    pub hurts: Option<Direction>,
    /// The side of the capture point on which the box stands.
    pub box_side: Option<Side>,
    /// Frames to open.
    pub frames: Vec<FrameNote>,
    /// One line that names the fault.
    pub headline: String,
    /// What was seen.
    pub seen: String,
    /// Where the box is and how that follows.
    pub place: Option<String>,
    /// What it costs.
    pub cost: Option<Cost>,
    /// What to do next: the command, or the capture that would make it certain.
    pub next: String,
}

impl Finding {
    /// A finding of `rule` with nothing but its words; rules fill in the rest by struct update.
    pub(crate) fn new(rule: &'static Rule, confidence: Confidence, headline: String, seen: String) -> Self {
        Self {
            rule,
            confidence,
            window_of: None,
            hurts: None,
            box_side: None,
            frames: Vec::new(),
            headline,
            seen,
            place: None,
            cost: None,
            next: String::new(),
        }
    }

    /// Headline, evidence and place in one line, for machine formats.
    pub fn message(&self) -> String {
        let mut message = format!("{}: {}", self.headline, self.seen);
        if let Some(place) = &self.place {
            message.push_str("; ");
            message.push_str(place);
        }
        message
    }
}
