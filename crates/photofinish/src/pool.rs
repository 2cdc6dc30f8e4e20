//! The pool, and handles to it.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use photofinish_protocol::sync::{Arc, thread};
use photofinish_protocol::{JoinHandle, Runnable, Scope, Spawn, scope, task};

use crate::metrics::Metrics;
use crate::rejected::Rejected;
use crate::shared::{Refusal, Shared};
use crate::shutdown::{Shutdown, Unfinished};
use crate::worker::Worker;

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
    shared: Arc<Shared>,
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
        Self { shared, threads, gone: Some(gone) }
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
        submit(&self.shared, closure)
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
        submit_batch(&self.shared, closures)
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
        self.handle().map(inputs, function)
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
        self.handle().map_unordered(inputs, function)
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
        try_submit(&self.shared, closure)
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
        Handle::of(Arc::clone(&self.shared))
    }

    /// How many workers the pool has.
    ///
    /// ```
    /// let pool = photofinish::Pool::builder().workers(3).build()?;
    /// assert_eq!(pool.workers().get(), 3);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn workers(&self) -> NonZeroUsize {
        self.shared.workers()
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
        scope(self, body)
    }

    /// The pool's numbers: how many tasks are queued, running and done, and what its workers do.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// assert_eq!(pool.metrics().queued, 0);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
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
        self.shared.drain();
        let gone = self.gone.take().filter(|_| !Worker::is_current(&self.shared));
        if gone.is_some_and(|gone| gone.join_timeout(timeout).is_ok()) {
            return Ok(());
        }
        self.threads.clear();
        Err(Unfinished::new(self.shared.queued(), self.shared.running()))
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
        let awaited = self.shared.halt();
        let awaited = if self.join_workers() { awaited } else { 0 };
        Shutdown::new(self.shared.cancelled(), awaited)
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
        let may_wait = !Worker::is_current(&self.shared);
        for thread in self.threads.drain(..).filter(|_| may_wait) {
            thread.join().expect("no panic leaves a worker");
        }
        may_wait
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

fn try_submit<F, T>(shared: &Arc<Shared>, closure: F) -> Result<JoinHandle<T>, Rejected<F>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match shared.try_enter() {
        Ok(()) => {
            let (runnable, handle) = task(closure);
            Worker::submit_entered(shared, runnable);
            Ok(handle)
        }
        Err(Refusal::Full) => Err(Rejected::Full(closure)),
        Err(Refusal::ShutDown) => Err(Rejected::ShutDown(closure)),
        Err(Refusal::Broken(cause)) => Err(Rejected::Broken(closure, cause)),
    }
}

fn submit_batch<F, T>(
    shared: &Arc<Shared>,
    closures: impl IntoIterator<Item = F>,
) -> Vec<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let closures = closures.into_iter();
    let mut handles = Vec::with_capacity(closures.size_hint().0);
    let mut runnables = closures.map(|closure| {
        let (runnable, handle) = task(closure);
        handles.push(handle);
        runnable
    });
    Worker::submit_all(shared, &mut runnables);
    drop(runnables);
    handles
}

// Whatever panics in a task or a closure leaves the pool whole.
impl std::panic::UnwindSafe for Pool {}
impl std::panic::RefUnwindSafe for Pool {}

impl Spawn for Pool {
    fn spawn(&self, runnable: Runnable) {
        Worker::submit(&self.shared, runnable);
    }

    fn spawn_all(&self, runnables: &mut dyn Iterator<Item = Runnable>) {
        Worker::submit_all(&self.shared, runnables);
    }

    fn spawn_outside(&self, runnable: Runnable) {
        // A map's tickets are few, and what they are for is bounded by its buffer.
        self.shared.enter_anyway();
        self.shared.inject(runnable);
    }

    fn is_inside(&self) -> bool {
        Worker::is_current(&self.shared)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.drain();
        self.join_workers();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers())
            .field("stage", &self.shared.stage_name())
            .finish_non_exhaustive()
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
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

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

