//! Percentile files that the HdrHistogram plotter opens.
//!
//! The format is the one that HdrHistogram's `outputPercentileDistribution` prints: a line per
//! step with the value, the percentile as a fraction, how many samples are at or below, and
//! 1/(1-percentile); the last line, at 1, has no fourth column; three comment lines follow.
//! Values are nanoseconds.

use std::io::{self, Write};

use hdrhistogram::Histogram;

/// Steps per halving of the distance to 100 %.
pub const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// Writes the percentiles of `sample` to `out`.
///
/// # Errors
///
/// Those of writing to `out`.
///
/// ```
/// let mut sample = photofinish_bench::recorder::histogram();
/// sample.record(1_500).unwrap();
/// let mut text = Vec::new();
/// photofinish_bench::hgrm::write(&sample, &mut text).unwrap();
/// let text = String::from_utf8(text).unwrap();
/// assert!(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
/// ```
pub fn write(sample: &Histogram<u64>, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut total = 0;
    for step in sample.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let (value, quantile) = (step.value_iterated_to() as f64, step.quantile_iterated_to());
        if quantile < 1.0 {
            let beyond = 1.0 / (1.0 - quantile);
            writeln!(out, "{value:12.3} {quantile:14.12} {total:10} {beyond:14.2}")?;
        } else {
            writeln!(out, "{value:12.3} {quantile:14.12} {total:10}")?;
        }
    }
    let (mean, deviation) = (sample.mean(), sample.stdev());
    writeln!(out, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]")?;
    let (max, count) = (sample.max() as f64, sample.len());
    writeln!(out, "#[Max     = {max:12.3}, Total count    = {count:12}]")?;
    let (buckets, sub_buckets) = layout(sample);
    writeln!(out, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]")
}

/// How many buckets of how many sub-buckets a histogram has: there are twice as many sub-buckets
/// as the significant digits can tell apart, rounded up to a power of two, and every bucket but
/// the first reaches twice as far as the one before.
fn layout(sample: &Histogram<u64>) -> (u32, u64) {
    let sub_buckets = (2 * 10_u64.pow(sample.sigfig().into())).next_power_of_two();
    (u32::from(sample.buckets()), sub_buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::histogram;

    fn text(sample: &Histogram<u64>) -> String {
        let mut text = Vec::new();
        write(sample, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn sample() -> Histogram<u64> {
        let mut sample = histogram();
        (1..=10_000_u64).for_each(|n| sample.record(n * n % 1_000_003 + 100).unwrap());
        sample
    }

    /// Reads lines as the plotter does: those with four columns, and not comments.
    fn plotted(text: &str) -> Vec<[f64; 4]> {
        let columns = |line: &str| -> Option<[f64; 4]> {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let columns: [&str; 4] = columns.try_into().ok()?;
            let columns = columns.map(|column| column.parse().unwrap_or(f64::NAN));
            columns.iter().all(|column| !column.is_nan()).then_some(columns)
        };
        text.lines().filter(|line| !line.starts_with('#')).filter_map(columns).collect()
    }

    #[test]
    fn every_line_is_a_step_of_the_library() {
        let sample = sample();
        let steps: Vec<_> = sample.iter_quantiles(TICKS_PER_HALF_DISTANCE).collect();
        let lines = plotted(&text(&sample));
        assert_eq!(lines.len(), steps.len() - 1, "the step at 1 has no fourth column");
        for ([value, quantile, total, beyond], step) in lines.into_iter().zip(steps) {
            assert_eq!(value, step.value_iterated_to() as f64);
            assert!((quantile - step.quantile_iterated_to()).abs() < 1e-11);
            assert_eq!(total, sample.count_between(0, step.value_iterated_to()) as f64);
            assert!((beyond - 1.0 / (1.0 - quantile)).abs() <= 0.01 * beyond.max(1.0));
        }
    }

    #[test]
    fn each_value_is_that_of_its_percentile() {
        let sample = sample();
        for [value, quantile, ..] in plotted(&text(&sample)) {
            // The iteration rests on a value that is at or just beyond the percentile.
            assert!(value >= sample.value_at_quantile(quantile) as f64);
            assert!(sample.quantile_below(value as u64) >= quantile);
        }
    }

    #[test]
    fn the_last_line_holds_the_maximum_and_everything() {
        let sample = sample();
        let text = text(&sample);
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        let columns: Vec<f64> = last.split_whitespace().map(|c| c.parse().unwrap()).collect();
        assert_eq!(columns[1..], [1.0, 10_000.0]);
        assert!(sample.equivalent(columns[0] as u64, sample.max()));
    }

    #[test]
    fn a_small_sample_is_written_in_the_classic_format() {
        let mut sample = histogram();
        for value in [100, 200, 300, 400] {
            sample.record(value).unwrap();
        }
        let text = text(&sample);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[1], "");
        assert_eq!(lines[2], "     100.000 0.000000000000          1           1.00");
        let footer = &lines[lines.len() - 3..];
        assert_eq!(footer[0], "#[Mean    =      250.000, StdDeviation   =      111.803]");
        assert_eq!(footer[1], "#[Max     =      400.000, Total count    =            4]");
        assert_eq!(footer[2], "#[Buckets =           26, SubBuckets     =         2048]");
    }

    #[test]
    fn an_empty_sample_has_no_lines_to_plot() {
        assert!(plotted(&text(&histogram())).is_empty());
    }
}
