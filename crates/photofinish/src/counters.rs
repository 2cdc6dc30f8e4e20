//! What a pool and its workers count about themselves.
//!
//! ORDERING: Relaxed everywhere; numbers, and nothing that goes with them. That is also why they are
//! plain std atomics, not the seam's. What only one worker counts costs it a load and a store, and no
//! read-modify-write.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// A number that one thread counts up and others look at.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicUsize);

impl Counter {
    /// One more. Called by the thread whose counter it is.
    #[inline]
    pub(crate) fn count(&self) {
        self.0.store(self.0.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// How many there have been.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// A number that any thread counts up.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicUsize);

impl Tally {
    /// One more.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// How many there have been.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// One worker's counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Tasks it has begun.
    pub(crate) begun: Counter,
    /// Tasks it has begun and finished.
    pub(crate) finished: Counter,
    /// Times that it took tasks from another worker's queues.
    pub(crate) steals: Counter,
    /// Times that it went to sleep.
    pub(crate) parks: Counter,
    /// Times that it was woken because there was work.
    pub(crate) wakes: Counter,
}

impl Counters {
    /// How many tasks the worker has begun and not finished: more than one, if it runs others
    /// while it waits.
    pub(crate) fn running(&self) -> usize {
        // The later one first, so that it is not ahead of the other.
        let finished = self.finished.get();
        self.begun.get().saturating_sub(finished)
    }
}
