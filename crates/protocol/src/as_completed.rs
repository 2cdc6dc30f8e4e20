//! Results in the order they cross the line.

mod stream;

use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::error::TimedOut;
use crate::handle::JoinHandle;
use crate::outstanding::{Finished, Outstanding};
use crate::sync::Deadline;

pub use stream::AsCompletedStream;

/// Iterates over tasks in the order they finish, each exactly once, whether it returned,
/// panicked, was cancelled or was abandoned.
///
/// What had finished before the call comes first, in input order; from then on the order is that
/// in which tasks complete. Handles of different pools and completers may be mixed. Nothing that
/// was yielded is kept alive.
///
/// # Blocking
///
/// The iterator's `next` waits while nothing is ready: see [`AsCompleted`].
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
///
/// let (slow, first) = completer();
/// let (fast, second) = completer();
/// let mut results = as_completed([first, second]);
/// fast.complete("fast").unwrap();
/// assert_eq!(results.next().unwrap().index, 1);
/// slow.complete("slow").unwrap();
/// assert_eq!(results.next().unwrap().index, 0);
/// assert!(results.next().is_none());
/// ```
pub fn as_completed<T>(handles: impl IntoIterator<Item = JoinHandle<T>>) -> AsCompleted<T> {
    let handles = handles.into_iter();
    let mut tasks = Outstanding::with_capacity(handles.size_hint().0);
    for handle in handles {
        tasks.add(handle);
    }
    AsCompleted(tasks)
}

/// The iterator of [`as_completed`].
///
/// # Blocking
///
/// `next` polls for some microseconds, then parks. On a worker of a pool it runs other tasks of
/// the pool meanwhile, on top of this one. A worker whose stack is nearly used up by waits within
/// waits is refused: one task, which goes on without its handle, is yielded as
/// [`JoinError::TooDeep`](crate::JoinError::TooDeep).
///
/// Dropping the iterator leaves the tasks running; their results are dropped as they come. That
/// takes one atomic step and one more for each result that is ready, however many are not.
///
/// # Memory ordering
///
/// What a task did happens before it is yielded.
#[must_use = "iterators are lazy, and dropping this one loses the results"]
pub struct AsCompleted<T>(Outstanding<T>);

impl<T> AsCompleted<T> {
    /// Gives up waiting `timeout` after this call.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut results = as_completed([handle]).timeout(Duration::from_millis(1));
    /// assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 1);
    /// assert!(results.next().is_none());
    /// ```
    pub fn timeout(self, timeout: Duration) -> AsCompletedTimeout<T> {
        AsCompletedTimeout { results: self, deadline: Deadline::after(timeout), over: false }
    }

    /// Gives up waiting at `deadline`.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Instant;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut results = as_completed([handle]).deadline(Instant::now());
    /// assert!(results.next().unwrap().is_err());
    /// ```
    pub fn deadline(self, deadline: Instant) -> AsCompletedTimeout<T> {
        AsCompletedTimeout { results: self, deadline: Deadline::at(deadline), over: false }
    }

    /// Polls for at most about `spin` before parking, when nothing is ready: 50 microseconds unless
    /// told otherwise. Zero parks at once. How long it does within that follows from the waits
    /// before.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (completer, handle) = completer();
    /// std::thread::spawn(move || completer.complete(1));
    /// let mut results = as_completed([handle]).spin(Duration::ZERO);
    /// assert_eq!(results.next().unwrap().outcome.unwrap(), 1);
    /// ```
    pub fn spin(mut self, spin: Duration) -> Self {
        self.0.set_spin(spin);
        self
    }

    /// Yields the next task if one is ready, and `None` otherwise. Does not wait.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (completer, handle) = completer();
    /// let mut results = as_completed([handle]);
    /// assert!(results.try_next().is_none());
    /// completer.complete(1).unwrap();
    /// assert!(results.try_next().is_some());
    /// ```
    pub fn try_next(&mut self) -> Option<Finished<T>> {
        self.0.try_next()
    }

