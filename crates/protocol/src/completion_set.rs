//! An open-ended set of tasks, in the order they finish.

mod stream;

use std::fmt;
use std::time::Duration;

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

    /// Polls for at most about `spin` before parking, when nothing is ready: 50 microseconds unless
    /// told otherwise. Zero parks at once. How long it does within that follows from the waits
    /// before.
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
    pub fn submit<F>(&mut self, pool: &(impl Spawn + ?Sized), closure: F) -> TaskId
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (runnable, id) = self.0.bind(closure);
        pool.spawn(runnable);
        id
    }

    /// Adds a task that has been submitted before, or is completed by hand.
    pub fn add(&mut self, handle: JoinHandle<T>) {
        self.0.add(handle);
    }

    /// Gives the next task that finishes, waiting for it; `None` if the set is empty.
    ///
    /// # Blocking
    ///
    /// As [`AsCompleted`](crate::AsCompleted), with the same limit on waits within waits.
    pub fn next_finished(&mut self) -> Option<Finished<T>> {
        self.0.next(Deadline::NEVER).unwrap_or_else(|_| unreachable!("the wait has no deadline"))
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
        self.0.next(Deadline::after(timeout))
    }

    /// Gives the next task if one is ready, and `None` otherwise. Does not wait.
    pub fn try_next(&mut self) -> Option<Finished<T>> {
        self.0.try_next()
    }

    /// Gives all tasks that are ready, waiting for the first of them; an empty vector if the
    /// set is empty.
    pub fn next_batch(&mut self) -> Vec<Finished<T>> {
        self.0.next_batch()
    }

    /// How many tasks are in the set.
    pub fn remaining(&self) -> usize {
        self.0.remaining()
    }

    /// Whether no task is in the set.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// How many tasks have ever come into the set.
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
        handles.into_iter().for_each(|handle| self.add(handle));
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
