//! An open-ended set of tasks, in the order they finish.

mod stream;

use std::fmt;
use std::time::{Duration, Instant};

use crate::adder::Adder;
use crate::canceller::Cancelled;
use crate::error::TimedOut;
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::outstanding::{Finished, Outstanding};
use crate::runnable::Spawn;
use crate::sync::Deadline;

pub use stream::CompletionSetStream;

/// Tasks that are still to come, to which more can be added at any time.
///
/// It is no `Iterator`, because it ends only for the moment: use `while let`.
///
/// A task [submitted](Self::submit) straight into the set is promised to it from birth, which is
/// the fastest path there is: one atomic step to complete and one to deliver.
///
/// Dropping the set leaves the tasks running; their results are dropped as they come.
///
/// ```
/// use photofinish_protocol::{CompletionSet, completer};
///
/// let mut set = CompletionSet::new();
/// let (completer, handle) = completer();
/// set.add(handle);
/// completer.complete(1).unwrap();
/// while let Some(finished) = set.next_finished() {
///     assert_eq!(finished.outcome.unwrap(), 1);
/// }
/// assert!(set.is_empty());
/// ```
#[must_use = "dropping a set loses the results"]
pub struct CompletionSet<T>(Outstanding<T>);

impl<T> CompletionSet<T> {
    /// An empty set.
    ///
    /// ```
    /// use photofinish_protocol::CompletionSet;
    ///
    /// let mut set = CompletionSet::<u8>::new();
    /// assert!(set.next_finished().is_none());
    /// ```
    pub fn new() -> Self {
        Self(Outstanding::with_capacity(0))
    }

