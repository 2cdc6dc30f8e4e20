//! Rayon's pool.

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Executor, STARTS};

/// `rayon::ThreadPool`, by `spawn` from outside: jobs go through its global injector. Dropping it
/// lets the jobs finish, but does not wait for them.
#[derive(Debug)]
pub(crate) struct Rayon(ThreadPool);

impl Executor for Rayon {
    fn with_workers(workers: usize) -> Self {
        Self(ThreadPoolBuilder::new().num_threads(workers).build().expect(STARTS))
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.0.spawn(job);
    }
}
