//! The pool, and handles to it.

use std::fmt;
use std::num::NonZeroUsize;

use photofinish_protocol::sync::{Arc, thread};
use photofinish_protocol::{JoinHandle, Runnable, Spawn, task};

use crate::shared::Shared;
use crate::worker::Worker;

/// A fixed number of threads that run tasks, stealing from each other.
///
/// # Order
///
/// Tasks that are submitted from outside begin in the order of their submission, as far as
/// several workers can keep one. A task's own submissions go to its worker's queue; other workers
/// steal the oldest.
///
/// # Dropping
///
/// Dropping the pool finishes all queued work, including what running tasks still submit, and
/// joins the workers. A pool that is dropped on one of its own workers does not wait for itself:
/// the workers finish the work and end on their own. Dropped on a worker of *another* pool, it
/// blocks that worker, which runs nothing else meanwhile: if the work needs it, nobody goes on.
///
/// # Process exit
///
/// A process that exits does not wait for pools that are still alive (a `static`, or one that was
/// leaked): their tasks are cut off wherever they are.
///
/// # Progress
///
/// Submitting takes the allocator's locks, if it has any, and may wake a worker by one system
/// call if none is awake. A worker that looks for work may have to wait for a submitter that was
/// preempted in the middle of a submission. The delivery of a task whose body has returned waits
/// for nobody.
///
/// ```
/// use photofinish::{Pool, as_completed};
///
/// let pool = Pool::builder().workers(4).build()?;
/// let squares: Vec<_> = (0..10_u64).map(|n| pool.submit(move || n * n)).collect();
/// let sum: u64 = as_completed(squares).map(|finished| finished.outcome.unwrap()).sum();
/// assert_eq!(sum, 285);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn assemble(shared: Arc<Shared>, threads: Vec<thread::JoinHandle<()>>) -> Self {
        Self { shared, threads }
    }

    /// Queues `closure` to be run by a worker, and gives the handle to its outcome.
    ///
    /// Never blocks: the queue is unbounded. Allocates once for the task.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// assert_eq!(pool.submit(|| 2_u32.pow(8)).join().unwrap(), 256);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn submit<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        submit(&self.shared, closure)
    }

    /// A handle to submit with from anywhere, tasks of this pool included.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// let nested = pool.submit(move || handle.submit(|| 3).join().unwrap() + 1);
    /// assert_eq!(nested.join().unwrap(), 4);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared) }
    }

    /// How many workers the pool has.
    ///
    /// ```
    /// let pool = photofinish::Pool::builder().workers(3).build()?;
    /// assert_eq!(pool.workers().get(), 3);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.shared.victims.len()).expect("a pool has workers")
    }
}

fn submit<F, T>(shared: &Arc<Shared>, closure: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (runnable, handle) = task(closure);
    Worker::submit(shared, runnable);
    handle
}

impl Spawn for Pool {
    fn spawn(&self, runnable: Runnable) {
        Worker::submit(&self.shared, runnable);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.drain();
        if Worker::is_current(&self.shared) {
            return;
        }
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic leaves a worker");
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

/// Submits to a [`Pool`] without keeping it: clone it, send it, put it into tasks.
///
/// While the dropped pool drains, its running tasks may still submit. When it has ended, a
/// submission is refused: the closure is dropped at once, and the task ends as
/// [`JoinError::Abandoned`](crate::JoinError::Abandoned).
///
/// ```
/// use photofinish::{JoinError, Pool};
///
/// let pool = Pool::new()?;
/// let handle = pool.handle();
/// drop(pool);
/// assert!(matches!(handle.submit(|| 1).join(), Err(JoinError::Abandoned)));
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    /// As [`Pool::submit`].
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// std::thread::spawn(move || handle.submit(|| println!("from elsewhere")).join());
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn submit<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        submit(&self.shared, closure)
    }
}

impl Spawn for Handle {
    fn spawn(&self, runnable: Runnable) {
        Worker::submit(&self.shared, runnable);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
