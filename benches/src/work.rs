//! A task body of a known length.

use std::fmt;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A busy loop that takes about as long as it was asked to, on an undisturbed core, without
/// reading the clock.
///
/// ```
/// use photofinish_bench::work::{Pace, Work};
/// use std::time::Duration;
///
/// Work::lasting(Duration::from_micros(10), Pace::measure()).run();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// In nanoseconds: tasks carry it, and a [`Duration`] is twice as large.
    length: u64,
    activity: Activity,
}

#[derive(Clone, Copy, Debug)]
enum Activity {
    /// Turns of the busy loop.
    Busy { turns: u64 },
    /// As a task does that waits for a disk or a network.
    Asleep,
}

/// How fast the busy loop turns on this machine.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Pace {
    turns_per_nanosecond: f64,
}

impl Pace {
    /// Measures it: the fastest of several trials, because all that can happen to a trial is
    /// that it is disturbed.
    pub fn measure() -> Self {
        const TRIALS: u32 = 20;
        const TURNS: u64 = 1_000_000;
        let fastest = (0..TRIALS)
            .map(|_| {
                let begun = Instant::now();
                turn(TURNS);
                begun.elapsed()
            })
            .min()
            .unwrap_or(Duration::MAX);
        Self { turns_per_nanosecond: TURNS as f64 / fastest.as_nanos() as f64 }
    }
}

impl Work {
    /// A body that does nothing.
    pub const NONE: Self = Self { length: 0, activity: Activity::Busy { turns: 0 } };

    /// A body that takes about `length`.
    pub fn lasting(length: Duration, pace: Pace) -> Self {
        let turns = length.as_nanos() as f64 * pace.turns_per_nanosecond;
        Self {
            length: nanoseconds(length),
            activity: Activity::Busy { turns: turns.round() as u64 },
        }
    }

    /// A body that sleeps for `length`, and leaves its core to others.
    pub fn asleep(length: Duration) -> Self {
        Self { length: nanoseconds(length), activity: Activity::Asleep }
    }

    /// Whether it keeps a core busy.
    pub fn is_busy(self) -> bool {
        match self.activity {
            Activity::Busy { .. } => true,
            Activity::Asleep => false,
        }
    }

    /// The length that was asked for.
    pub fn length(self) -> Duration {
        Duration::from_nanos(self.length)
    }

    /// As much work, so many times over.
    pub fn times(self, factor: u32) -> Self {
        let activity = match self.activity {
            Activity::Busy { turns } => Activity::Busy { turns: turns * u64::from(factor) },
            Activity::Asleep => Activity::Asleep,
        };
        Self { length: self.length * u64::from(factor), activity }
    }

    /// Does the work.
    #[inline]
    pub fn run(self) {
        match self.activity {
            Activity::Busy { turns } => turn(turns),
            Activity::Asleep => thread::sleep(self.length()),
        }
    }

    /// What the work takes here and now: the median of many times.
    pub fn measured(self) -> Duration {
        const TIMES: usize = 201;
        let mut lengths: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let begun = Instant::now();
                self.run();
                begun.elapsed()
            })
            .collect();
        lengths.sort();
        lengths[TIMES / 2]
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            0 => f.write_str("empty"),
            _ => write!(f, "{:?}", self.length()),
        }
    }
}

/// Steps of a generator, each of which needs the one before (G. Marsaglia, *Xorshift RNGs*, 2003).
/// One piece of code for all callers, and all of it in registers: a loop that goes through the
/// stack turns up to 1.5 times faster or slower from process to process.
#[inline(never)]
fn turn(turns: u64) {
    let mut state = black_box(turns | 1);
    for _ in 0..turns {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

/// A length of time in nanoseconds, in which a u64 holds 584 years.
pub(crate) fn nanoseconds(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}
