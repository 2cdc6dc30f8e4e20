//! What runs jobs, and has no way back for results.

mod own;

#[cfg(feature = "peers")]
mod channel_pool;
#[cfg(feature = "peers")]
mod rayon;
#[cfg(feature = "peers")]
mod threadpool;

#[cfg(feature = "peers")]
pub(crate) use {channel_pool::ChannelPool, rayon::Rayon, threadpool::Threadpool};

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
#[cfg(feature = "peers")]
const STARTS: &str = "the threads of a design can be started";
