//! The pool: the threads, and who ends them.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use photofinish_protocol::sync::{Arc, thread};
use photofinish_protocol::{JoinHandle, Runnable, Scope, Spawn};

use crate::handle::{Handle, Map, MapUnordered};
use crate::metrics::Metrics;
use crate::rejected::Rejected;
use crate::shared::Shared;
use crate::shutdown::{Shutdown, Unfinished};

/// A fixed number of threads that run tasks, stealing from each other.
///
/// # Order
///
/// Tasks that are submitted from outside begin in the order of their submission if there is one
/// worker. Of several, each fetches up to 33 at once and begins with the oldest; a worker that is
/// out of work takes the older half of what another has fetched. So no task waits while a worker is
/// idle, but up to 32 may wait for the one before them while newer ones begin elsewhere. A task's
/// own submissions go to its worker's queue; other workers steal the oldest.
///
/// # Dropping
///
/// Dropping the pool finishes all queued work, including what running tasks still submit, and
/// joins the workers. A pool that is dropped on one of its own workers does not wait for itself:
/// the workers finish the work and end on their own, as after [`detach`](Self::detach).
/// [`shutdown_timeout`](Self::shutdown_timeout) does not wait for ever,
/// [`shutdown_now`](Self::shutdown_now) does not run what is queued. Dropped on a worker of *another* pool, it
/// blocks that worker, which runs nothing else meanwhile: if the work needs it, nobody goes on.
///
/// # Process exit
///
/// A process that exits does not wait for pools that are still alive (a `static`, or one that was
/// leaked): their tasks are cut off wherever they are. A child made by `fork` has a copy of the pool
/// without its workers, in which nothing runs and a drop may wait for ever: use pools in the parent
/// only, or build the child's own.
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
    handle: Handle,
    threads: Vec<thread::JoinHandle<()>>,
    /// Finishes when the last worker has left; `None` once somebody waits for that.
    gone: Option<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn assemble(
        shared: Arc<Shared>,
        threads: Vec<thread::JoinHandle<()>>,
        gone: JoinHandle<()>,
    ) -> Self {
        Self { handle: Handle::of(shared), threads, gone: Some(gone) }
    }

    /// Queues `closure` to be run by a worker, and gives the handle to its outcome.
    ///
    /// # Blocking
    ///
    /// Never, unless [`Builder::queue_capacity`](crate::Builder::queue_capacity) bounds the queue:
    /// then until there is room. Allocates once for the task.
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
        self.handle.submit(closure)
    }

    /// Queues many closures, and gives the handles to their outcomes, in the same order.
    ///
    /// It costs less than submitting them one by one: a worker is woken for the first, which wakes
    /// the next while there is work, and once more when all are queued. So if workers fall asleep
    /// meanwhile, because `closures` take long to come, they sleep until the last has come. In a
    /// bounded pool it is the same as one by one. For inputs without an end there is
    /// [`map`](Self::map).
    ///
    /// # Panics
    ///
    /// If `closures` panics. The tasks that it has given by then are detached, and run.
    ///
    /// ```
    /// use photofinish::as_completed;
    ///
    /// let pool = photofinish::Pool::new()?;
    /// let squares = pool.submit_batch((0..10_u64).map(|n| move || n * n));
    /// let sum: u64 = as_completed(squares).map(|finished| finished.outcome.unwrap()).sum();
    /// assert_eq!(sum, 285);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn submit_batch<F, T>(&self, closures: impl IntoIterator<Item = F>) -> Vec<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle.submit_batch(closures)
    }

    /// Applies `function` to each input, on the pool's workers, and yields the results in the order
    /// of the inputs: see [`Map`](photofinish_protocol::Map).
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let lengths = pool.map(["three", "blind", "mice"], |word| word.len());
    /// let lengths: Result<Vec<_>, _> = lengths.collect();
    /// assert_eq!(lengths.unwrap(), [5, 5, 4]);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn map<I, F, R>(&self, inputs: I, function: F) -> Map<I::IntoIter, F, R>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        R: Send + 'static,
    {
        self.handle.map(inputs, function)
    }

    /// Applies `function` to each input, on the pool's workers, and yields the results in the order
    /// in which they are done: see [`MapUnordered`](photofinish_protocol::MapUnordered).
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let words = ["three", "blind", "mice"];
    /// for mapped in pool.map_unordered(words, |word| word.len()) {
    ///     println!("{} has {} letters", words[mapped.index], mapped.outcome.unwrap());
    /// }
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn map_unordered<I, F, R>(&self, inputs: I, function: F) -> MapUnordered<I::IntoIter, F, R>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        R: Send + 'static,
    {
        self.handle.map_unordered(inputs, function)
    }

    /// Queues `closure` as [`submit`](Self::submit) does, if the pool takes it at once, and gives it
    /// back otherwise. Never waits.
    ///
    /// A pool that takes a task and is shut down before the task begins still ends it, as it does
    /// all others.
    ///
    /// # Errors
    ///
    /// [`Rejected::Broken`] if the pool has lost a worker, [`Rejected::ShutDown`] if it has ended,
    /// and [`Rejected::Full`] if as many tasks are queued as
    /// [`Builder::queue_capacity`](crate::Builder::queue_capacity) allows, in this order.
    ///
    /// ```
    /// let pool = photofinish::Pool::builder().queue_capacity(100).build()?;
    /// let task = pool.try_submit(|| 1).unwrap_or_else(|rejected| panic!("{rejected}"));
    /// assert_eq!(task.join().unwrap(), 1);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn try_submit<F, T>(&self, closure: F) -> Result<JoinHandle<T>, Rejected<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle.try_submit(closure)
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
        self.handle.clone()
    }

    /// How many workers the pool has.
    ///
    /// ```
    /// let pool = photofinish::Pool::builder().workers(3).build()?;
    /// assert_eq!(pool.workers().get(), 3);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn workers(&self) -> NonZeroUsize {
        self.handle.workers()
    }

    /// Calls `body` with a scope, in which this pool's tasks may borrow what outlives the call, and
    /// returns when all of them have ended and dropped what they had captured.
    ///
    /// # Blocking, panics
    ///
    /// As [`scope`](photofinish_protocol::scope): waits for all tasks of the scope, and panics if one
    /// of them did and nobody took its outcome.
    ///
    /// ```
    /// use photofinish::{Pool, as_completed};
    ///
    /// let pool = Pool::new()?;
    /// let words = vec!["three".to_owned(), "blind".to_owned(), "mice".to_owned()];
    /// let mut longest = 0;
    /// pool.scope(|scope| {
    ///     let tasks = words.iter().map(|word| scope.submit(|| word.len()));
    ///     for finished in as_completed(tasks) {
    ///         longest = longest.max(finished.outcome.unwrap());
    ///     }
    /// });
    /// assert_eq!(longest, 5);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn scope<'env, F, R>(&self, body: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        self.handle.scope(body)
    }

    /// The pool's numbers: how many tasks are queued, running and done, and what its workers do.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// assert_eq!(pool.metrics().queued, 0);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.handle.metrics()
    }

    /// Finishes all queued work, including what running tasks still submit, and joins the workers:
    /// what dropping the pool does, by name.
    ///
    /// # Blocking
    ///
    /// Until all work is done and the threads have ended. On one of the pool's own workers it
    /// returns at once, and the workers finish the work and end on their own.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// let pool = Pool::new()?;
    /// let tasks: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    /// pool.shutdown();
    /// assert!(tasks.iter().all(|task| task.is_finished()));
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn shutdown(self) {
        drop(self);
    }

    /// As [`shutdown`](Self::shutdown), but waits no longer than `timeout`, counted from the call.
    ///
    /// # Blocking
    ///
    /// At most for `timeout`, and for the destructors of the threads' locals if all work is done
    /// before. On one of the pool's own workers not at all: the pool cannot be finished before its
    /// caller is.
    ///
    /// # Errors
    ///
    /// [`Unfinished`] if the work was not done in time. It goes on, as after
    /// [`detach`](Self::detach).
    ///
    /// ```
    /// use photofinish::Pool;
    /// use std::sync::mpsc::channel;
    /// use std::time::Duration;
    ///
    /// let pool = Pool::builder().workers(1).build()?;
    /// let ((release, held), (begin, begun)) = (channel::<()>(), channel());
    /// let first = pool.submit(move || begin.send(()).and_then(|()| Ok(held.recv())));
    /// let second = pool.submit(|| 2);
    /// begun.recv().unwrap();
    /// let unfinished = pool.shutdown_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!((unfinished.queued, unfinished.running), (1, 1));
    /// release.send(()).unwrap();
    /// assert_eq!(second.join().unwrap(), 2);
    /// # drop(first);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Result<(), Unfinished> {
        self.handle.shared().drain();
        let gone = self.gone.take().filter(|_| !self.handle.is_inside());
        if gone.is_some_and(|gone| gone.join_timeout(timeout).is_ok()) {
            return Ok(());
        }
        self.threads.clear();
        Err(Unfinished::new(self.handle.shared().queued(), self.handle.shared().running()))
    }

    /// Cancels everything that has not begun, waits for what has, joins the workers, and tells how
    /// many tasks that were.
    ///
    /// A task that is cancelled ends as [`JoinError::Cancelled`](crate::JoinError::Cancelled), and
    /// whoever waits for it sees that at once: by `join`, by `as_completed`, in a set, or by an
    /// await. So does a task that is submitted later, by one that still runs or through a
    /// [`Handle`]. What the tasks had captured is dropped, on this thread or a worker's.
    ///
    /// # Blocking
    ///
    /// Until the tasks that run have returned, and the threads have ended. On one of the pool's own
    /// workers it returns when all that was queued is cancelled, and awaits nothing.
    ///
    /// ```
    /// use photofinish::{JoinError, Pool, as_completed};
    /// use std::sync::mpsc::channel;
    ///
    /// let pool = Pool::builder().workers(1).build()?;
    /// let ((release, held), (begin, begun)) = (channel::<()>(), channel());
    /// let running = pool.submit(move || begin.send(()).is_ok() && held.recv().is_err());
    /// let queued: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    /// begun.recv().unwrap();
    /// drop(release);
    /// let shutdown = pool.shutdown_now();
    /// // The worker may have run some of them, once it was released.
    /// let cancelled = as_completed(queued).filter(|finished| finished.outcome.is_err()).count();
    /// assert_eq!(shutdown.cancelled, cancelled);
    /// assert!(running.join().unwrap());
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn shutdown_now(mut self) -> Shutdown {
        let awaited = self.handle.shared().halt();
        let awaited = if self.join_workers() { awaited } else { 0 };
        Shutdown::new(self.handle.shared().cancelled(), awaited)
    }

    /// Gives the pool up without waiting: the workers finish all queued work, including what
    /// running tasks still submit, and end on their own. Results can be read as they come.
    ///
    /// A process that exits meanwhile cuts the tasks off.
    ///
    /// ```
    /// use photofinish::Pool;
    ///
    /// let pool = Pool::new()?;
    /// let tasks: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    /// pool.detach();
    /// assert_eq!(tasks.into_iter().map(|task| task.join().unwrap()).sum::<i32>(), 45);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn detach(mut self) {
        self.threads.clear();
    }

    /// Joins the workers, unless this is one of them.
    fn join_workers(&mut self) -> bool {
        let may_wait = !self.handle.is_inside();
        for thread in self.threads.drain(..).filter(|_| may_wait) {
            thread.join().expect("no panic leaves a worker");
        }
        may_wait
    }
}

// Whatever panics in a task or a closure leaves the pool whole.
impl std::panic::UnwindSafe for Pool {}
impl std::panic::RefUnwindSafe for Pool {}

impl Spawn for Pool {
    #[inline]
    fn spawn(&self, runnable: Runnable) {
        self.handle.spawn(runnable);
    }

    fn spawn_all(&self, runnables: &mut dyn Iterator<Item = Runnable>) {
        self.handle.spawn_all(runnables);
    }

    fn spawn_outside(&self, runnable: Runnable) {
        self.handle.spawn_outside(runnable);
    }

    fn is_inside(&self) -> bool {
        self.handle.is_inside()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.handle.shared().drain();
        self.join_workers();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers())
            .field("stage", &self.handle.shared().stage().name())
            .finish_non_exhaustive()
    }
}
