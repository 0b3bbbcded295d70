//! A chart of characters: bytes in flight as an area, the windows as lines over it, for a terminal.

use crate::detect::Direction;
use crate::report::FlowReport;

use super::edge::{Edge, edges};
use super::panel::number;
use super::picture::{flight_scale, time_scale};
use super::scale::Scale;
use super::series::{Point, Series};

/// Lines of the plotted area.
const ROWS: usize = 10;

/// Columns of the labels on the left.
const LABELS: usize = 9;

/// Wider than this it shows nothing more.
const COLUMNS_MAX: usize = 90;

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One for each edge, in the order of [`edges`].
const LINES: [char; 4] = ['╌', '─', '═', '┈'];

/// A chart of the data in `direction` against its windows, at most `width` columns wide, as lines of text.
pub fn chart(flow: &FlowReport, direction: Direction, series: &Series, width: usize) -> Vec<String> {
    let advertiser = direction.sender.peer();
    let edges = edges(flow.windows.of(advertiser), advertiser);
    let value = flight_scale(series, &edges);
    let time = time_scale(flow, series);
    let columns = width.saturating_sub(LABELS + 2).clamp(20, COLUMNS_MAX);
    let mut grid = vec![vec![' '; columns]; ROWS];
    area(&mut grid, &levels(&series.in_flight, time, columns, i64::max), value);
    for (edge, line) in edges.iter().zip(LINES) {
        draw(&mut grid, &levels(&windows(series, edge), time, columns, |_, last| last), value, line);
    }
    let mut lines: Vec<String> = grid
        .iter()
        .enumerate()
        .map(|(row, cells)| {
            format!("{:>LABELS$} │{}", label(row, value), String::from_iter(cells)).trim_end().to_owned()
        })
        .collect();
    let (ticks, unit) = time.time_ticks();
    let last = ticks.last().map_or_else(String::new, |tick| format!("{} {unit}", tick.label));
    let at = ticks.last().map_or(0, |tick| cell(time.share(tick.value), columns));
    lines.push(format!("{:>LABELS$} └{}", "", "─".repeat(columns)));
    lines.push(format!("{:>LABELS$}  0{:>at$}", "", last));
    let title = if value.is_log() { "bytes in flight, on a log scale" } else { "bytes in flight" };
    lines.push(format!("{:>LABELS$}  █ {title}", ""));
    for (edge, line) in edges.iter().zip(LINES) {
        let word = edge.label.replace("edge: ack + raw window", "window").replace("edge", "window");
        lines.push(format!("{:>LABELS$}  {line} {word}", ""));
    }
    lines
}

fn windows(series: &Series, edge: &Edge) -> Vec<Point> {
    let point =
        |grant: &super::Grant| Point { time_us: grant.time_us, value: grant.window_bytes(edge.shift) };
    series.grants.iter().map(point).collect()
}

/// The value of each column: what `choose` makes of those in it; one that holds none goes on with the last.
fn levels(
    points: &[Point],
    time: Scale,
    columns: usize,
    choose: impl Fn(i64, i64) -> i64,
) -> Vec<Option<i64>> {
    let mut levels: Vec<Option<(i64, i64)>> = vec![None; columns];
    for point in points.iter().filter(|point| number(point.time_us) <= time.high()) {
        let column = cell(time.share(number(point.time_us)), columns);
        if let Some(level) = levels.get_mut(column) {
            let chosen = level.map_or(point.value, |(chosen, _)| choose(chosen, point.value));
            *level = Some((chosen, point.value));
        }
    }
    let mut last = None;
    let values = levels.into_iter().map(|level| {
        last = level.map(|(_, last)| last).or(last);
        level.map(|(chosen, _)| chosen).or(last)
    });
    values.collect()
}

fn area(grid: &mut [Vec<char>], levels: &[Option<i64>], scale: Scale) {
    for (column, level) in levels.iter().enumerate() {
        let Some(level) = level.filter(|level| *level > 0) else { continue };
        let eighths = cell(scale.share(number(level)), ROWS * 8) + 1;
        for (row, cells) in grid.iter_mut().rev().enumerate() {
            let filled = eighths.saturating_sub(row * 8).min(8);
            if let (Some(cell), Some(block)) = (cells.get_mut(column), EIGHTHS.get(filled)) {
                *cell = *block;
            }
        }
    }
}

fn draw(grid: &mut [Vec<char>], levels: &[Option<i64>], scale: Scale, line: char) {
    for (column, level) in levels.iter().enumerate() {
        let Some(level) = level else { continue };
        let row = cell(scale.share(number(*level)), ROWS);
        let target = grid.iter_mut().rev().nth(row).and_then(|cells| cells.get_mut(column));
        // Inside the area the line shows that the data is beyond this window; the top of the area is kept.
        if let Some(target) = target.filter(|target| [' ', '█'].contains(*target)) {
            *target = line;
        }
    }
}

/// The label of the tick that lies in `row`, counted from above.
fn label(row: usize, scale: Scale) -> String {
    let lies = |value: f64| cell(scale.share(value), ROWS) == ROWS - 1 - row;
    scale.byte_ticks().into_iter().rfind(|tick| lies(tick.value)).map_or_else(String::new, |tick| tick.label)
}

/// The cell of `cells` in which a share of the axis lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bounded"
)]
fn cell(share: f64, cells: usize) -> usize {
    ((share.clamp(0.0, 1.0) * cells as f64) as usize).min(cells.saturating_sub(1))
}
