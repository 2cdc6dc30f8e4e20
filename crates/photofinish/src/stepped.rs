//! A pool of one worker and no thread, for those who count instructions: its tasks run when, and
//! where, its caller says, so that nobody spins or sleeps in between.

use std::fmt;
use std::time::Duration;

use photofinish_protocol::sync::Arc;
use photofinish_protocol::{JoinHandle, Runnable, Spawn, task};

use crate::handle::Handle;
use crate::queues::Queues;
use crate::shared::Shared;
use crate::stack::{self, StackGauge};
use crate::worker::Worker;

/// Takes tasks as a [`Pool`](crate::Pool) does from outside, and runs them on the calling thread.
///
/// ```
/// use photofinish::{CompletionSet, Stepped};
///
/// let pool = Stepped::new();
/// let mut set = CompletionSet::new();
/// set.submit(&pool, || 7);
/// assert!(set.try_next().is_none());
/// assert!(pool.step());
/// assert_eq!(set.try_next().unwrap().outcome.unwrap(), 7);
/// assert!(!pool.step());
/// ```
pub struct Stepped {
    shared: Arc<Shared>,
    worker: Worker,
}

impl Stepped {
    /// A pool whose worker is awake and has nothing to do.
    #[allow(clippy::new_without_default, reason = "it is made in one place, by hand")]
    pub fn new() -> Self {
        let queues = Queues::new();
        let shared = Arc::new(Shared::new(Box::new([queues.victim()]), None));
        let stack = StackGauge::new(stack::DEFAULT);
        let worker = Worker::new(Arc::clone(&shared), 0, queues, stack, Duration::ZERO);
        Self { shared, worker }
    }

    /// Submits a task, as [`Pool::submit`](crate::Pool::submit) does.
    #[inline]
    pub fn submit<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (runnable, handle) = task(closure);
        self.spawn(runnable);
        handle
    }

    /// A handle to submit with, as [`Pool::handle`](crate::Pool::handle) gives one.
    pub fn handle(&self) -> Handle {
        Handle::of(Arc::clone(&self.shared))
    }

    /// Runs the worker's next task here, if there is one.
    #[inline]
    pub fn step(&self) -> bool {
        self.worker.step()
    }
}

impl Spawn for Stepped {
    #[inline]
    fn spawn(&self, runnable: Runnable) {
        Worker::submit(&self.shared, runnable);
    }
}

impl fmt::Debug for Stepped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stepped").finish_non_exhaustive()
    }
}

/// Makes the worker that runs the calling task end as if by a defect of this library, for tests of
/// what becomes of its pool.
pub fn lose_this_worker() {
    Worker::lose_current();
}
