//! One design against another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::percentile::Percentile;
use crate::series::Series;

/// How many times as long a rival takes: the median over rounds of each round's ratio, and the
/// lowest and highest. Rounds are compared one by one, because what disturbs the machine for a
/// while disturbs all designs of a round. The whole range is the interval that holds the true
/// median; how sure that is needs no assumption on how rounds scatter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// How sure it is that the true median lies between the lowest and the highest.
    pub confidence: f64,
}

/// What a ratio says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The rival takes longer in every round.
    Longer,
    /// The rival takes less time in every round.
    Shorter,
    /// Rounds disagree.
    NoDifference,
    /// There are too few rounds to tell chance from difference.
    TooFewRounds,
}

impl Verdict {
    /// Whether there is a difference, one way or the other.
    pub fn is_difference(self) -> bool {
        match self {
            Self::Longer | Self::Shorter => true,
            Self::NoDifference | Self::TooFewRounds => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Longer => "longer",
            Self::Shorter => "shorter",
            Self::NoDifference => "no difference",
            Self::TooFewRounds => "too few rounds",
        })
    }
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
    /// let ratio = Ratio::over([3.0, 1.5, 2.0, 4.0].into_iter()).unwrap();
    /// assert_eq!((ratio.median, ratio.low, ratio.high), (2.5, 1.5, 4.0));
    /// assert!(!ratio.is_tie());
    /// assert_eq!(ratio.confidence, 0.875);
    /// ```
    pub fn over(ratios: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = ratios.collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        // All rounds would have to fall on the same side of the median by chance.
        let confidence = 1.0 - 0.5_f64.powi(sorted.len() as i32 - 1);
        Some(Self { median: (lower + upper) / 2.0, low, high, confidence })
    }

    /// Compares rounds that have nothing to do with each other, such as those of two sessions:
    /// the median of the ratios of every round of `rival` to every round of `ours`, and the
    /// interval of Mann and Whitney's test, at 95 % if so few rounds can carry it.
    pub fn unpaired(rival: &[u64], ours: &[u64]) -> Option<Self> {
        const CHANCE: f64 = 0.05;
        let ratio =
            |&rival: &u64| ours.iter().map(move |&one| rival.max(1) as f64 / one.max(1) as f64);
        let mut sorted: Vec<f64> = rival.iter().flat_map(ratio).collect();
        sorted.sort_by(f64::total_cmp);
        let median = Self::over(sorted.iter().copied())?.median;
        // As many as can be left out at each end.
        let outside = |count: usize| 2.0 * at_most(count, rival.len(), ours.len());
        let left_out = (1..).take_while(|&count| outside(count) <= CHANCE).count();
        let (low, high) = (sorted[left_out], sorted[sorted.len() - 1 - left_out]);
        Some(Self { median, low, high, confidence: 1.0 - outside(left_out) })
    }

    /// What it says of the rival.
    pub fn verdict(self) -> Verdict {
        const ENOUGH: f64 = 0.9;
        match () {
            () if self.is_tie() => Verdict::NoDifference,
            () if self.confidence < ENOUGH => Verdict::TooFewRounds,
            () if self.median > 1.0 => Verdict::Longer,
            () => Verdict::Shorter,
        }
    }

    /// Whether the rounds do not agree on which of the two is faster.
    pub fn is_tie(self) -> bool {
        self.low <= 1.0 && self.high >= 1.0
    }
}

/// How likely it is that, of two samples of these sizes from one distribution, at most `count`
/// pairs are in the wrong order: Mann and Whitney's U.
fn at_most(count: usize, one: usize, other: usize) -> f64 {
    // How many of all orders have so many pairs wrong: the coefficients of the Gaussian binomial,
    // the product of (1 - x^(other + nth)) / (1 - x^nth).
    let mut ways = vec![0.0; count + 1];
    ways[0] = 1.0;
    for nth in 1..=one {
        for place in (other + nth..=count).rev() {
            ways[place] -= ways[place - other - nth];
        }
        for place in nth..=count {
            ways[place] += ways[place - nth];
        }
    }
    let all: f64 = (1..=one).map(|nth| (other + nth) as f64 / nth as f64).product();
    ways.iter().sum::<f64>() / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u_is_distributed_as_the_tables_say() {
        // Critical values of two-sided tests at 5 %: 2 for 5 and 5, 5 for 6 and 6, 23 for 10 and 10.
        for (size, critical) in [(5, 2), (6, 5), (10, 23)] {
            assert!(2.0 * at_most(critical, size, size) <= 0.05, "{size}");
            assert!(2.0 * at_most(critical + 1, size, size) > 0.05, "{size}");
        }
        assert!((at_most(25, 5, 5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_same_rounds_twice_are_no_difference() {
        let rounds = [100, 110, 120, 130, 140];
        let ratio = Ratio::unpaired(&rounds, &rounds).unwrap();
        assert_eq!((ratio.median, ratio.verdict()), (1.0, Verdict::NoDifference));
    }

    #[test]
    fn rounds_that_do_not_overlap_are_a_difference_if_there_are_enough() {
        let ratio =
            Ratio::unpaired(&[200, 210, 220, 230, 240], &[100, 101, 102, 103, 104]).unwrap();
        assert_eq!(ratio.verdict(), Verdict::Longer);
        assert!(ratio.low > 1.9 && ratio.high < 2.5 && ratio.confidence > 0.95, "{ratio:?}");
        let ratio = Ratio::unpaired(&[200, 210], &[100, 101]).unwrap();
        assert_eq!(ratio.verdict(), Verdict::TooFewRounds);
    }

    #[test]
    fn four_rounds_that_agree_may_do_so_by_chance() {
        let over = |rounds| Ratio::over(std::iter::repeat_n(1.5, rounds)).unwrap();
        assert_eq!(over(4).verdict(), Verdict::TooFewRounds);
        assert_eq!(over(5).verdict(), Verdict::Longer);
    }
}