    /// An empty set with room for `capacity` tasks at a time before it allocates.
    ///
    /// ```
    /// use photofinish_protocol::CompletionSet;
    ///
    /// let set = CompletionSet::<u8>::with_capacity(1_000);
    /// assert!(set.is_empty());
    /// ```
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Outstanding::with_capacity(capacity))
    }

    /// Polls for at most about `spin` before parking, when nothing is ready: 100 microseconds unless
    /// told otherwise. Zero parks at once. How long it does within that follows from the waits
    /// before; where awake workers have a use for all cores, it is some 4 microseconds, and four
    /// offers of the core to others.
    ///
    /// ```
    /// use photofinish_protocol::CompletionSet;
    /// use std::time::Duration;
    ///
    /// let mut set = CompletionSet::<u8>::new();
    /// set.set_spin(Duration::ZERO);
    /// ```
    pub fn set_spin(&mut self, spin: Duration) {
        self.0.set_spin(spin);
    }

    /// Submits a task to `pool`, to be delivered here.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut set = CompletionSet::new();
    /// let id = set.submit(&RightNow, || 9);
    /// assert_eq!(set.next_finished().unwrap().id, id);
    /// ```
    #[inline]
    pub fn submit<F>(&mut self, pool: &(impl Spawn + ?Sized), closure: F) -> TaskId
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (runnable, id) = self.0.bind(closure);
        pool.spawn(runnable);
        id
    }

    /// Submits many tasks to `pool`, to be delivered here, and tells how many. Their indices follow
    /// each other, in the order of the closures. If `closures` panics, the tasks that it has given by
    /// then are in the set.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut set = CompletionSet::new();
    /// assert_eq!(set.submit_batch(&RightNow, (0..3).map(|n| move || n * n)), 3);
    /// let last = std::iter::from_fn(|| set.next_finished()).last().unwrap();
    /// assert_eq!((last.index, last.outcome.unwrap()), (2, 4));
    /// ```
    pub fn submit_batch<F>(
        &mut self,
        pool: &(impl Spawn + ?Sized),
        closures: impl IntoIterator<Item = F>,
    ) -> usize
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let before = self.total();
        pool.spawn_all(&mut closures.into_iter().map(|closure| self.0.bind(closure).0));
        self.total() - before
    }

    /// Adds a task that has been submitted before, or is completed by hand. If it has finished
    /// already, it comes next, before what has been delivered here and not been received.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let mut set = CompletionSet::new();
    /// let (_completer, handle) = completer::<u8>();
    /// let id = set.add(handle);
    /// assert!(set.contains(id));
    /// ```
    pub fn add(&mut self, handle: JoinHandle<T>) -> TaskId {
        let id = handle.id();
        self.0.add(handle);
        id
    }

    /// Makes something that adds tasks to the set from other threads, while this one waits for
    /// them. As long as it or a clone of it lives, the set does not end.
    ///
    /// ```
    /// use photofinish_protocol::CompletionSet;
    /// use std::time::Duration;
    ///
    /// let mut set = CompletionSet::<u8>::new();
    /// let adder = set.adder();
    /// assert!(set.next_timeout(Duration::from_millis(1)).is_err());
    /// drop(adder);
    /// assert!(set.next_finished().is_none());
    /// ```
    pub fn adder(&mut self) -> Adder<T>
    where
        T: Send + 'static,
    {
        self.0.adder()
    }

    /// Gives the next task that finishes, waiting for it; `None` if the set is empty and has no
    /// [adder](Self::adder).
    ///
    /// # Blocking
    ///
    /// As [`AsCompleted`](crate::AsCompleted), with the same limit on waits within waits. A
    /// worker that is refused, and whose set holds no task but only has adders, waits without
    /// running other tasks.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// std::thread::spawn(move || completer.complete(1));
    /// assert_eq!(set.next_finished().unwrap().outcome.unwrap(), 1);
    /// assert!(set.next_finished().is_none());
    /// ```
    #[inline(always)]
    pub fn next_finished(&mut self) -> Option<Finished<T>> {
        self.0.next()
    }

    /// As [`next_finished`](Self::next_finished), but waits no longer than `timeout`, counted
    /// from the call. On a worker of a pool it runs no other tasks meanwhile.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing has finished in time. The tasks stay in the set and go on.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    /// use std::time::Duration;
    ///
    /// let mut set = CompletionSet::new();
    /// let (_completer, handle) = completer::<u8>();
    /// set.add(handle);
    /// let timed_out = set.next_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(timed_out.to_string(), "1 (of 1) tasks unfinished");
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Finished<T>>, TimedOut> {
        self.0.next_before(Deadline::after(timeout))
    }

    /// As [`next_timeout`](Self::next_timeout), but waits until `deadline`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing has finished in time. The tasks stay in the set and go on.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    /// use std::time::Instant;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// assert!(set.next_deadline(Instant::now()).is_err());
    /// ```
    pub fn next_deadline(&mut self, deadline: Instant) -> Result<Option<Finished<T>>, TimedOut> {
        self.0.next_before(Deadline::at(deadline))
    }

    /// Gives the next task if one is ready, and `None` otherwise. Does not wait.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// assert!(set.try_next().is_none());
    /// completer.complete(1).unwrap();
    /// assert!(set.try_next().is_some());
    /// ```
    #[inline(always)]
    pub fn try_next(&mut self) -> Option<Finished<T>> {
        self.0.try_next()
    }

    /// Gives all tasks that are ready, waiting for the first of them; an empty vector if the
    /// set is empty and has no [adder](Self::adder).
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (one, a) = completer();
    /// let (other, b) = completer();
    /// let mut set = CompletionSet::from_iter([a, b]);
    /// other.complete(2).unwrap();
    /// one.complete(1).unwrap();
    /// let order: Vec<_> = set.next_batch().into_iter().map(|finished| finished.index).collect();
    /// assert_eq!(order, [1, 0]);
    /// assert!(set.next_batch().is_empty());
    /// ```
    pub fn next_batch(&mut self) -> Vec<Finished<T>> {
        let mut batch = Vec::new();
        self.0.next_batch(&mut batch);
        batch
    }

    /// As [`next_batch`](Self::next_batch), into a vector that the caller reuses, and tells how
    /// many there were. What is in the vector already stays.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// completer.complete(2).unwrap();
    /// let mut batch = Vec::with_capacity(100);
    /// while set.next_batch_into(&mut batch) > 0 {
    ///     let sum: i32 = batch.drain(..).map(|finished| finished.outcome.unwrap()).sum();
    ///     assert_eq!(sum, 2);
    /// }
    /// ```
    pub fn next_batch_into(&mut self, batch: &mut Vec<Finished<T>>) -> usize {
        self.0.next_batch(batch)
    }

    /// Iterates over the tasks in the set until there are no more: `next_finished`, over and over.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// completer.complete(2).unwrap();
    /// for finished in set.drain() {
    ///     assert_eq!(finished.outcome.unwrap(), 2);
    /// }
    /// ```
    pub fn drain(&mut self) -> impl Iterator<Item = Finished<T>> {
        std::iter::from_fn(|| self.next_finished())
    }

    /// Waits for all tasks in the set and gives them in the order they finished.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let set = CompletionSet::from_iter([handle]);
    /// completer.complete(2).unwrap();
    /// assert_eq!(set.join_all().len(), 1);
    /// ```
    pub fn join_all(mut self) -> Vec<Finished<T>> {
        let mut all = Vec::with_capacity(self.remaining());
        all.extend(self.drain());
        all
    }

    /// Cancels one task, if it has not begun; it is then given as
    /// [`JoinError::Cancelled`](crate::JoinError::Cancelled). `None` if it is not in the set.
    ///
    /// Looks through the set for it: whoever cancels often keeps a
    /// [`Canceller`](crate::Canceller).
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, CompletionSet, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut set = CompletionSet::new();
    /// let id = set.add(handle);
    /// assert_eq!(set.cancel(id), Some(Cancelled::Now));
    /// assert!(set.next_finished().unwrap().outcome.is_err());
    /// assert_eq!(set.cancel(id), None);
    /// ```
    pub fn cancel(&mut self, id: TaskId) -> Option<Cancelled> {
        self.0.cancel(id)
    }

    /// Cancels all tasks that have not begun, and tells how many those were. They are given as
    /// [`JoinError::Cancelled`](crate::JoinError::Cancelled).
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (mut running, a) = completer::<u8>();
    /// let (_pending, b) = completer::<u8>();
    /// running.start();
    /// let mut set = CompletionSet::from_iter([a, b]);
    /// assert_eq!(set.cancel_all(), 1);
    /// assert_eq!(set.remaining(), 2);
    /// ```
    pub fn cancel_all(&mut self) -> usize {
        self.0.cancel_all()
    }

    /// Forgets all tasks in the set. They go on, and their results are dropped as they come.
    /// Adders stay.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// set.detach_all();
    /// assert!(set.next_finished().is_none());
    /// assert_eq!(completer.complete(1), Ok(()));
    /// ```
    pub fn detach_all(&mut self) {
        self.0.detach_all();
    }

    /// Forgets all tasks in the set and cancels those that have not begun; tells how many these
    /// were. Adders stay.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// assert_eq!(set.clear(), 1);
    /// assert!(set.is_empty());
    /// assert_eq!(completer.complete(1), Err(1));
    /// ```
    pub fn clear(&mut self) -> usize {
        let cancelled = self.cancel_all();
        self.detach_all();
        cancelled
    }

    /// Whether the task is in the set: it came here and has not been given out. Looks through the
    /// set for it.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let set = CompletionSet::<u8>::new();
    /// assert!(!set.contains(handle.id()));
    /// ```
    pub fn contains(&self, id: TaskId) -> bool {
        self.0.contains(id)
    }

    /// How many tasks are in the set. What [adders](Self::adder) have sent counts from when the
    /// set looks.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert_eq!(CompletionSet::from_iter([handle]).remaining(), 1);
    /// ```
    pub fn remaining(&self) -> usize {
        self.0.remaining()
    }

    /// Whether no task is in the set.
    ///
    /// ```
    /// use photofinish_protocol::CompletionSet;
    ///
    /// assert!(CompletionSet::<u8>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// How many tasks have ever come into the set.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut set = CompletionSet::from_iter([handle]);
    /// completer.complete(1).unwrap();
    /// set.next_finished();
    /// assert_eq!((set.remaining(), set.total()), (0, 1));
    /// ```
    pub fn total(&self) -> usize {
        self.0.total()
    }

    /// Gives back the handles of all tasks in the set, in the order they came. Those that have
    /// finished meanwhile are among them.
    ///
    /// ```
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let mut set = CompletionSet::new();
    /// let (completer, handle) = completer();
    /// set.add(handle);
    /// completer.complete(2).unwrap();
    /// let mut handles = set.into_unfinished();
    /// assert_eq!(handles.pop().unwrap().join().unwrap(), 2);
    /// ```
    pub fn into_unfinished(self) -> Vec<JoinHandle<T>> {
        self.0.into_handles()
    }
}

impl<T> Default for CompletionSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<JoinHandle<T>> for CompletionSet<T> {
    fn extend<I: IntoIterator<Item = JoinHandle<T>>>(&mut self, handles: I) {
        for handle in handles {
            self.0.add(handle);
        }
    }
}

impl<T> FromIterator<JoinHandle<T>> for CompletionSet<T> {
    fn from_iter<I: IntoIterator<Item = JoinHandle<T>>>(handles: I) -> Self {
        let mut set = Self::new();
        set.extend(handles);
        set
    }
}

impl<T> fmt::Debug for CompletionSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompletionSet").field(&self.0).finish()
    }
}
