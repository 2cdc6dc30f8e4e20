//! The pool of the `threadpool` crate.

use threadpool::ThreadPool;

use super::Executor;

/// `threadpool::ThreadPool`: boxed closures in a `std::sync::mpsc` channel, whose receiving end
/// the workers share under a mutex.
#[derive(Debug)]
pub(crate) struct Threadpool(ThreadPool);

impl Executor for Threadpool {
    fn with_workers(workers: usize) -> Self {
        Self(ThreadPool::new(workers))
    }

    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.0.execute(job);
    }
}

impl Drop for Threadpool {
    fn drop(&mut self) {
        self.0.join();
    }
}
