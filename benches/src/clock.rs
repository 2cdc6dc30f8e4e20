//! Nanoseconds of the monotonic clock, and what reading them costs.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use crate::work::Work;

/// The time that a run goes by: the machine's, or in tests of the lab itself one that only passes
/// when it is told to, so that what a run must find is known to the nanosecond.
pub trait Time: Copy + Send + 'static {
    /// Counts from now on.
    fn start() -> Self;

    /// The nanoseconds since the start.
    fn now(self) -> u64;

    /// The moment that is `nanoseconds` after the start.
    fn moment(self, nanoseconds: u64) -> Instant;

    /// Lets the time pass until `nanoseconds` after the start.
    fn sleep_until(self, nanoseconds: u64);

    /// Spends the time that `work` takes.
    fn spend(self, work: Work);
}

/// Counts nanoseconds from the moment it was made. Copies count from the same moment.
///
/// ```
/// use photofinish_bench::clock::Clock;
///
/// let clock = Clock::start();
/// let before = clock.now();
/// assert!(clock.now() >= before);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: Instant,
}

impl Clock {
    /// Counts from now on.
    pub fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    /// The nanoseconds since the start.
    #[inline]
    pub fn now(self) -> u64 {
        // A u64 holds 584 years of nanoseconds.
        self.epoch.elapsed().as_nanos() as u64
    }

    /// The moment that is `nanoseconds` after the start.
    #[inline]
    pub fn moment(self, nanoseconds: u64) -> Instant {
        self.epoch + Duration::from_nanos(nanoseconds)
    }

    /// What one reading costs, in nanoseconds: the median over batches of back-to-back readings.
    /// Every interval between two stamps contains about one reading.
    pub fn read_cost(self) -> f64 {
        const BATCHES: usize = 101;
        const READINGS: u32 = 1_000;
        let mut costs: Vec<f64> = (0..BATCHES)
            .map(|_| {
                let begun = self.now();
                for _ in 0..READINGS {
                    black_box(self.now());
                }
                (self.now() - begun) as f64 / f64::from(READINGS)
            })
            .collect();
        costs.sort_by(f64::total_cmp);
        costs[BATCHES / 2]
    }
}

impl Time for Clock {
    fn start() -> Self {
        Self::start()
    }

    #[inline]
    fn now(self) -> u64 {
        self.now()
    }

    #[inline]
    fn moment(self, nanoseconds: u64) -> Instant {
        self.moment(nanoseconds)
    }

    fn sleep_until(self, nanoseconds: u64) {
        thread::sleep(Duration::from_nanos(nanoseconds.saturating_sub(self.now())));
    }

    #[inline]
    fn spend(self, work: Work) {
        work.run();
    }
}
