//! The locking design of CPython's `concurrent.futures`, in Rust.

mod executor;
mod future;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use executor::ThreadPoolExecutor;
use future::{Future, Waiter};

use crate::design::Design;

/// The locks of CPython's `ThreadPoolExecutor` and `as_completed`, without its interpreter: a
/// condition for each future, a list of waiters under it, and one event for the consumer.
///
/// * A submission takes the pool's shutdown lock, a lock that all pools of the process share, the
///   lock of the queue of work, and that of the semaphore of idle threads.
/// * A completion takes the future's condition; under it, the waiter's lock and its event's
///   condition. It notifies both conditions whether or not anybody waits.
/// * A yield takes the future's condition to strike the waiter off its list; a wake takes the
///   event's condition, the waiter's lock, and the event's condition again.
///
/// In favour of the rival: threads start beforehand; `as_completed` takes no further futures, so
/// here its waiter stays, and each submission is registered with it by the same steps, instead of
/// a new iterator over all that is outstanding, which would lock every future at once.
///
/// ```
/// use photofinish_baselines::{ConcurrentFutures, Design};
///
/// let mut design = ConcurrentFutures::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
pub struct ConcurrentFutures<T: Send + 'static> {
    executor: ThreadPoolExecutor,
    waiter: Arc<Waiter<T>>,
    /// Finished, and not yet yielded.
    finished: VecDeque<Arc<Future<T>>>,
    outstanding: usize,
}

impl<T: Send + 'static> fmt::Debug for ConcurrentFutures<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outstanding = &self.outstanding;
        f.debug_struct("ConcurrentFutures").field("outstanding", outstanding).finish()
    }
}

impl<T: Send + 'static> ConcurrentFutures<T> {
    /// Waits for the event until `deadline`, or for ever.
    fn next_by(&mut self, deadline: Option<Instant>) -> Option<T> {
        if self.outstanding == 0 {
            return None;
        }
        if self.finished.is_empty() {
            self.waiter.wait(deadline);
            self.finished = self.waiter.take().into();
        }
        self.yield_one()
    }

    fn yield_one(&mut self) -> Option<T> {
        let future = self.finished.pop_front()?;
        self.outstanding -= 1;
        future.forget(&self.waiter);
        Some(future.result())
    }
}

impl<T: Send + 'static> Design<T> for ConcurrentFutures<T> {
    const NAME: &'static str = "concurrent-futures";

    fn with_workers(workers: usize) -> Self {
        let executor = ThreadPoolExecutor::with_workers(workers);
        let waiter = Arc::new(Waiter::new());
        Self { executor, waiter, finished: VecDeque::new(), outstanding: 0 }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let future = Arc::new(Future::pending());
        let worked = Arc::clone(&future);
        self.executor.submit(Box::new(move || {
            if worked.set_running() {
                worked.set_result(task());
            }
        }));
        future.inform(&self.waiter);
        self.outstanding += 1;
    }

    fn next(&mut self) -> Option<T> {
        self.next_by(None)
    }

    fn try_next(&mut self) -> Option<T> {
        self.next_by(Some(Instant::now()))
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        self.next_by(Some(deadline))
    }

    fn outstanding(&self) -> usize {
        self.outstanding
    }
}
