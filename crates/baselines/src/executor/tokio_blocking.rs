//! Tokio's threads for what blocks.

use tokio::runtime::{Builder, Runtime};

use super::{Executor, STARTS};

/// `spawn_blocking` on a runtime with so many blocking threads, beside one worker that has
/// nothing to do. Dropping it cancels what has not begun.
#[derive(Debug)]
pub(crate) struct TokioBlocking(Runtime);

impl Executor for TokioBlocking {
    fn with_workers(workers: usize) -> Self {
        let mut runtime = Builder::new_multi_thread();
        Self(runtime.worker_threads(1).max_blocking_threads(workers).build().expect(STARTS))
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(self.0.spawn_blocking(job));
    }
}
