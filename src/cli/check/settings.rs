//! Command line over policy file over defaults.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::detect::Confidence;
use crate::policy::config::{self, Config};
use crate::policy::{Baseline, Policy};

use super::Args;

/// More selectors than a flow has bits.
const SELECTORS_MAX: usize = 64;

/// What a check goes by.
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) allow_empty: bool,
}

impl Settings {
    pub(super) fn new(args: &Args) -> anyhow::Result<Self> {
        let file = match (&args.config, args.no_config) {
            (Some(path), _) => Some(path.clone()),
            (None, true) => None,
            (None, false) => find(),
        };
        let config = match &file {
            Some(path) => read(path)?,
            None => Config::default(),
        };
        let given = &args.expectations.0;
        let mut expectations = config.expectations;
        // Of one kind the command line replaces what the file says.
        expectations.retain(|ours| {
            !given.iter().any(|theirs| theirs.demand.requirement() == ours.demand.requirement())
        });
        expectations.extend(given.iter().cloned());
        let beside = |name: &String| file.as_deref().and_then(Path::parent).map(|folder| folder.join(name));
        let baseline = args.baseline.clone().or_else(|| config.baseline.as_ref().and_then(beside));
        let baseline = baseline.as_deref().map(read_baseline).transpose()?;
        let policy = Policy::new(
            args.fail_on.clone().or(config.fail_on).unwrap_or_default(),
            args.min_confidence.or(config.min_confidence).unwrap_or(Confidence::Likely),
            expectations,
            baseline,
        );
        if policy.selectors().len() > SELECTORS_MAX {
            anyhow::bail!("more than {SELECTORS_MAX} different filters for flows");
        }
        Ok(Self { policy, allow_empty: args.allow_empty || config.allow_empty.unwrap_or(false) })
    }
}

/// The policy file of the working directory, or of the nearest directory above that has one.
fn find() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(config::NAME)).find(|path| path.is_file())
}

fn read(path: &Path) -> anyhow::Result<Config> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read '{}'", path.display()))?;
    Config::parse(&text).map_err(|error| anyhow::anyhow!("'{}' {error}", path.display()))
}

fn read_baseline(path: &Path) -> anyhow::Result<Baseline> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the baseline '{shown}'"))
        .map_err(|error| anyhow::anyhow!("{error:#}\nhint: --write-baseline '{shown}' writes it"))?;
    Baseline::parse(&text).map_err(|error| anyhow::anyhow!("'{shown}' {error}"))
}
