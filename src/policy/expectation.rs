//! What a team expects of every flow, or of those that a filter picks.
//!
//! A flow whose evidence is missing is not judged: it neither meets an expectation nor fails it. An expectation
//! that no flow could be held against is an error of the run, so that nothing passes unseen.

use crate::decode::Offer;
use crate::detect::Verdict;
use crate::flow::Side;
use crate::report::{Expected, FlowReport, REQUIREMENTS, Requirement, Unmet};

use super::nearest;

/// What is demanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Scaling is on.
    Scaling,
    /// Both sides offer this shift or more.
    MinShift(u8),
    /// The verdict is one of these.
    Verdict(Vec<Verdict>),
}

impl Demand {
    /// Verdicts separated by commas.
    pub fn verdicts(text: &str) -> Result<Self, String> {
        let verdict = |name: &str| {
            Verdict::ALL.into_iter().find(|verdict| verdict.name() == name).ok_or_else(|| {
                let near = nearest(name, Verdict::ALL.map(Verdict::name));
                let hint = near.map_or_else(
                    || format!("one of {}", Verdict::ALL.map(Verdict::name).join(", ")),
                    |near| format!("did you mean '{near}'?"),
                );
                format!("'{name}' is no verdict; {hint}")
            })
        };
        text.split(',').map(|name| verdict(name.trim())).collect::<Result<_, _>>().map(Self::Verdict)
    }

    /// Its kind.
    pub fn requirement(&self) -> &'static Requirement {
        let [scaling, min_shift, verdict] = &REQUIREMENTS;
        match self {
            Self::Scaling => scaling,
            Self::MinShift(_) => min_shift,
            Self::Verdict(_) => verdict,
        }
    }
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What is demanded.
    pub demand: Demand,
    /// Of which flows: a filter in tcpdump's syntax, one frame must match. `None` is all.
    pub flows: Option<String>,
}

impl Expectation {
    /// The whole of it in words.
    pub fn wording(&self) -> String {
        let name = self.demand.requirement().name;
        let demand = match &self.demand {
            Demand::Scaling => name.to_owned(),
            Demand::MinShift(shift) => format!("{name} {shift}"),
            Demand::Verdict(verdicts) => {
                let verdicts: Vec<&str> = verdicts.iter().map(|verdict| verdict.name()).collect();
                format!("{name} {}", verdicts.join(","))
            }
        };
        self.flows.as_ref().map_or(demand.clone(), |flows| format!("{demand} of flows '{flows}'"))
    }

    /// Holds it against flows; `bit` is that of its filter.
    pub(super) fn hold(&self, flows: &[FlowReport], bit: Option<usize>) -> Expected {
        let picked = flows.iter().filter(|flow| bit.is_none_or(|bit| flow.selected & (1 << bit) != 0));
        let mut expected = Expected {
            requirement: self.demand.requirement(),
            wording: self.wording(),
            flows: self.flows.clone(),
            judged: 0,
            unmet: Vec::new(),
        };
        for flow in picked {
            match self.demand.judge(flow) {
                Judgement::Unjudged => continue,
                Judgement::Met => {}
                Judgement::Unmet(message) => expected.unmet.push(Unmet { flow: flow.index, message }),
            }
            expected.judged += 1;
        }
        expected
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Met,
    Unmet(String),
    Unjudged,
}

impl Demand {
    fn judge(&self, flow: &FlowReport) -> Judgement {
        let unmet = match self {
            Self::Scaling => match flow.scaling {
                None => return Judgement::Unjudged,
                Some(true) => None,
                Some(false) => Some(format!("scaling is off: {}", offers(flow))),
            },
            Self::MinShift(least) => {
                let offers = Side::BOTH.map(|side| (side, flow.windows.of(side).offer));
                let small = |offer: Offer| match offer {
                    Offer::Shift(shift) => shift < *least,
                    Offer::Absent => true,
                    Offer::Unseen | Offer::Inconsistent => false,
                };
                let seen = |offer: Offer| matches!(offer, Offer::Shift(_) | Offer::Absent);
                let fails: Vec<String> = offers
                    .iter()
                    .filter(|(_, offered)| small(*offered))
                    .map(|(side, offered)| offer(*side, *offered))
                    .collect();
                if fails.is_empty() && !offers.iter().all(|(_, offer)| seen(*offer)) {
                    return Judgement::Unjudged;
                }
                (!fails.is_empty()).then(|| fails.join(", "))
            }
            Self::Verdict(verdicts) => {
                (!verdicts.contains(&flow.verdict)).then(|| format!("the verdict is {}", flow.verdict.name()))
            }
        };
        unmet.map_or(Judgement::Met, Judgement::Unmet)
    }
}

fn offers(flow: &FlowReport) -> String {
    Side::BOTH.map(|side| offer(side, flow.windows.of(side).offer)).join(", ")
}

fn offer(side: Side, offer: Offer) -> String {
    let offer = match offer {
        Offer::Shift(shift) => format!("shift {shift}"),
        Offer::Absent => "no scaling".to_owned(),
        Offer::Unseen => "what was not seen".to_owned(),
        Offer::Inconsistent => "different shifts".to_owned(),
    };
    format!("the {} offers {offer}", side.name())
}