    /// As [`Pool::submit_batch`].
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// let nested = pool.submit(move || {
    ///     let parts = handle.submit_batch((0..4).map(|n| move || n));
    ///     parts.into_iter().map(|part| part.join().unwrap()).sum::<i32>()
    /// });
    /// assert_eq!(nested.join().unwrap(), 6);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn submit_batch<F, T>(&self, closures: impl IntoIterator<Item = F>) -> Vec<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        submit_batch(&self.shared, closures)
    }

    /// As [`Pool::map`].
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// let sum = pool.submit(move || handle.map(0..10, |n| n * n).map(Result::unwrap).sum::<i32>());
    /// assert_eq!(sum.join().unwrap(), 285);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn map<I, F, R>(&self, inputs: I, function: F) -> Map<I::IntoIter, F, R>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        R: Send + 'static,
    {
        Map::new(self.clone(), self.shared.victims.len(), inputs, function)
    }

    /// As [`Pool::map_unordered`].
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// let longest = pool.submit(move || {
    ///     let lengths = handle.map_unordered(["three", "blind", "mice"], |word| word.len());
    ///     lengths.filter_map(|mapped| mapped.outcome.ok()).max()
    /// });
    /// assert_eq!(longest.join().unwrap(), Some(5));
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn map_unordered<I, F, R>(&self, inputs: I, function: F) -> MapUnordered<I::IntoIter, F, R>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        R: Send + 'static,
    {
        let workers = self.shared.victims.len();
        MapUnordered::new(self.clone(), workers, inputs, function)
    }

    /// As [`Pool::try_submit`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// pool.shutdown_now();
    /// assert!(handle.try_submit(|| 1).is_err());
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn try_submit<F, T>(&self, closure: F) -> Result<JoinHandle<T>, Rejected<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        try_submit(&self.shared, closure)
    }

    /// As [`Pool::scope`], from inside tasks as well: a worker that waits for the end of a scope runs
    /// other tasks meanwhile.
    ///
    /// ```
    /// fn sum(handle: &photofinish::Handle, numbers: &[u64]) -> u64 {
    ///     if numbers.len() <= 2 {
    ///         return numbers.iter().sum();
    ///     }
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     handle.scope(|scope| {
    ///         let left = scope.submit(|| sum(handle, left));
    ///         sum(handle, right) + left.join().unwrap()
    ///     })
    /// }
    ///
    /// let pool = photofinish::Pool::builder().workers(2).build()?;
    /// let numbers: Vec<u64> = (0..100).collect();
    /// assert_eq!(sum(&pool.handle(), &numbers), 4_950);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn scope<'env, F, R>(&self, body: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope(self, body)
    }

    /// As [`Pool::workers`].
    ///
    /// ```
    /// let pool = photofinish::Pool::builder().workers(3).build()?;
    /// let handle = pool.handle();
    /// assert_eq!(pool.submit(move || handle.workers().get()).join().unwrap(), 3);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn workers(&self) -> NonZeroUsize {
        self.shared.workers()
    }

    /// As [`Pool::metrics`], also when the pool has gone.
    ///
    /// ```
    /// let pool = photofinish::Pool::new()?;
    /// let handle = pool.handle();
    /// let watched = pool.submit(move || handle.metrics().running);
    /// assert_eq!(watched.join().unwrap(), 1);
    /// # Ok::<(), photofinish::BuildError>(())
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }
}

impl std::panic::UnwindSafe for Handle {}
impl std::panic::RefUnwindSafe for Handle {}

impl Spawn for Handle {
    fn spawn(&self, runnable: Runnable) {
        Worker::submit(&self.shared, runnable);
    }

    fn spawn_all(&self, runnables: &mut dyn Iterator<Item = Runnable>) {
        Worker::submit_all(&self.shared, runnables);
    }

