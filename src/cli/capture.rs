//! A capture that is read twice: to judge it, and to record what is drawn of it.

use anyhow::Context as _;

use crate::flow::Limits;
use crate::pipeline::{self, Analysis};
use crate::plot::{Series, Tracer};
use crate::report::CaptureReport;
use crate::source::{self, CaptureFile, Joined, Source};

use super::{Exit, terminal};

/// One capture, or the pieces of one.
#[derive(Debug)]
pub(crate) struct Capture<'a> {
    paths: Vec<String>,
    filter: Option<&'a str>,
    /// Count wrong checksums while judging.
    pub(crate) checksums: bool,
    /// Follow at most this many flows at once while judging.
    pub(crate) max_flows: usize,
}

impl<'a> Capture<'a> {
    /// The capture that `files` name.
    pub(crate) fn find(files: &[String], join: bool, filter: Option<&'a str>) -> anyhow::Result<Self> {
        let inputs = source::expand(files).into_iter().collect::<Result<Vec<_>, _>>()?;
        let paths: Vec<String> = inputs.into_iter().map(|input| input.path).collect();
        if paths.len() > 1 && !join {
            anyhow::bail!(
                "{} captures, but flows are counted in one\nhint: name one, or take them as pieces of one with --join",
                paths.len()
            );
        }
        Ok(Self { paths, filter, checksums: false, max_flows: Limits::SAVED.max_flows })
    }

    /// Whether it can be read twice: a file can, a pipe cannot.
    pub(crate) fn can_be_read_again(&self) -> bool {
        let is_file = |path: &String| std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        self.paths.iter().all(is_file)
    }

    /// As reports name it.
    pub(crate) fn name(&self) -> String {
        self.paths.join("+")
    }

    /// Judges it. What ends it early is said at once.
    pub(crate) fn judge(&self, exit: &mut Exit) -> anyhow::Result<CaptureReport> {
        let mut source = self.open()?;
        let name = self.name();
        let analysis =
            Analysis::new(&name, source.as_ref()).with_context(|| format!("cannot judge '{name}'"))?;
        let mut analysis = analysis.with_max_flows(self.max_flows);
        if self.checksums {
            analysis.check_sums();
        }
        if let Err(error) = analysis.read(source.as_mut(), &mut |_| {}) {
            terminal::complain(&error.into());
            *exit = Exit::Incomplete;
        }
        Ok(analysis.finish())
    }

    /// Reads it again and records what `tracers` ask for.
    pub(crate) fn record(&self, mut tracers: Vec<Tracer>) -> anyhow::Result<Vec<Series>> {
        let mut source = self.open()?;
        pipeline::trace(source.as_mut(), &mut tracers)?;
        Ok(tracers.into_iter().map(Tracer::finish).collect())
    }

    fn open(&self) -> anyhow::Result<Box<dyn Source>> {
        Ok(match self.paths.as_slice() {
            [path] => Box::new(CaptureFile::open(path, self.filter)?),
            paths => Box::new(Joined::open(paths, self.filter)?),
        })
    }
}
