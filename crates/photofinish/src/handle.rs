//! Submitting to a pool.

use std::fmt;
use std::num::NonZeroUsize;

use photofinish_protocol::sync::Arc;
use photofinish_protocol::{JoinHandle, Runnable, Scope, Spawn, scope, task};

use crate::metrics::Metrics;
use crate::rejected::Rejected;
use crate::shared::{Refusal, Shared};
use crate::worker::Worker;

/// Submits to a [`Pool`](crate::Pool) without keeping it: clone it, send it, put it into tasks.
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

    /// What all handles and workers of the pool share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// As [`Pool::submit`](crate::Pool::submit).
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
        let (runnable, handle) = task(closure);
        Worker::submit(&self.shared, runnable);
        handle
    }

    /// As [`Pool::submit_batch`](crate::Pool::submit_batch).
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
        let closures = closures.into_iter();
        let mut handles = Vec::with_capacity(closures.size_hint().0);
        let mut runnables = closures.map(|closure| {
            let (runnable, handle) = task(closure);
            handles.push(handle);
            runnable
        });
        Worker::submit_all(&self.shared, &mut runnables);
        drop(runnables);
        handles
    }

    /// As [`Pool::map`](crate::Pool::map).
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

    /// As [`Pool::map_unordered`](crate::Pool::map_unordered).
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

    /// As [`Pool::try_submit`](crate::Pool::try_submit).
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
        match self.shared.try_enter() {
            Ok(()) => {
                let (runnable, handle) = task(closure);
                Worker::submit_entered(&self.shared, runnable);
                Ok(handle)
            }
            Err(Refusal::Full) => Err(Rejected::Full(closure)),
            Err(Refusal::ShutDown) => Err(Rejected::ShutDown(closure)),
            Err(Refusal::Broken(cause)) => Err(Rejected::Broken(closure, cause)),
        }
    }

    /// As [`Pool::scope`](crate::Pool::scope), from inside tasks as well: a worker that waits for the end of a scope runs
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

    /// As [`Pool::workers`](crate::Pool::workers).
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

    /// As [`Pool::metrics`](crate::Pool::metrics), also when the pool has gone.
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

// Whatever panics in a task or a closure leaves the pool whole.
impl std::panic::UnwindSafe for Handle {}
impl std::panic::RefUnwindSafe for Handle {}

impl Spawn for Handle {
    #[inline]
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

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stage", &self.shared.stage().name()).finish_non_exhaustive()
    }
}

/// A [`photofinish_protocol::Map`] on a [`Pool`](crate::Pool).
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
/// A [`photofinish_protocol::MapTimeout`] on a [`Pool`](crate::Pool).
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
/// A [`photofinish_protocol::MapUnordered`] on a [`Pool`](crate::Pool).
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
/// A [`photofinish_protocol::MapUnorderedTimeout`] on a [`Pool`](crate::Pool).
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
/// A [`photofinish_protocol::MapUnorderedStream`] on a [`Pool`](crate::Pool).
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