    fn spawn_outside(&self, runnable: Runnable) {
        // A map's tickets are few, and what they are for is bounded by its buffer.
        self.shared.enter_anyway();
        self.shared.inject(runnable);
    }

    fn is_inside(&self) -> bool {
        Worker::is_current(&self.shared)
    }
}

/// A [`photofinish_protocol::Map`] on a [`Pool`].
///
/// ```
/// use photofinish::{Map, Pool};
/// use std::ops::Range;
///
/// fn sum(results: Map<Range<u64>, fn(u64) -> u64, u64>) -> u64 {
///     results.filter_map(Result::ok).sum()
/// }
///
/// let pool = Pool::new()?;
/// assert_eq!(sum(pool.map(0..10, |n| n * n)), 285);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub type Map<I, F, R> = photofinish_protocol::Map<I, F, R, Handle>;
/// A [`photofinish_protocol::MapTimeout`] on a [`Pool`].
///
/// ```
/// use photofinish::{MapTimeout, Pool};
/// use std::ops::Range;
/// use std::time::Duration;
///
/// fn sum(results: MapTimeout<Range<u64>, fn(u64) -> u64, u64>) -> u64 {
///     results.map(|result| result.expect("in time").expect("returned")).sum()
/// }
///
/// let pool = Pool::new()?;
/// let squares = pool.map(0..10, (|n| n * n) as fn(u64) -> u64);
/// assert_eq!(sum(squares.timeout(Duration::from_secs(60))), 285);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub type MapTimeout<I, F, R> = photofinish_protocol::MapTimeout<I, F, R, Handle>;
/// A [`photofinish_protocol::MapUnordered`] on a [`Pool`].
///
/// ```
/// use photofinish::{MapUnordered, Pool};
/// use std::ops::Range;
///
/// fn first(mut results: MapUnordered<Range<u64>, fn(u64) -> u64, u64>) -> Option<u64> {
///     results.next()?.outcome.ok()
/// }
///
/// let pool = Pool::new()?;
/// assert!(first(pool.map_unordered(0..10, |n| n * n)).is_some_and(|square| square <= 81));
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub type MapUnordered<I, F, R> = photofinish_protocol::MapUnordered<I, F, R, Handle>;
/// A [`photofinish_protocol::MapUnorderedTimeout`] on a [`Pool`].
///
/// ```
/// use photofinish::{MapUnorderedTimeout, Pool};
/// use std::ops::Range;
/// use std::time::Duration;
///
/// fn in_time(results: MapUnorderedTimeout<Range<u64>, fn(u64) -> u64, u64>) -> usize {
///     results.filter(Result::is_ok).count()
/// }
///
/// let pool = Pool::new()?;
/// let squares = pool.map_unordered(0..10, (|n| n * n) as fn(u64) -> u64);
/// assert_eq!(in_time(squares.timeout(Duration::from_secs(60))), 10);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub type MapUnorderedTimeout<I, F, R> = photofinish_protocol::MapUnorderedTimeout<I, F, R, Handle>;
/// A [`photofinish_protocol::MapUnorderedStream`] on a [`Pool`].
///
/// ```
/// use futures::{StreamExt, executor::block_on};
/// use photofinish::{MapUnorderedStream, Pool};
/// use std::ops::Range;
///
/// async fn count(results: MapUnorderedStream<Range<u64>, fn(u64) -> u64, u64>) -> usize {
///     results.count().await
/// }
///
/// let pool = Pool::new()?;
/// let squares = pool.map_unordered(0..10, (|n| n * n) as fn(u64) -> u64);
/// assert_eq!(block_on(count(squares.into_stream())), 10);
/// # Ok::<(), photofinish::BuildError>(())
/// ```
pub type MapUnorderedStream<I, F, R> = photofinish_protocol::MapUnorderedStream<I, F, R, Handle>;

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stage", &self.shared.stage_name()).finish_non_exhaustive()
    }
}
