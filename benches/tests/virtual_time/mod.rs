//! A time that passes only when it is told to: what a run has to find follows from arithmetic, and
//! no machine is too busy for it.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use photofinish_bench::clock::Time;
use photofinish_bench::work::Work;

thread_local! {
    pub(crate) static NOW: Cell<u64> = const { Cell::new(0) };
}

/// The moment that all virtual times are counted from.
pub(crate) fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// A time that passes only when it is told to; one for each thread.
#[derive(Clone, Copy)]
pub(crate) struct VirtualTime;

impl Time for VirtualTime {
    fn start() -> Self {
        NOW.set(0);
        Self
    }

    fn now(self) -> u64 {
        NOW.get()
    }

    fn moment(self, nanoseconds: u64) -> Instant {
        epoch() + Duration::from_nanos(nanoseconds)
    }

    fn sleep_until(self, nanoseconds: u64) {
        NOW.set(NOW.get().max(nanoseconds));
    }

    fn spend(self, work: Work) {
        NOW.set(NOW.get() + work.length().as_nanos() as u64);
    }
}
