//! Whether the cost of a frame grows with the capture.

use crate::capture::capture;
use crate::comparison::wscale;
use crate::measure;
use crate::options::Options;
use crate::traffic::{SHORT_FRAMES, Shape};

/// Reads captures of short connections that are 1, 2, 4 and 8 times as long, interleaved.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let unit = 75_000 * SHORT_FRAMES / options.divide;
    let mut runs = Vec::new();
    for times in [1, 2, 4, 8] {
        let file = capture(options, Shape::Short, unit * times)?;
        runs.push((wscale(options, "", &["analyze"], &file, unit * times), Vec::new()));
    }
    for _ in 0..options.runs {
        for (contender, costs) in &mut runs {
            costs.push(measure::run(&contender.command)?);
        }
    }
    println!("\nscaling of short, medians of {} runs:", options.runs);
    println!("{:>10} {:>8} {:>12} {:>8}", "frames", "wall s", "ns per frame", "ratio");
    let per_frame = |wall_s: f64, frames: u64| wall_s * 1e9 / frames as f64;
    let mut first = None;
    for (contender, costs) in &runs {
        let wall_s = measure::median(costs).wall_s;
        let cost = per_frame(wall_s, contender.frames);
        let base = *first.get_or_insert(cost);
        println!("{:>10} {wall_s:>8.3} {cost:>12.0} {:>8.2}", contender.frames, cost / base);
    }
    Ok(())
}
