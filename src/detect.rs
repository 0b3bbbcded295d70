//! From evidence to findings and a verdict.
//!
//! Three shifts must agree for each window: the *declared* one (what both SYNs said, as seen here), the
//! *applied* one (what the advertiser really uses) and the *believed* one (what the sender of the data acts
//! on). Which two disagree says on which side of the capture point the fault lies. `shifts` infers them as
//! intervals, each rule in `rules` reads one disagreement, and [`Verdict`] sums up.

mod case;
mod finding;
mod losses;
mod rule;
mod rules;
mod shifts;
mod verdict;

pub use case::Case;
pub use finding::{Confidence, Cost, Direction, Finding, FrameNote, Severity};
pub use losses::weaken;
pub use rule::{Explanation, RULES, Rule, rule};
pub use shifts::{Bounds, Contradiction, InBytes, Interval, ScalesLess, Shifts};
pub use verdict::{Judgement, Verdict, judge};
