//! The pool of the `rusty_pool` crate.

use std::time::Duration;

use rusty_pool::{Builder, ThreadPool};

use super::Executor;

/// `rusty_pool::ThreadPool` by `execute`, all of its threads started beforehand: boxed closures
/// in a `crossbeam_channel::unbounded`, and counters of workers.
pub(crate) struct RustyPool(Option<ThreadPool>);

impl Executor for RustyPool {
    fn with_workers(workers: usize) -> Self {
        let keep = Duration::from_secs(3_600);
        let pool = Builder::new().core_size(workers).max_size(workers).keep_alive(keep).build();
        pool.start_core_threads();
        Self(Some(pool))
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.0.as_ref().expect("the pool has not ended").execute(job);
    }
}

impl Drop for RustyPool {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.shutdown_join();
        }
    }
}
