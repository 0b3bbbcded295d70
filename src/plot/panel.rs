//! One panel: a frame with axes, and lines that stay inside it.

use super::canvas::{Align, At, Canvas, Type, text_width};
use super::ink::Ink;
use super::scale::Scale;
use super::series::Point;
use super::thinning::in_columns;

const TICK_SIZE: f64 = 11.5;

/// Middle of the titles of the value axes.
const TITLE_AT: f64 = 16.0;

/// Width of the lines.
const LINE: f64 = 2.0;

/// Lines through no more points than this are drawn through all of them.
const EXACT: usize = 1_500;

/// A rectangle with two scales. Times are microseconds, values are bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) time: Scale,
    pub(super) value: Scale,
}

impl Panel {
    pub(super) fn x(&self, time_us: i64) -> f64 {
        let share = self.time.share(number(time_us)).clamp(0.0, 1.0);
        self.left + share * (self.right - self.left)
    }

    pub(super) fn y(&self, value: i64) -> f64 {
        self.bottom - self.value.share(number(value)).clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    pub(super) fn at(&self, time_us: i64, value: i64) -> At {
        At { x: self.x(time_us), y: self.y(value) }
    }

    /// Whether a moment lies on the time axis.
    pub(super) fn shows(&self, time_us: i64) -> bool {
        (self.time.low()..=self.time.high()).contains(&number(time_us))
    }

    /// Frame, grid, ticks and titles. `timed` writes the time axis below.
    pub(super) fn frame(&self, canvas: &mut Canvas<'_>, title: &str, timed: bool) {
        let how = Type { size: TICK_SIZE, bold: false, ink: Ink::Text, align: Align::Right };
        for tick in self.value.byte_ticks() {
            let y = self.bottom - self.value.share(tick.value) * (self.bottom - self.top);
            canvas.stroke(At { x: self.left, y }, At { x: self.right, y }, Ink::Grid, 1.0);
            canvas.text(&tick.label, At { x: self.left - 7.0, y }, how);
        }
        let (ticks, unit) = self.time.time_ticks();
        for tick in ticks {
            let x = self.left + self.time.share(tick.value) * (self.right - self.left);
            canvas.stroke(At { x, y: self.top }, At { x, y: self.bottom }, Ink::Grid, 1.0);
            if timed {
                // The last label stays on the sheet.
                let x = x.min(self.right + 20.0 - text_width(&tick.label, TICK_SIZE) / 2.0);
                let at = At { x, y: self.bottom + 13.0 };
                canvas.text(&tick.label, at, Type { align: Align::Center, ..how });
            }
        }
        let corners = [
            At { x: self.left, y: self.top },
            At { x: self.left, y: self.bottom },
            At { x: self.right, y: self.bottom },
        ];
        canvas.line(corners, Ink::Faint, 1.2);
        let middle = f64::midpoint(self.top, self.bottom);
        let how = Type { size: 12.5, bold: false, ink: Ink::Text, align: Align::Upwards };
        canvas.text(title, At { x: TITLE_AT, y: middle }, how);
        if timed {
            let at = At { x: f64::midpoint(self.left, self.right), y: self.bottom + 32.0 };
            let how = Type { align: Align::Center, ..how };
            canvas.text(&format!("time from the first frame of the flow ({unit})"), at, how);
        }
    }

    /// A line of steps: each value holds until the next, and to the end of the panel.
    pub(super) fn steps(
        &self,
        canvas: &mut Canvas<'_>,
        points: impl IntoIterator<Item = (i64, i64)>,
        ink: Ink,
        width: f64,
    ) {
        let points =
            self.thinned(points.into_iter().map(|(time_us, value)| Point { time_us, value }).collect());
        let mut run: Vec<At> = Vec::new();
        let mut before: Option<i64> = None;
        for Point { time_us, value } in points {
            if number(time_us) > self.time.high() {
                break;
            }
            if let Some(before) = before {
                self.extend(canvas, &mut run, time_us, before, ink, width);
            }
            self.extend(canvas, &mut run, time_us, value, ink, width);
            before = Some(value);
            if number(time_us) < self.time.low() {
                // Only the last value before the panel reaches into it.
                run.clear();
                run.push(self.at(time_us, value));
            }
        }
        if let (Some(last), Some(value)) = (run.last().copied(), before)
            && !self.is_outside(value)
        {
            run.push(At { x: self.right, ..last });
        }
        canvas.line(run, ink, width);
    }

    /// The points, or of very many what shows at the width of a line.
    fn thinned(&self, points: Vec<Point>) -> Vec<Point> {
        if points.len() <= EXACT {
            return points;
        }
        let columns = (self.right - self.left) / LINE;
        #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
        let column_us = ((self.time.high() - self.time.low()) / columns) as i64;
        in_columns(&points, column_us)
    }

    /// Whether a value lies above or below the panel. On a log scale 0 lies at the bottom.
    fn is_outside(&self, value: i64) -> bool {
        let below = number(value) < self.value.low() && !self.value.is_log();
        below || number(value) > self.value.high()
    }

    /// Goes on to a point; where it lies outside the panel the line is interrupted.
    fn extend(
        &self,
        canvas: &mut Canvas<'_>,
        run: &mut Vec<At>,
        time_us: i64,
        value: i64,
        ink: Ink,
        width: f64,
    ) {
        let at = self.at(time_us, value);
        if self.is_outside(value) && run.last().is_none_or(|last| last.y.total_cmp(&at.y).is_eq()) {
            canvas.line(std::mem::take(run), ink, width);
        }
        run.push(at);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture has a thousand pixels")]
pub(super) fn number(value: i64) -> f64 {
    value as f64
}
