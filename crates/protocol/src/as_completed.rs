//! Results in the order they cross the line.

mod kinds;
mod stream;

use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::error::TimedOut;
use crate::outstanding::Outstanding;
use crate::sync::Deadline;
use crate::term::Term;

pub use kinds::{FinishedShared, TaskHandle};
pub use stream::AsCompletedStream;

/// Iterates over tasks in the order they finish, each exactly once, whether it returned,
/// panicked, was cancelled or was abandoned.
///
/// What had finished before the call comes first, in input order, and so does what finishes during it
/// before its handle's turn; from then on the order is that in which tasks complete. Handles of different pools and completers may be mixed. Nothing that
/// was yielded is kept alive.
///
/// The handles are of one kind. [`JoinHandle`](crate::JoinHandle)s are consumed, and each task
/// comes as a [`Finished`](crate::Finished). [`SharedHandle`](crate::SharedHandle)s may be iterated
/// by many at once, each of whom sees each task, as a [`FinishedShared`]; a task that is given twice
/// is yielded once.
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
///
/// Two iterators over the same tasks:
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
///
/// let (completers, handles): (Vec<_>, Vec<_>) = (0..2).map(|_| completer()).unzip();
/// let handles: Vec<_> = handles.into_iter().map(|handle| handle.shared()).collect();
/// let iterators = [as_completed(handles.clone()), as_completed(handles)];
/// for (n, completer) in completers.into_iter().enumerate().rev() {
///     completer.complete(n).unwrap();
/// }
/// for results in iterators {
///     let order: Vec<_> = results.map(|finished| *finished.outcome().unwrap()).collect();
///     assert_eq!(order, [1, 0]);
/// }
/// ```
pub fn as_completed<H: TaskHandle>(handles: impl IntoIterator<Item = H>) -> AsCompleted<H> {
    let handles = handles.into_iter();
    let mut tasks = Outstanding::with_capacity(handles.size_hint().0);
    let mut kept = H::Kept::default();
    for handle in handles {
        if let Some(task) = handle.enter(&mut kept) {
            tasks.add(task);
        }
    }
    AsCompleted { tasks, kept }
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
///
/// ```
/// use photofinish_protocol::{AsCompleted, JoinHandle, as_completed, completer};
///
/// fn sum(results: AsCompleted<JoinHandle<u32>>) -> u32 {
///     results.filter_map(|finished| finished.outcome.ok()).sum()
/// }
///
/// let (completers, handles): (Vec<_>, Vec<_>) = (0..3).map(|_| completer()).unzip();
/// let results = as_completed(handles);
/// assert_eq!(results.len(), 3);
/// (1..).zip(completers).for_each(|(n, completer)| completer.complete(n).unwrap());
/// assert_eq!(sum(results), 6);
/// ```
#[must_use = "iterators are lazy, and dropping this one loses the results"]
pub struct AsCompleted<H: TaskHandle> {
    tasks: Outstanding<H::Value>,
    /// What belongs to the tasks that have not been yielded.
    kept: H::Kept,
}

impl<H: TaskHandle> AsCompleted<H> {
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
    pub fn timeout(self, timeout: Duration) -> AsCompletedTimeout<H> {
        AsCompletedTimeout { results: self, term: Term::until(Deadline::after(timeout)) }
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
    pub fn deadline(self, deadline: Instant) -> AsCompletedTimeout<H> {
        AsCompletedTimeout { results: self, term: Term::until(Deadline::at(deadline)) }
    }

    /// Polls for at most about `spin` before parking, when nothing is ready: 100 microseconds unless
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
        self.tasks.set_spin(spin);
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
    #[inline(always)]
    pub fn try_next(&mut self) -> Option<H::Finished> {
        self.tasks.try_next().map(|task| H::finish(task, &mut self.kept))
    }

    /// Yields the next task, waiting no longer than `timeout`, counted from the call; `Ok(None)` if
    /// there are no more.
    ///
    /// # Blocking
    ///
    /// As [`AsCompletedTimeout`].
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing has finished in time. The tasks go on, and so does the iterator.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (completer, handle) = completer();
    /// let mut results = as_completed([handle]);
    /// assert!(results.next_timeout(Duration::from_millis(1)).is_err());
    /// completer.complete(1).unwrap();
    /// assert!(results.next_timeout(Duration::ZERO).unwrap().is_some());
    /// assert!(results.next_timeout(Duration::ZERO).unwrap().is_none());
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<H::Finished>, TimedOut> {
        self.next_before(Deadline::after(timeout))
    }

    pub(crate) fn next_before(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<H::Finished>, TimedOut> {
        let next = self.tasks.next_before(deadline)?;
        Ok(next.map(|task| H::finish(task, &mut self.kept)))
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
    pub fn next_batch(&mut self) -> Vec<H::Finished> {
        let mut batch = Vec::new();
        self.tasks.next_batch(&mut batch);
        batch.into_iter().map(|task| H::finish(task, &mut self.kept)).collect()
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
        self.tasks.remaining()
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
    pub fn into_unfinished(self) -> Vec<H> {
        self.into_indexed().into_iter().map(|(_, handle)| handle).collect()
    }

    /// As [`into_unfinished`](Self::into_unfinished), with the tasks' places in the input.
    pub(crate) fn into_indexed(self) -> Vec<(usize, H)> {
        H::leave(self.tasks.into_indexed(), self.kept)
    }

    /// Cancels all tasks that have not been yielded and have not begun, and tells how many that
    /// were. They are yielded like all others, as [`JoinError::Cancelled`](crate::JoinError).
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (mut running, first) = completer::<u8>();
    /// let (_pending, second) = completer();
    /// running.start();
    /// let mut results = as_completed([first, second]);
    /// assert_eq!(results.cancel_unfinished(), 1);
    /// assert_eq!(results.next().unwrap().index, 1);
    /// assert_eq!(results.remaining(), 1);
    /// ```
    pub fn cancel_unfinished(&mut self) -> usize {
        H::cancel(&self.kept, || self.tasks.cancel_all())
    }
}

impl<H: TaskHandle> Iterator for AsCompleted<H> {
    type Item = H::Finished;

    #[inline(always)]
    fn next(&mut self) -> Option<H::Finished> {
        self.tasks.next().map(|task| H::finish(task, &mut self.kept))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl<H: TaskHandle> ExactSizeIterator for AsCompleted<H> {}
impl<H: TaskHandle> FusedIterator for AsCompleted<H> {}

impl<H: TaskHandle> fmt::Debug for AsCompleted<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsCompleted").field(&self.tasks).finish()
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
pub struct AsCompletedTimeout<H: TaskHandle> {
    results: AsCompleted<H>,
    term: Term,
}

impl<H: TaskHandle> AsCompletedTimeout<H> {
    /// How many tasks have not been yielded yet.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert_eq!(as_completed([handle]).timeout(Duration::ZERO).remaining(), 1);
    /// ```
    pub fn remaining(&self) -> usize {
        self.results.remaining()
    }

    /// The iterator without the deadline, at the place where this one is.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    /// use std::time::Duration;
    ///
    /// let (completer, handle) = completer();
    /// let mut hasty = as_completed([handle]).timeout(Duration::ZERO);
    /// assert!(hasty.next().unwrap().is_err());
    /// let mut patient = hasty.into_inner();
    /// completer.complete(1).unwrap();
    /// assert_eq!(patient.next().unwrap().outcome.unwrap(), 1);
    /// ```
    pub fn into_inner(self) -> AsCompleted<H> {
        self.results
    }
}

impl<H: TaskHandle> Iterator for AsCompletedTimeout<H> {
    type Item = Result<H::Finished, TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        self.term.next(|deadline| self.results.next_before(deadline))
    }
}

impl<H: TaskHandle> FusedIterator for AsCompletedTimeout<H> {}

impl<H: TaskHandle> fmt::Debug for AsCompletedTimeout<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout")
            .field("results", &self.results)
            .field("deadline", self.term.deadline())
            .finish()
    }
}
