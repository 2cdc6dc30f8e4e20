//! One design against another.

use crate::percentile::Percentile;
use crate::series::Series;

/// How many times as long a rival takes: the median over rounds of each round's ratio, and the
/// lowest and highest. Rounds are compared one by one, because what disturbs the machine for a
/// while disturbs all designs of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Ratio {
    /// Compares `rival` with `ours` at `percentile`; `None` if no round carries it.
    pub fn between(rival: &Series, ours: &Series, percentile: Percentile) -> Option<Self> {
        let rounds = rival.by_round(percentile).zip(ours.by_round(percentile));
        Self::over(rounds.filter_map(|(rival, ours)| {
            // A length of nothing is below what the clock can tell.
            Some(rival?.max(1) as f64 / ours?.max(1) as f64)
        }))
    }

    /// The median, lowest and highest of `ratios`; `None` if there are none.
    ///
    /// ```
    /// use photofinish_bench::ratio::Ratio;
    ///
    /// let ratio = Ratio::over([3.0, 1.0, 2.0, 4.0].into_iter()).unwrap();
    /// assert_eq!((ratio.median, ratio.low, ratio.high), (2.5, 1.0, 4.0));
    /// assert!(!ratio.is_tie());
    /// ```
    pub fn over(ratios: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = ratios.collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: (lower + upper) / 2.0, low, high })
    }

    /// Whether the rounds do not agree on which of the two is faster.
    pub fn is_tie(self) -> bool {
        self.low < 1.0 && self.high > 1.0 || self.median == 1.0
    }
}
