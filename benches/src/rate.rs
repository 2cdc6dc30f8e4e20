//! Rates of tasks on the command line.

use std::str::FromStr;
use std::time::Duration;

/// A rate on the command line.
///
/// ```
/// use photofinish_bench::rate::Rate;
/// use std::time::Duration;
///
/// assert_eq!("10000".parse(), Ok(Rate::PerSecond(10_000.0)));
/// let rate: Rate = "75%".parse().unwrap();
/// assert_eq!(rate.for_tasks(Duration::from_micros(20), 2), 75_000.0);
/// assert!("fast".parse::<Rate>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many tasks per second.
    PerSecond(f64),
    /// So many percent of what the workers could do if they did nothing else.
    PercentOfPeak(f64),
}

impl Rate {
    /// Tasks per second, for tasks of `length` on so many `workers`.
    pub fn for_tasks(self, length: Duration, workers: usize) -> f64 {
        // Tasks of no length have no peak; what is asked for is then a share of the shortest.
        const SHORTEST: Duration = Duration::from_micros(1);
        match self {
            Self::PerSecond(rate) => rate,
            Self::PercentOfPeak(percent) => {
                let peak = workers as f64 / length.max(SHORTEST).as_secs_f64();
                let rate = percent / 100.0 * peak;
                if rate < 1.0 { rate } else { rate.round() }
            }
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // One in each nanosecond, and the same for tasks of the shortest length that has a peak.
        const MOST: f64 = 1e9;
        const MOST_PERCENT: f64 = 1e5;
        let help = || {
            format!("{text:?} is no rate of tasks; one looks like 10000 or 75%, up to a billion")
        };
        let (number, most, rate): (_, _, fn(f64) -> Self) = match text.strip_suffix('%') {
            Some(number) => (number, MOST_PERCENT, Self::PercentOfPeak),
            None => (text, MOST, Self::PerSecond),
        };
        let number: f64 = number.trim().parse().map_err(|_| help())?;
        let sensible = number > 0.0 && number <= most;
        sensible.then_some(rate(number)).ok_or_else(help)
    }
}
