//! What the machine does to a thread that has no work of ours: the idle jitter that no design can
//! be better than.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::{Clock, Time};
use crate::recorder::histogram;

/// Two samples of the machine's own delays, taken while no design runs.
#[derive(Debug)]
pub struct Jitter {
    /// By how many nanoseconds a thread that slept for a while woke too late. A parked consumer
    /// suffers it.
    pub asleep: Histogram<u64>,
    /// For how many nanoseconds at most a thread that was awake was held up, in each slice of its
    /// time. A spinning consumer suffers it, and every task that runs.
    pub awake: Histogram<u64>,
}

/// For how long a sleeper sleeps.
pub const NAP: Duration = Duration::from_micros(100);
/// The slice of time of which the longest interruption is noted.
pub const SLICE: Duration = Duration::from_micros(100);

impl Jitter {
    /// No samples yet.
    pub fn new() -> Self {
        Self { asleep: histogram(), awake: histogram() }
    }

    /// Samples both for about `time` each.
    pub fn sample(&mut self, time: Duration) {
        let (clock, length) = (Clock::start(), time.as_nanos() as u64);
        while clock.now() < length {
            let due = clock.now() + NAP.as_nanos() as u64;
            clock.sleep_until(due);
            self.asleep.saturating_record(clock.now().saturating_sub(due));
        }
        let (clock, slice) = (Clock::start(), SLICE.as_nanos() as u64);
        let mut last = clock.now();
        while last < length {
            let end = last + slice;
            let mut longest = 0;
            while last < end {
                let now = clock.now();
                longest = longest.max(now - last);
                last = now;
            }
            self.awake.saturating_record(longest);
        }
    }
}

impl Default for Jitter {
    fn default() -> Self {
        Self::new()
    }
}
