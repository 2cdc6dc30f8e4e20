//! The kinds of handles that can be iterated.

use std::collections::HashSet;

use crate::canceller::Cancelled;
use crate::error::JoinError;
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::outstanding::Finished;
use crate::shared_handle::SharedHandle;

/// A handle that [`as_completed`](crate::as_completed) takes: a [`JoinHandle`] or a
/// [`SharedHandle`]. Nothing else implements it.
///
/// ```
/// use photofinish_protocol::{AsCompleted, TaskHandle, as_completed, completer};
///
/// fn count<H: TaskHandle>(handles: Vec<H>) -> usize {
///     let results: AsCompleted<H> = as_completed(handles);
///     results.count()
/// }
///
/// let (one, handle) = completer();
/// one.complete(1).unwrap();
/// assert_eq!(count(vec![handle]), 1);
/// let (other, handle) = completer();
/// other.complete(2).unwrap();
/// let handle = handle.shared();
/// assert_eq!(count(vec![handle.clone(), handle]), 1);
/// ```
pub trait TaskHandle: Kind {}

/// How handles of a kind are waited for: as the tasks themselves, or as tasks that stand for them.
pub trait Kind: Sized {
    /// What the iterator yields.
    type Finished;
    /// The value of the tasks that are waited for.
    type Value;
    /// What is kept beside those tasks.
    type Kept: Default;

    /// The next task to wait for; `None` if it is waited for already.
    fn enter(self, kept: &mut Self::Kept) -> Option<JoinHandle<Self::Value>>;

    /// What to yield for a task that was waited for.
    fn finish(task: Finished<Self::Value>, kept: &mut Self::Kept) -> Self::Finished;

    /// The place of a task in the input.
    fn index(finished: &Self::Finished) -> usize;

    /// Why a task did not return, or was not waited for.
    fn error(finished: &Self::Finished) -> Option<&JoinError>;

    /// The handles of the tasks that have not been yielded, with their places in the input, in order.
    fn leave(tasks: Vec<(usize, JoinHandle<Self::Value>)>, kept: Self::Kept) -> Vec<(usize, Self)>;

    /// Cancels what has not been yielded, and counts what that has cancelled. `tasks` does it for
    /// the tasks that are waited for.
    fn cancel(kept: &Self::Kept, tasks: impl FnOnce() -> usize) -> usize;
}

impl<T> TaskHandle for JoinHandle<T> {}

/// A unique handle is waited for as it is.
impl<T> Kind for JoinHandle<T> {
    type Finished = Finished<T>;
    type Value = T;
    type Kept = ();

    #[inline]
    fn enter(self, (): &mut ()) -> Option<Self> {
        Some(self)
    }

    #[inline]
    fn finish(task: Finished<T>, (): &mut ()) -> Finished<T> {
        task
    }

    fn index(finished: &Finished<T>) -> usize {
        finished.index
    }

    fn error(finished: &Finished<T>) -> Option<&JoinError> {
        finished.outcome.as_ref().err()
    }

    fn leave(tasks: Vec<(usize, Self)>, (): ()) -> Vec<(usize, Self)> {
        tasks
    }

    fn cancel((): &(), tasks: impl FnOnce() -> usize) -> usize {
        tasks()
    }
}

impl<T> TaskHandle for SharedHandle<T> {}

/// For a shared handle stands one of its waiters.
impl<T> Kind for SharedHandle<T> {
    type Finished = FinishedShared<T>;
    type Value = ();
    type Kept = Sharing<T>;

    fn enter(self, sharing: &mut Sharing<T>) -> Option<JoinHandle<()>> {
        let index = sharing.given;
        sharing.given += 1;
        if !sharing.seen.insert(self.id()) {
            return None;
        }
        let waiter = self.waiter();
        sharing.handles.push(Some((index, self)));
        Some(waiter)
    }

    fn finish(waiter: Finished<()>, sharing: &mut Sharing<T>) -> FinishedShared<T> {
        let kept = sharing.handles[waiter.index].take();
        let (index, handle) = kept.expect("a waiter finishes once");
        FinishedShared { id: handle.id(), index, handle, refusal: waiter.outcome.err() }
    }

    fn index(finished: &FinishedShared<T>) -> usize {
        finished.index
    }

    fn error(finished: &FinishedShared<T>) -> Option<&JoinError> {
        finished.outcome().err()
    }

    fn leave(waiters: Vec<(usize, JoinHandle<()>)>, sharing: Sharing<T>) -> Vec<(usize, Self)> {
        let left = sharing.handles.into_iter().flatten();
        let keep = |((index, handle), (_, waiter)): ((usize, Self), _)| {
            handle.keep(waiter);
            (index, handle)
        };
        left.zip(waiters).map(keep).collect()
    }

    fn cancel(sharing: &Sharing<T>, _: impl FnOnce() -> usize) -> usize {
        let left = sharing.handles.iter().flatten();
        left.filter(|(_, handle)| handle.cancel() == Cancelled::Now).count()
    }
}

/// The shared handles whose waiters are waited for.
#[derive(Debug)]
pub struct Sharing<T> {
    /// By the order in which the waiters came: the place in the input, and the handle. Empty when
    /// it was yielded.
    handles: Vec<Option<(usize, SharedHandle<T>)>>,
    seen: HashSet<TaskId>,
    given: usize,
}

impl<T> Default for Sharing<T> {
    fn default() -> Self {
        Self { handles: Vec::new(), seen: HashSet::new(), given: 0 }
    }
}

/// A task that has finished, with its shared handle.
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
///
/// let (completer, handle) = completer();
/// let handle = handle.shared();
/// completer.complete('x').unwrap();
/// let finished = as_completed([handle.clone()]).next().unwrap();
/// assert_eq!((finished.id, finished.index), (handle.id(), 0));
/// assert_eq!(finished.outcome().unwrap(), &'x');
/// ```
#[derive(Debug)]
pub struct FinishedShared<T> {
    /// The task's identity.
    pub id: TaskId,
    /// The task's place in the input: how many handles were given before its first one.
    pub index: usize,
    /// The handle that was given.
    pub handle: SharedHandle<T>,
    refusal: Option<JoinError>,
}

impl<T> FinishedShared<T> {
    /// What the task returned, or why it did not.
    ///
    /// # Errors
    ///
    /// What the task came to, or [`JoinError::TooDeep`] if the iterator's wait was refused; then
    /// the task goes on.
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, as_completed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let handle = handle.shared();
    /// handle.cancel();
    /// let finished = as_completed([handle]).next().unwrap();
    /// assert!(matches!(finished.outcome(), Err(JoinError::Cancelled)));
    /// ```
    pub fn outcome(&self) -> Result<&T, &JoinError> {
        match &self.refusal {
            None => self.handle.told(),
            Some(refusal) => Err(refusal),
        }
    }
}
