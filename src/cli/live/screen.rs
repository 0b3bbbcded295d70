//! The table that refreshes in place, on a terminal.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::{cursor, execute, queue, style, terminal};

use crate::pipeline::LiveAnalysis;
use crate::report::{Layout, screen};

use super::clock;

/// Between two pictures.
const REFRESH: Duration = Duration::from_secs(1);

/// The alternate screen; the terminal is as before when this is dropped.
pub(super) struct Screen {
    source: String,
    color: bool,
    began: Instant,
    shown: Option<Instant>,
    is_left: bool,
    has_keys: bool,
}

impl Screen {
    pub(super) fn enter(source: &str, color: bool) -> io::Result<Self> {
        // Without a keyboard (no controlling terminal) signals still end the capture.
        let has_keys = terminal::enable_raw_mode().is_ok();
        execute!(io::stdout(), terminal::EnterAlternateScreen, terminal::DisableLineWrap, cursor::Hide)?;
        Ok(Self {
            source: source.to_owned(),
            color,
            began: clock::now(),
            shown: None,
            is_left: false,
            has_keys,
        })
    }

    /// `q` or Ctrl-C was pressed, or there is no terminal any more.
    pub(super) fn is_left(&self) -> bool {
        self.is_left
    }

    /// Reads keys; paints when a second has passed, or the terminal has another size.
    pub(super) fn show(&mut self, analysis: &LiveAnalysis, headlines: &[String]) {
        let resized = self.keys();
        if resized || self.shown.is_none_or(|shown| shown.elapsed() >= REFRESH) {
            self.shown = Some(clock::now());
            self.is_left |= self.paint(analysis, headlines).is_err();
        }
    }

    fn keys(&mut self) -> bool {
        let mut resized = false;
        while self.has_keys {
            match event::poll(Duration::ZERO) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    self.has_keys = false;
                    break;
                }
            }
            match event::read() {
                Ok(Event::Key(key)) => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    self.is_left |= match key.code {
                        KeyCode::Char('q') | KeyCode::Esc => true,
                        KeyCode::Char('c' | 'd') => control,
                        _ => false,
                    };
                }
                Ok(Event::Resize(..)) => resized = true,
                Ok(_) => {}
                Err(_) => self.has_keys = false,
            }
        }
        resized
    }

    fn paint(&self, analysis: &LiveAnalysis, headlines: &[String]) -> io::Result<()> {
        let (columns, rows) = terminal::size()?;
        let (width, height) = (usize::from(columns), usize::from(rows));
        // Half of the screen is for findings when there are that many.
        let below = headlines.len().min(height / 2);
        let top = height.saturating_sub(below + 6).max(1);
        let (alive, begun) = analysis.flows();
        let view = screen::View {
            source: &self.source,
            elapsed_us: i64::try_from(self.began.elapsed().as_micros()).unwrap_or(0),
            counts: analysis.counts(),
            alive: alive as u64,
            begun,
            flows: &analysis.worst(top),
            headlines: headlines.get(headlines.len() - below..).unwrap_or_default(),
        };
        let layout = Layout { width, top, color: self.color };
        let mut out = io::BufWriter::new(io::stdout().lock());
        queue!(out, terminal::BeginSynchronizedUpdate)?;
        for (row, line) in (0..rows).zip(screen::lines(&view, &layout)) {
            queue!(out, cursor::MoveTo(0, row), terminal::Clear(terminal::ClearType::CurrentLine))?;
            queue!(out, style::Print(line))?;
        }
        queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown), terminal::EndSynchronizedUpdate)?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to tell about a failure.
        let _ =
            execute!(io::stdout(), cursor::Show, terminal::EnableLineWrap, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
