//! What a way back has to offer to be measured and tested.

use std::time::Instant;

use photofinish::Pool;

/// A pool, and a way back for the results of its tasks. One thread submits and receives.
///
/// Tasks must not panic: a rival would never hear of it.
///
/// ```
/// use photofinish_baselines::{Design, ThroughMpsc};
///
/// let mut design = ThroughMpsc::with_workers(1);
/// design.submit(|| 6 * 7);
/// assert_eq!(design.next(), Some(42));
/// assert_eq!(design.next(), None);
/// ```
pub trait Design<T: Send + 'static>: Sized {
    /// The name in tables, file names and on the command line.
    const NAME: &'static str;

    /// Starts a pool of `workers` threads.
    ///
    /// # Panics
    ///
    /// If the pool cannot be built.
    fn with_workers(workers: usize) -> Self;

    /// Submits `task`, whose result comes back through one of the methods below.
    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static;

    /// Gives the next result in the order of completion, waiting for it; `None` if nothing is
    /// outstanding.
    fn next(&mut self) -> Option<T>;

    /// Gives the next result if there is one already. Does not wait.
    fn try_next(&mut self) -> Option<T>;

    /// As [`next`](Self::next), but gives up at `deadline`. A deadline that has passed still
    /// gives what is ready.
    fn next_until(&mut self, deadline: Instant) -> Option<T>;

    /// How many results have not been given yet.
    fn outstanding(&self) -> usize;
}

/// The pool under every design: the same threads, with the same settings.
pub(crate) fn pool(workers: usize) -> Pool {
    Pool::builder()
        .workers(workers)
        .thread_name("worker")
        .build()
        .expect("the pool of a design can be built")
}
