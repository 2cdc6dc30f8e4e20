//! What runs jobs, and has no way back for results.

mod mutex_pool;
mod own;

#[cfg(feature = "peers")]
mod channel_pool;
#[cfg(feature = "peers")]
mod deque_pool;
#[cfg(feature = "peers")]
mod rayon;
#[cfg(feature = "peers")]
mod rusty_pool;
#[cfg(feature = "peers")]
mod threadpool;
#[cfg(feature = "peers")]
mod tokio_blocking;

pub(crate) use mutex_pool::{NaiveMutexPool, TunedMutexPool};

#[cfg(feature = "peers")]
pub(crate) use {
    channel_pool::ChannelPool, deque_pool::DequePool, rayon::Rayon, rusty_pool::RustyPool,
    threadpool::Threadpool, tokio_blocking::TokioBlocking,
};

/// Threads that run jobs, each once, and forget them.
pub(crate) trait Executor: Sized {
    /// Starts `workers` threads.
    fn with_workers(workers: usize) -> Self;

    /// Has `job` run by one of the threads.
    fn execute<F>(&mut self, job: F)
    where
        F: FnOnce() + Send + 'static;
}

/// Why starting a thread has to succeed.
const STARTS: &str = "the threads of a design can be started";
