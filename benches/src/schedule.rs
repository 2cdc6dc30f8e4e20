//! When tasks are due.

/// Tasks that are due at a steady rate, whatever becomes of those before them.
///
/// The n-th moment is computed from the start, not from the one before it: nothing drifts.
///
/// ```
/// use photofinish_bench::schedule::Schedule;
///
/// let schedule = Schedule { start: 1_000, rate: 3.0 };
/// assert_eq!(schedule.due(0), 1_000);
/// assert_eq!(schedule.due(3), 1_000_001_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// When the first is due, in nanoseconds.
    pub start: u64,
    /// How many are due per second.
    pub rate: f64,
}

impl Schedule {
    /// When task `number` is due, in nanoseconds.
    #[inline]
    pub fn due(self, number: u64) -> u64 {
        self.start + (number as f64 * 1e9 / self.rate).round() as u64
    }

    /// How many are due within `nanoseconds` of the start.
    pub fn count(self, nanoseconds: u64) -> u64 {
        (nanoseconds as f64 * self.rate / 1e9).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_do_not_drift() {
        for rate in [0.5, 3.0, 7_000.0, 30_000.0, 1_234_567.0] {
            let schedule = Schedule { start: 17, rate };
            let last = (rate * 3_600.0) as u64;
            let expected = 17.0 + last as f64 * 1e9 / rate;
            assert!((schedule.due(last) as f64 - expected).abs() <= 1.0, "{rate}/s");
        }
    }

    #[test]
    fn gaps_are_those_of_the_rate_to_a_nanosecond() {
        let schedule = Schedule { start: 0, rate: 30_000.0 };
        let gaps = (0..100_000).map(|n| schedule.due(n + 1) - schedule.due(n));
        assert!(gaps.into_iter().all(|gap| (33_333..=33_334).contains(&gap)));
    }

    #[test]
    fn exactly_those_counted_are_due_in_time() {
        for (rate, length) in [(10_000.0, 800_000_000), (3.0, 1_000_000_000), (7.0, 1)] {
            let schedule = Schedule { start: 5, rate };
            let count = schedule.count(length);
            assert!(schedule.due(count - 1) < 5 + length, "{rate}/s");
            assert!(schedule.due(count) >= 5 + length, "{rate}/s");
        }
    }
}
