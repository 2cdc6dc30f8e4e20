//! The reading end of one task.

mod callback;
mod future;

use std::fmt;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ptr::NonNull;
use std::time::Duration;

use crate::canceller::{Cancelled, Canceller};
use crate::consumer::{Consumer, NotReady};
use crate::error::JoinError;
use crate::id::TaskId;
use crate::queue::Node;
use crate::state::{Attach, Detach, Phase};
use crate::sync::Deadline;
use crate::task::Task;

/// The handle to one task's outcome. It is unique, and one pointer wide.
///
/// Dropping it detaches the task, which goes on; its result is dropped when it comes.
///
/// Where a method gives the outcome, it is `Ok` with what the closure returned, or a
/// [`JoinError`] that tells a panic, a cancellation and an abandoned task apart. The handle is a
/// future of the same.
///
/// # Memory ordering
///
/// What the task did happens before the return of the call that gives its outcome.
///
/// ```
/// use photofinish_protocol::task;
///
/// let (runnable, handle) = task(|| "done");
/// assert!(!handle.is_finished());
/// runnable.run();
/// assert!(handle.is_finished());
/// assert_eq!(handle.join().unwrap(), "done");
/// ```
#[must_use = "dropping a handle detaches its task and loses the result"]
pub struct JoinHandle<T> {
    task: Task,
    outcome: PhantomData<T>,
}