    /// Yields all tasks that are ready, waiting for the first of them; an empty vector when
    /// there are no more.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (one, a) = completer();
    /// let (other, b) = completer();
    /// let mut results = as_completed([a, b]);
    /// one.complete(1).unwrap();
    /// other.complete(2).unwrap();
    /// assert_eq!(results.next_batch().len(), 2);
    /// assert_eq!(results.next_batch().len(), 0);
    /// ```
    pub fn next_batch(&mut self) -> Vec<Finished<T>> {
        let mut batch = Vec::new();
        self.0.next_batch(&mut batch);
        batch
    }

    /// Cancels all tasks that have not begun, and tells how many those were. They are yielded as
    /// [`JoinError::Cancelled`](crate::JoinError::Cancelled).
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let mut results = as_completed([handle]);
    /// assert_eq!(results.cancel_unfinished(), 1);
    /// assert!(results.next().unwrap().outcome.is_err());
    /// ```
    pub fn cancel_unfinished(&mut self) -> usize {
        self.0.cancel_all()
    }

    /// How many tasks have not been yielded yet.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (completer, handle) = completer::<u8>();
    /// let mut results = as_completed([handle]);
    /// assert_eq!(results.remaining(), 1);
    /// drop(completer);
    /// assert!(results.next().unwrap().outcome.is_err());
    /// assert_eq!(results.remaining(), 0);
    /// ```
    pub fn remaining(&self) -> usize {
        self.0.remaining()
    }

    /// Gives back the handles of all tasks that have not been yielded, in input order. Those
    /// that have finished meanwhile are among them.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (completer, handle) = completer();
    /// let handles = as_completed([handle]).into_unfinished();
    /// completer.complete(1).unwrap();
    /// let outcomes: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
    /// assert_eq!(outcomes, [1]);
    /// ```
    pub fn into_unfinished(self) -> Vec<JoinHandle<T>> {
        self.0.into_handles()
    }
}

impl<T> Iterator for AsCompleted<T> {
    type Item = Finished<T>;

    fn next(&mut self) -> Option<Finished<T>> {
        self.0.next(Deadline::NEVER).unwrap_or_else(|_| unreachable!("the wait has no deadline"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl<T> ExactSizeIterator for AsCompleted<T> {}
impl<T> FusedIterator for AsCompleted<T> {}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsCompleted").field(&self.0).finish()
    }
}

/// An [`AsCompleted`] that gives up at a deadline.
///
/// It yields `Ok` for each task. When the deadline has passed and nothing is ready, it yields
/// `Err` once, and then nothing more. The tasks go on: [`into_inner`](Self::into_inner) gives
/// the iterator back that goes on waiting for them.
///
/// # Blocking
///
/// As [`AsCompleted`], but on a worker of a pool it runs no other tasks meanwhile, because it
/// could not stop them when the time is up.
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
/// use std::time::Duration;
///
/// let (completer, handle) = completer();
/// let mut results = as_completed([handle]).timeout(Duration::ZERO);
/// assert_eq!(results.next().unwrap().unwrap_err().to_string(), "1 (of 1) tasks unfinished");
/// completer.complete(1).unwrap();
/// let mut results = results.into_inner();
/// assert_eq!(results.next().unwrap().outcome.unwrap(), 1);
/// ```
#[must_use = "iterators are lazy, and dropping this one loses the results"]
pub struct AsCompletedTimeout<T> {
    results: AsCompleted<T>,
    deadline: Deadline,
    over: bool,
}

impl<T> AsCompletedTimeout<T> {
    /// How many tasks have not been yielded yet.
    pub fn remaining(&self) -> usize {
        self.results.remaining()
    }

    /// The iterator without the deadline, at the place where this one is.
    pub fn into_inner(self) -> AsCompleted<T> {
        self.results
    }
}

impl<T> Iterator for AsCompletedTimeout<T> {
    type Item = Result<Finished<T>, TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.results.0.next(self.deadline);
        self.over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl<T> FusedIterator for AsCompletedTimeout<T> {}

impl<T> fmt::Debug for AsCompletedTimeout<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout")
            .field("results", &self.results)
            .field("deadline", &self.deadline)
            .finish()
    }
}
