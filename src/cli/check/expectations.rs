//! Expectations on the command line: `--flows` narrows the one right before it.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, value_parser};

use crate::policy::{Demand, Expectation};

/// The expectations in the order of the command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations(pub(super) Vec<Expectation>);

const REQUIRE_SCALING: &str = "require-scaling";
const MIN_SHIFT: &str = "min-shift";
const EXPECT_VERDICT: &str = "expect-verdict";
const FLOWS: &str = "flows";

impl clap::Args for Expectations {
    fn augment_args(command: Command) -> Command {
        let repeatable = |name: &'static str| {
            Arg::new(name).long(name).action(ArgAction::Append).help_heading("Expectations")
        };
        command
            .arg(
                repeatable(REQUIRE_SCALING)
                    .num_args(0)
                    .default_missing_value("true")
                    .value_parser(value_parser!(bool))
                    .help("Every flow must use window scaling"),
            )
            .arg(
                repeatable(MIN_SHIFT)
                    .value_name("N")
                    .value_parser(value_parser!(u8).range(0..=14))
                    .help("Both sides of every flow must offer a shift of N or more"),
            )
            .arg(
                repeatable(EXPECT_VERDICT)
                    .value_name("VERDICT")
                    .value_parser(Demand::verdicts)
                    .help("Every flow must have one of these verdicts: healthy,unproven,..."),
            )
            .arg(
                repeatable(FLOWS)
                    .value_name("BPF")
                    .help("Hold the expectation before it only against flows with a frame that matches"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Expectations {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let scaling = occurrences::<bool>(matches, REQUIRE_SCALING).map(|(at, _)| (at, Demand::Scaling));
        let shifts = occurrences::<u8>(matches, MIN_SHIFT).map(|(at, shift)| (at, Demand::MinShift(*shift)));
        let verdicts =
            occurrences::<Demand>(matches, EXPECT_VERDICT).map(|(at, demand)| (at, demand.clone()));
        let mut given: Vec<(usize, Given<'_>)> = scaling
            .chain(shifts)
            .chain(verdicts)
            .map(|(at, demand)| (at, Given::Demand(demand)))
            .chain(occurrences::<String>(matches, FLOWS).map(|(at, flows)| (at, Given::Flows(flows))))
            .collect();
        given.sort_by_key(|(at, _)| *at);
        let mut expectations: Vec<Expectation> = Vec::new();
        for (_, given) in given {
            match (given, expectations.last_mut()) {
                (Given::Demand(demand), _) => expectations.push(Expectation { demand, flows: None }),
                (Given::Flows(flows), Some(Expectation { flows: narrowed @ None, .. })) => {
                    *narrowed = Some(flows.clone());
                }
                (Given::Flows(_), _) => {
                    let message = "--flows must follow the expectation that it narrows\n";
                    return Err(Error::raw(ErrorKind::ArgumentConflict, message));
                }
            }
        }
        Ok(Self(expectations))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

enum Given<'a> {
    Demand(Demand),
    Flows(&'a String),
}

/// The values of an option, each with its place on the command line.
fn occurrences<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    name: &str,
) -> impl Iterator<Item = (usize, &'a T)> {
    let places = matches.indices_of(name).into_iter().flatten();
    places.zip(matches.get_many::<T>(name).into_iter().flatten())
}
