//! Which percentiles a sample can carry.

use std::fmt;

use hdrhistogram::Histogram;

/// The value that all but one in so many are at or below.
///
/// ```
/// use photofinish_bench::percentile::Percentile;
/// use photofinish_bench::recorder::histogram;
///
/// let mut sample = histogram();
/// (1..=999).for_each(|value| sample.record(value).unwrap());
/// assert_eq!(Percentile::P99.of(&sample), None);
/// sample.record(1_000).unwrap();
/// assert_eq!(Percentile::P99.of(&sample), Some(990));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentile {
    one_in: u64,
}

impl Percentile {
    /// The median.
    pub const P50: Self = Self { one_in: 2 };
    /// All but a tenth.
    pub const P90: Self = Self { one_in: 10 };
    /// All but one in a hundred.
    pub const P99: Self = Self { one_in: 100 };
    /// All but one in a thousand.
    pub const P99_9: Self = Self { one_in: 1_000 };
    /// All but one in ten thousand.
    pub const P99_99: Self = Self { one_in: 10_000 };

    /// Those that tables print.
    pub const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P99, Self::P99_9, Self::P99_99];

    /// How many samples it takes for ten to lie beyond. With fewer it would be the maximum
    /// under another name.
    pub fn samples_needed(self) -> u64 {
        10 * self.one_in
    }

    /// Its value in `sample`, if the sample can carry it.
    pub fn of(self, sample: &Histogram<u64>) -> Option<u64> {
        let carried = sample.len() >= self.samples_needed();
        carried.then(|| sample.value_at_quantile(1.0 - 1.0 / self.one_in as f64))
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Powers of ten make the sum come out without a tail of digits.
        let percent = 100.0 - 100.0 / self.one_in as f64;
        f.pad(&format!("p{percent}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::histogram;

    #[test]
    fn names_are_those_of_the_field() {
        let names = Percentile::ALL.map(|percentile| percentile.to_string());
        assert_eq!(names, ["p50", "p90", "p99", "p99.9", "p99.99"]);
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        let needed = Percentile::ALL.map(Percentile::samples_needed);
        assert_eq!(needed, [20, 100, 1_000, 10_000, 100_000]);
        for percentile in Percentile::ALL {
            let mut sample = histogram();
            sample.record_n(5, percentile.samples_needed() - 1).unwrap();
            assert_eq!(percentile.of(&sample), None, "{percentile}");
            sample.record(5).unwrap();
            assert_eq!(percentile.of(&sample), Some(5), "{percentile}");
        }
    }

    #[test]
    fn exactly_the_right_share_lies_beyond() {
        let mut sample = histogram();
        (1..=2_000).for_each(|value| sample.record(value).unwrap());
        assert_eq!(Percentile::P50.of(&sample), Some(1_000));
        assert_eq!(Percentile::P90.of(&sample), Some(1_800));
        assert_eq!(Percentile::P99.of(&sample), Some(1_980));
    }
}