// SAFETY: the handle gives the value to the thread it is on, so the value must be `Send`. All
// other uses of the task from several threads are transitions of its word.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: through a shared handle the state can be read and the task cancelled, which drops the
// closure on the calling thread: closures of tasks are `Send`. The value is out of reach.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The caller gives the handle's share away; the task is not attached (or its handle lives
    /// outside the queue), its value is a `T`, and its closure is `Send`.
    pub(crate) unsafe fn new(task: Task) -> Self {
        Self { task, outcome: PhantomData }
    }

    /// Gives the share up to the caller. The task is not attached, or its handle lives outside
    /// the queue.
    ///
    /// # Panics
    ///
    /// If the handle was awaited to its end.
    #[inline]
    pub(crate) fn into_task(self) -> Task {
        if let Some(consumer) = self.awaiting() {
            self.withdraw_from(consumer);
        }
        let task = self.task;
        mem::forget(self);
        task
    }

    /// Gives the outcome if the task has finished, and detaches it otherwise.
    pub(crate) fn resign(self) -> Option<Result<T, JoinError>> {
        // SAFETY: the handle's share is ours, and nobody has taken the outcome.
        unsafe { self.into_task().resign() }
    }

    /// The handle's share, as a node to keep.
    ///
    /// # Panics
    ///
    /// As `into_task`.
    pub(crate) fn into_node(self) -> NonNull<Node> {
        self.into_task().node()
    }

    /// The handle again.
    ///
    /// # Safety
    ///
    /// `into_node` gave the node for a handle to a `T`, and the share was not taken back since.
    pub(crate) unsafe fn of_node(node: NonNull<Node>) -> Self {
        // SAFETY: the node is that of a task.
        let task = unsafe { Task::of_node(node) };
        // SAFETY: the caller's promise.
        unsafe { Self::new(task) }
    }

    /// Waits for the task and gives its outcome.
    ///
    /// # Blocking
    ///
    /// Polls for a few microseconds, then parks. On a worker of a pool it runs other tasks of
    /// the pool meanwhile, on top of this one: never wait with a lock in hand that such a task
    /// may want.
    ///
    /// # Errors
    ///
    /// What the task came to, or [`JoinError::TooDeep`] if this is a worker whose stack is
    /// nearly used up by waits within waits.
    ///
    /// ```
    /// use photofinish_protocol::task;
    ///
    /// let (runnable, handle) = task(|| 1 + 1);
    /// std::thread::spawn(move || runnable.run());
    /// assert_eq!(handle.join().unwrap(), 2);
    /// ```
    pub fn join(self) -> Result<T, JoinError> {
        match self.wait(Deadline::NEVER) {
            Ok(outcome) => outcome,
            Err((_, NotReady::TooDeep(limit))) => Err(JoinError::TooDeep(limit)),
            Err((_, NotReady::TimedOut)) => unreachable!("the wait has no deadline"),
        }
    }

    /// Gives the outcome if the task has finished, and the handle back otherwise. Does not wait.
    ///
    /// # Errors
    ///
    /// The handle, if the task has not finished.
    ///
    /// ```
    /// use photofinish_protocol::task;
    ///
    /// let (runnable, handle) = task(|| 5);
    /// let handle = handle.try_join().unwrap_err();
    /// runnable.run();
    /// assert_eq!(handle.try_join().unwrap().unwrap(), 5);
    /// ```
    pub fn try_join(self) -> Result<Result<T, JoinError>, Self> {
        // SAFETY: the handle's share is ours.
        if unsafe { self.task.state() }.is_finished() {
            // SAFETY: as above, and the task has finished.
            Ok(unsafe { self.into_task().finish() })
        } else {
            Err(self)
        }
    }

    /// As [`join`](Self::join), but waits no longer than `timeout`, counted from the call.
    ///
    /// # Blocking
    ///
    /// On a worker of a pool it runs no other tasks meanwhile, because it could not stop them
    /// when the time is up: a task of the same pool may need another worker to finish.
    ///
    /// # Errors
    ///
    /// The handle, if the task has not finished in time. The task goes on.
    ///
    /// ```
    /// use photofinish_protocol::task;
    /// use std::time::Duration;
    ///
    /// let (runnable, handle) = task(|| 5);
    /// let handle = handle.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// runnable.run();
    /// assert_eq!(handle.join_timeout(Duration::ZERO).unwrap().unwrap(), 5);
    /// ```
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<T, JoinError>, Self> {
        self.wait(Deadline::after(timeout)).map_err(|(handle, _)| handle)
    }

    /// Waits until `deadline`; the handle comes back if the wait ended too early.
    pub(crate) fn wait(self, deadline: Deadline) -> Result<Result<T, JoinError>, (Self, NotReady)> {
        // If a poll came before, this thread takes over from the executor's task.
        let Some(mut consumer) = self.awaiting().or_else(|| self.begin_to_wait()) else {
            // SAFETY: the task has finished, and the handle's share is ours.
            return Ok(unsafe { self.into_task().finish() });
        };
        let task = ManuallyDrop::new(self).task;
        match consumer.wait(deadline) {
            // SAFETY: the task has been received, together with the handle's share.
            Ok(received) => Ok(unsafe { received.finish() }),
            // SAFETY: the task is attached and has not been received.
            Err(reason) => match unsafe { task.detach() } {
                Detach::Withdrawn => {
                    consumer.excuse_one();
                    // SAFETY: the handle's share is ours again, and the task not attached.
                    Err((unsafe { Self::new(task) }, reason))
                }
                // SAFETY: the task has finished. Its delivery comes to a queue that is closed
                // when the consumer is dropped.
                Detach::Delivering => Ok(unsafe { task.finish() }),
            },
        }
    }

    /// Promises the task to a consumer of its own; `None` if it has finished.
    fn begin_to_wait(&self) -> Option<Consumer> {
        if self.is_finished() {
            return None;
        }
        let mut consumer = Consumer::new();
        // SAFETY: the handle's share is ours, the task is not attached, and the consumer counts
        // it below.
        match unsafe { self.task.attach(consumer.queue(), 0) } {
            Attach::Finished => None,
            Attach::Promised => {
                consumer.expect_one();
                Some(consumer)
            }
        }
    }

    /// Cancels the task if it has not begun. At once: what it had captured is dropped on this
    /// thread, and everyone who waits for the task sees [`JoinError::Cancelled`].
    ///
    /// A task that runs is asked to stop, and goes on until it looks: see [`Cancelled::Requested`]. A
    /// panic in the `Drop` of what the task had captured is
    /// contained: the panic hook runs, the task is cancelled and delivered all the same.
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, JoinError, task};
    ///
    /// let (runnable, handle) = task(|| unreachable!());
    /// assert_eq!(handle.cancel(), Cancelled::Now);
    /// assert_eq!(handle.cancel(), Cancelled::Before);
    /// runnable.run();
    /// assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    /// # fn unreachable() {}
    /// ```
    pub fn cancel(&self) -> Cancelled {
        // SAFETY: the handle's share is borrowed from `self` until this has returned.
        unsafe { self.task.cancel() }.into()
    }

    /// Something that can cancel the task even when this handle has been joined or put into a
    /// set.
    ///
    /// A task of a scope whose result borrows has none: the canceller may be the last to hold the
    /// task, and would drop the result when the borrow has ended.
    ///
    /// # Panics
    ///
    /// If the task has so many cancellers that their count would spill over.
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, as_completed, task};
    ///
    /// let (_runnable, handle) = task(|| ());
    /// let canceller = handle.canceller();
    /// let mut results = as_completed([handle]);
    /// assert_eq!(canceller.cancel(), Cancelled::Now);
    /// assert!(results.next().unwrap().outcome.is_err());
    /// ```
    pub fn canceller(&self) -> Canceller
    where
        T: 'static,
    {
        // SAFETY: the handle's share is ours.
        unsafe { Canceller::new(self.task) }
    }

    /// Whether the task has returned, panicked, been cancelled or been abandoned.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (completer, handle) = completer();
    /// assert!(!handle.is_finished());
    /// completer.complete(1).unwrap();
    /// assert!(handle.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        // SAFETY: the handle's share is ours.
        unsafe { self.task.state() }.is_finished()
    }

    /// Whether the task has begun and not finished.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (mut completer, handle) = completer::<u8>();
    /// assert!(!handle.is_running());
    /// completer.start();
    /// assert!(handle.is_running());
    /// ```
    pub fn is_running(&self) -> bool {
        // SAFETY: the handle's share is ours.
        unsafe { self.task.state() }.phase() == Phase::Running
    }

    /// Whether the task was cancelled.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// handle.cancel();
    /// assert!(handle.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        // SAFETY: the handle's share is ours.
        unsafe { self.task.state() }.phase() == Phase::Cancelled
    }

    /// The task's identity.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (completer, handle) = completer();
    /// let id = handle.id();
    /// completer.complete(1).unwrap();
    /// assert_eq!(as_completed([handle]).next().unwrap().id, id);
    /// ```
    pub fn id(&self) -> TaskId {
        // SAFETY: the handle's share is ours.
        unsafe { self.task.id() }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.stop_awaiting();
        // SAFETY: the handle's share is ours, and the task is not attached, or its handle lives
        // outside the queue.
        unsafe { self.task.leave() };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the handle's share is ours.
        let state = unsafe { self.task.state() };
        f.debug_struct("JoinHandle").field("id", &self.id()).field("state", &state.phase()).finish()
    }
}
