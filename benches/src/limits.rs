//! What the machine itself charges: no design can be faster than its parts.
//!
//! | module | what it measures |
//! |---|---|
//! | `cores` | a cache line between two cores, and atomic steps |
//! | `wake` | a thread that sleeps |
//! | `memory` | the allocator |
//! | [`rings`] | two queues at the least there can be: the yardstick of a whole round trip |

mod cores;
mod memory;
mod wake;

pub mod rings;

use std::fmt;
use std::time::Duration;

use crate::clock::Clock;
use crate::machine;

/// One thing that the machine charges for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A reading of the clock.
    ClockRead,
    /// A cache line that one core has written and another reads.
    LineOneWay,
    /// An atomic read-modify-write on a line that nobody else touches.
    RmwAlone,
    /// An atomic exchange on a line that two cores fight for.
    SwapContended,
    /// A compare-exchange that succeeds, failures included, on a line that two cores fight for.
    CasContended,
    /// A box made and freed by one thread.
    BoxHere,
    /// A box made by one thread and freed by another, its ride on a ring included.
    BoxAcross,
    /// From unparking a thread to its being awake, after it has slept for 60 us.
    WakeSoon,
    /// The same, after it has slept for 5 ms, when its core may sleep more deeply.
    WakeLate,
    /// A number to another core and its answer back, on two rings, 1000 in flight.
    Rings,
    /// The same with a boxed closure on the way there.
    RingsBoxed,
}

impl Limit {
    /// Every limit, the smallest parts first.
    pub const ALL: [Self; 11] = [
        Self::ClockRead,
        Self::LineOneWay,
        Self::RmwAlone,
        Self::SwapContended,
        Self::CasContended,
        Self::BoxHere,
        Self::BoxAcross,
        Self::WakeSoon,
        Self::WakeLate,
        Self::Rings,
        Self::RingsBoxed,
    ];

    /// The name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClockRead => "clock read",
            Self::LineOneWay => "cache line one way",
            Self::RmwAlone => "RMW uncontended",
            Self::SwapContended => "swap contended",
            Self::CasContended => "CAS contended",
            Self::BoxHere => "malloc+free here",
            Self::BoxAcross => "malloc here, free there",
            Self::WakeSoon => "unpark after 60 us",
            Self::WakeLate => "unpark after 5 ms",
            Self::Rings => "two rings",
            Self::RingsBoxed => "two rings, boxed",
        }
    }

    /// Measures it here and now, in nanoseconds; `None` if it takes two cores and there is one.
    ///
    /// ```
    /// use photofinish_bench::limits::{Effort, Limit};
    ///
    /// assert!(Limit::RmwAlone.measure(Effort::Smoke).is_some());
    /// ```
    pub fn measure(self, effort: Effort) -> Option<f64> {
        if self.takes_two() && machine::cores() < 2 {
            return None;
        }
        let times = |full: u32| match effort {
            Effort::Full => full,
            Effort::Smoke => (full / 100).max(2),
        };
        Some(match self {
            Self::ClockRead => Clock::start().read_cost(),
            Self::LineOneWay => cores::line_one_way(times(50_000)),
            Self::RmwAlone => cores::rmw_alone(times(1_000_000)),
            Self::SwapContended => cores::swap_contended(times(200_000)),
            Self::CasContended => cores::cas_contended(times(200_000)),
            Self::BoxHere => memory::here(times(500_000)),
            Self::BoxAcross => memory::across(times(200_000)),
            Self::WakeSoon => wake::one_way(Duration::from_micros(60), times(301)),
            Self::WakeLate => wake::one_way(Duration::from_millis(5), times(21)),
            Self::Rings => rings::unboxed(times(300_000)),
            Self::RingsBoxed => rings::boxed(times(200_000)),
        })
    }

    fn takes_two(self) -> bool {
        match self {
            Self::ClockRead | Self::RmwAlone | Self::BoxHere => false,
            Self::LineOneWay
            | Self::SwapContended
            | Self::CasContended
            | Self::BoxAcross
            | Self::WakeSoon
            | Self::WakeLate
            | Self::Rings
            | Self::RingsBoxed => true,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much trouble to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// About a third of a second for all limits.
    Full,
    /// Only to see that it runs.
    Smoke,
}

/// Every limit, in nanoseconds, as measured in one go.
#[derive(Clone, Debug)]
pub struct Limits {
    readings: [Option<f64>; Limit::ALL.len()],
}

impl Limits {
    /// Measures all of them, one after the other.
    pub fn measure(effort: Effort) -> Self {
        Self { readings: Limit::ALL.map(|limit| limit.measure(effort)) }
    }

    /// Each limit's median over `rounds`, where it was measured.
    pub fn medians(rounds: &[Self]) -> Self {
        Self { readings: Limit::ALL.map(|limit| median(rounds.iter().filter_map(|r| r.of(limit)))) }
    }

    /// One of them.
    pub fn of(&self, limit: Limit) -> Option<f64> {
        self.readings[limit as usize]
    }
}

impl fmt::Display for Limits {
    /// One line for each limit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (limit, reading) in Limit::ALL.iter().zip(self.readings) {
            match reading {
                Some(nanoseconds) => writeln!(f, "{limit:<24} {nanoseconds:>8.1} ns")?,
                None => writeln!(f, "{limit:<24} {:>8}", "-")?,
            }
        }
        Ok(())
    }
}

/// The middle one of `values`; the mean of the two in the middle if they are even in number.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted[sorted.len() / 2]);
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_readings() {
        for (place, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, place, "{limit}");
        }
    }

    #[test]
    fn every_limit_comes_to_a_positive_length() {
        let limits = Limits::measure(Effort::Smoke);
        for limit in Limit::ALL {
            match limits.of(limit) {
                Some(nanoseconds) => assert!(nanoseconds > 0.0, "{limit}: {nanoseconds}"),
                None => assert!(limit.takes_two() && machine::cores() < 2, "{limit}"),
            }
        }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), Some(2.5));
        assert_eq!(median([9.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn medians_are_taken_limit_by_limit() {
        let round = |first| {
            let mut readings = [None; Limit::ALL.len()];
            readings[0] = Some(first);
            Limits { readings }
        };
        let medians = Limits::medians(&[round(3.0), round(1.0), round(2.0)]);
        assert_eq!(medians.of(Limit::ClockRead), Some(2.0));
        assert_eq!(medians.of(Limit::Rings), None);
    }
}
