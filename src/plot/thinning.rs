//! Long series made short without losing their extremes.
//!
//! Samples are kept as they are until there are too many. Then time is cut into columns and each column keeps
//! what a line through it shows: for a line its first, last, smallest and largest sample (as in M4, Jugel et
//! al., VLDB 2014: a column of pixels drawn from these four looks the same as one drawn from all). Columns
//! double their width when there are too many again, so the work stays linear in the samples.

/// One thing that is drawn at one moment.
pub(super) trait Sample: Copy {
    /// When, in microseconds from the start of the flow.
    fn time_us(&self) -> i64;

    /// Appends what represents `column`, in the order of time, to `kept`. Less than all of it, unless it is
    /// short already.
    fn represent(column: &[Self], kept: &mut Vec<Self>);
}

/// A series that stays short.
#[derive(Clone, Debug)]
pub(super) struct Thinned<T> {
    samples: Vec<T>,
    limit: usize,
    column_us: i64,
}

impl<T: Sample> Thinned<T> {
    /// A series that ends with at most `limit` samples, and never holds more than twice as many.
    pub(super) fn new(limit: usize) -> Self {
        Self { samples: Vec::new(), limit, column_us: 1 }
    }

    /// Appends a sample, not earlier than the last.
    pub(super) fn push(&mut self, sample: T) {
        self.samples.push(sample);
        if self.samples.len() >= self.limit * 2 {
            self.thin();
        }
    }

    /// The samples.
    pub(super) fn finish(mut self) -> Vec<T> {
        self.thin();
        self.samples
    }

    /// Columns get wider only where they must: otherwise a long series would end as a handful of samples.
    fn thin(&mut self) {
        while self.samples.len() > self.limit {
            self.samples = in_columns(&self.samples, self.column_us);
            if self.samples.len() <= self.limit || self.column_us >= i64::MAX / 2 {
                break;
            }
            self.column_us *= 2;
        }
    }
}

/// What represents each column of `column_us` microseconds.
pub(super) fn in_columns<T: Sample>(samples: &[T], column_us: i64) -> Vec<T> {
    let column = |sample: &T| sample.time_us().div_euclid(column_us.max(1));
    let mut kept = Vec::new();
    for group in samples.chunk_by(|a, b| column(a) == column(b)) {
        T::represent(group, &mut kept);
    }
    kept
}

/// Appends the first, the last and, for each key below `keys`, the smallest and the largest of `column`.
pub(super) fn keep_extremes<T: Sample>(
    column: &[T],
    keys: u8,
    key: impl Fn(&T, u8) -> i64,
    kept: &mut Vec<T>,
) {
    let Some(last) = column.len().checked_sub(1) else { return };
    let mut chosen = vec![0, last];
    for number in 0..keys {
        let values = || column.iter().map(|sample| key(sample, number)).enumerate();
        chosen.extend(values().min_by_key(|(_, value)| *value).map(|(index, _)| index));
        chosen.extend(values().max_by_key(|(_, value)| *value).map(|(index, _)| index));
    }
    chosen.sort_unstable();
    chosen.dedup();
    kept.extend(chosen.iter().filter_map(|index| column.get(*index)));
}

#[cfg(test)]
mod tests {
    use super::super::series::Point;
    use super::*;

    #[test]
    fn a_short_series_stays_as_it_is() {
        let mut series = Thinned::new(100);
        (0..100).for_each(|time| series.push(Point { time_us: time * 7, value: time % 9 }));
        assert_eq!(series.finish().len(), 100);
    }

    #[test]
    fn a_long_series_keeps_its_ends_and_its_extremes() {
        let mut series = Thinned::new(100);
        for time in 0..100_000 {
            let value = match time {
                54_321 => 1_000_000,
                77_777 => -5,
                _ => time % 9,
            };
            series.push(Point { time_us: time, value });
        }
        let kept = series.finish();
        assert!(kept.len() <= 100);
        assert_eq!((kept[0].time_us, kept[kept.len() - 1].time_us), (0, 99_999));
        assert!(kept.iter().any(|point| (point.time_us, point.value) == (54_321, 1_000_000)));
        assert!(kept.iter().any(|point| (point.time_us, point.value) == (77_777, -5)));
        assert!(kept.is_sorted_by_key(|point| point.time_us));
    }

    #[test]
    fn a_long_series_is_thinned_evenly() {
        let mut series = Thinned::new(400);
        (0..1_000_000).for_each(|time| series.push(Point { time_us: time, value: time * 7 % 1000 }));
        let kept = series.finish();
        // Four samples per column, and columns at most twice as wide as they must be.
        assert!(kept.len() >= 150, "{}", kept.len());
        let widest = kept.windows(2).map(|pair| pair[1].time_us - pair[0].time_us).max().unwrap();
        assert!(widest <= 1_000_000 / 50, "{widest}");
    }

    #[test]
    fn a_capture_whose_clock_stands_still_is_thinned_too() {
        let mut series = Thinned::new(100);
        (0..10_000).for_each(|value| series.push(Point { time_us: 0, value }));
        assert!(series.finish().len() <= 100);
    }
}
