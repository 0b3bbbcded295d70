//! Where reports go: `--format` and `--output`, which belong together by their order.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, value_parser};

use crate::report::{self, CaptureReport, FORMATS, FlowReport, Format, Layout, Needs, Outcome, Printer};

use super::new_file::NewFile;
use super::terminal;

/// Formats and their files in the order of the command line; `None` is standard output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outputs {
    pairs: Vec<(&'static Format, Option<PathBuf>)>,
}

/// How reports for people look.
#[derive(Debug, clap::Args)]
pub(crate) struct Look {
    /// Show this many flows in the table, worst first
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all", help_heading = "Output")]
    top: usize,

    /// Show all flows in the table
    #[arg(long, help_heading = "Output")]
    all: bool,

    /// When to use colour
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    color: terminal::Color,
}

impl Look {
    fn layout(&self, color: bool) -> Layout {
        let top = if self.all { usize::MAX } else { self.top };
        Layout { width: terminal::width(), top, color }
    }

    /// Whether standard output gets colour.
    pub(crate) fn is_colored(&self) -> bool {
        self.color.is_on()
    }
}

impl clap::Args for Outputs {
    fn augment_args(command: Command) -> Command {
        let formats =
            FORMATS.map(|format| clap::builder::PossibleValue::new(format.name).help(format.summary));
        command
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .action(ArgAction::Append)
                    .value_parser(PossibleValuesParser::new(formats))
                    .help_heading("Output")
                    .help("How to print the report [default: text]")
                    .long_help(
                        "How to print the report [default: text]. Several formats can be written in one run: \
                         an --output belongs to the --format before it",
                    ),
            )
            .arg(
                Arg::new("output")
                    .long("output")
                    .short('o')
                    .value_name("FILE")
                    .action(ArgAction::Append)
                    .value_parser(value_parser!(PathBuf))
                    .help_heading("Output")
                    .help("Write the --format before it to this file instead of standard output"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Outputs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let formats = matches.get_many::<String>("format").into_iter().flatten();
        let formats = formats.zip(matches.indices_of("format").into_iter().flatten());
        let files = matches.get_many::<PathBuf>("output").into_iter().flatten();
        let files = files.zip(matches.indices_of("output").into_iter().flatten());
        let mut given: Vec<(usize, Given<'_>)> = formats
            .map(|(name, at)| (at, Given::Format(name)))
            .chain(files.map(|(path, at)| (at, Given::File(path))))
            .collect();
        given.sort_by_key(|(at, _)| *at);
        let pairs = pair(given.into_iter().map(|(_, given)| given));
        pairs
            .map(|pairs| Self { pairs })
            .map_err(|message| Error::raw(clap::error::ErrorKind::ArgumentConflict, message))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Given<'a> {
    Format(&'a str),
    File(&'a PathBuf),
}

fn pair<'a>(
    given: impl Iterator<Item = Given<'a>>,
) -> Result<Vec<(&'static Format, Option<PathBuf>)>, &'static str> {
    let mut pairs: Vec<(&'static Format, Option<PathBuf>)> = Vec::new();
    // A file in front of its format waits for it.
    let mut waiting: Option<&PathBuf> = None;
    for given in given {
        match (given, pairs.last_mut()) {
            (Given::Format(name), _) => {
                let format = report::format(name).ok_or("unknown format")?;
                pairs.push((format, waiting.take().cloned()));
            }
            (Given::File(path), Some((_, file @ None))) => *file = Some(path.clone()),
            (Given::File(_), _) if waiting.is_some() => return Err("two --output for one --format"),
            (Given::File(path), _) => waiting = Some(path),
        }
    }
    match (waiting, FORMATS.first()) {
        (Some(path), Some(text)) if pairs.is_empty() => pairs.push((text, Some(path.clone()))),
        (Some(_), _) => return Err("two --output for one --format"),
        (None, Some(text)) if pairs.is_empty() => pairs.push((text, None)),
        _ => {}
    }
    if pairs.iter().filter(|(_, file)| file.is_none()).count() > 1 {
        return Err("only one --format can go to standard output: give the others an --output");
    }
    let files: Vec<&PathBuf> = pairs.iter().filter_map(|(_, file)| file.as_ref()).collect();
    if (1..).zip(&files).any(|(next, file)| files.iter().skip(next).any(|other| other == file)) {
        return Err("two reports for one --output");
    }
    Ok(pairs)
}

/// What to do when the reader of standard output goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnBrokenPipe {
    /// End: there is nobody left to work for.
    Stop,
    /// Go on: the exit status is the result.
    GoOn,
}

/// The reports of one run, being printed.
pub(crate) struct Reports {
    open: Vec<(Box<dyn Printer>, Sink)>,
    on_broken_pipe: OnBrokenPipe,
}

enum Sink {
    Stdout(io::BufWriter<io::Stdout>),
    File(NewFile),
    /// The reader of standard output went away.
    Gone,
}

impl Sink {
    fn print(
        &mut self,
        on_broken_pipe: OnBrokenPipe,
        print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let printed = match self {
            Self::Stdout(out) => print(out),
            Self::File(file) => print(file),
            Self::Gone => Ok(()),
        };
        match printed {
            Err(error)
                if error.kind() == io::ErrorKind::BrokenPipe
                    && matches!(self, Self::Stdout(_))
                    && on_broken_pipe == OnBrokenPipe::GoOn =>
            {
                *self = Self::Gone;
                Ok(())
            }
            printed => printed.context("cannot write the report"),
        }
    }
}

impl Outputs {
    /// Opens all files.
    pub(crate) fn open(&self, look: &Look, on_broken_pipe: OnBrokenPipe) -> anyhow::Result<Reports> {
        let open = self.pairs.iter().map(|(format, file)| {
            let (sink, color) = match file {
                None => (Sink::Stdout(io::BufWriter::new(io::stdout())), look.color.is_on()),
                Some(path) => (Sink::File(NewFile::create(path)?), look.color == terminal::Color::Always),
            };
            Ok(((format.printer)(&look.layout(color)), sink))
        });
        Ok(Reports { open: open.collect::<anyhow::Result<_>>()?, on_broken_pipe })
    }

    /// The one format for standard output, where a command has no other outputs.
    pub(crate) fn only_format(&self) -> anyhow::Result<&'static str> {
        match self.pairs.as_slice() {
            [(format, None)] => Ok(format.name),
            _ => anyhow::bail!("a comparison is printed in one format, to standard output"),
        }
    }

    /// What all formats together need of a capture.
    pub(crate) fn needs(&self, look: &Look) -> Needs {
        let layout = look.layout(false);
        let needs = self.pairs.iter().map(|(format, _)| (format.needs)(&layout));
        needs.reduce(Needs::and).unwrap_or(Needs::All)
    }

    /// Whether any report goes to standard output.
    pub(crate) fn uses_stdout(&self) -> bool {
        self.pairs.iter().any(|(_, file)| file.is_none())
    }
}

impl Reports {
    /// Prints a flow of a capture that is still being read.
    pub(crate) fn flow(&mut self, source: &str, flow: &FlowReport) -> anyhow::Result<()> {
        let on_broken_pipe = self.on_broken_pipe;
        let mut open = self.open.iter_mut();
        open.try_for_each(|(printer, sink)| sink.print(on_broken_pipe, |out| printer.flow(out, source, flow)))
    }

    /// Prints a capture in every format.
    pub(crate) fn capture(&mut self, report: &CaptureReport) -> anyhow::Result<()> {
        let on_broken_pipe = self.on_broken_pipe;
        let mut open = self.open.iter_mut();
        open.try_for_each(|(printer, sink)| {
            sink.print(on_broken_pipe, |out| printer.capture(out, report).and_then(|()| out.flush()))
        })
    }

    /// Ends all reports and puts the files in place.
    pub(crate) fn finish(self, outcome: &Outcome) -> anyhow::Result<()> {
        for (mut printer, mut sink) in self.open {
            sink.print(self.on_broken_pipe, |out| printer.finish(out, outcome).and_then(|()| out.flush()))?;
            if let Sink::File(file) = sink {
                file.finish()?;
            }
        }
        Ok(())
    }
}
