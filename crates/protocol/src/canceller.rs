//! Cancelling a task, and what that came to.

use std::fmt;

use crate::id::TaskId;
use crate::state::{Cancel, Phase};
use crate::task::Task;

/// What a request to cancel a task came to.
///
/// ```
/// use photofinish_protocol::{Cancelled, completer};
///
/// let (mut completer, handle) = completer::<u8>();
/// assert!(completer.start());
/// assert_eq!(handle.cancel(), Cancelled::Requested);
/// assert!(completer.is_cancel_requested());
/// completer.complete(1).unwrap();
/// assert_eq!(handle.cancel(), Cancelled::NoLonger);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// This call cancelled the task. It will never run, what it had captured has been dropped,
    /// and everyone who waits for it has been told.
    Now,
    /// The task had been cancelled before.
    Before,
    /// The task runs. It has been asked to stop, by this call or an earlier one: whether it looks, at
    /// [`TaskContext::is_cancel_requested`](crate::TaskContext::is_cancel_requested), and what it
    /// does then is its own affair. It ends as it ends.
    Requested,
    /// The task has completed: it cannot be cancelled any more.
    NoLonger,
}

impl Cancelled {
    /// Whether the task is cancelled, by this call or an earlier one.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert!(handle.cancel().is_cancelled());
    /// ```
    pub fn is_cancelled(self) -> bool {
        match self {
            Self::Now | Self::Before => true,
            Self::Requested | Self::NoLonger => false,
        }
    }
}

impl From<Cancel> for Cancelled {
    fn from(cancel: Cancel) -> Self {
        match cancel {
            Cancel::Won(_) => Self::Now,
            Cancel::Cancelled => Self::Before,
            Cancel::Requested => Self::Requested,
            Cancel::Completed => Self::NoLonger,
        }
    }
}

/// Cancels a task, wherever its [`JoinHandle`](crate::JoinHandle) has gone. Clones cancel the same task.
///
/// It keeps the task's memory alive, but not its result.
///
/// ```
/// use photofinish_protocol::{Cancelled, task};
///
/// let (runnable, handle) = task(|| 1);
/// let canceller = handle.canceller();
/// runnable.run();
/// assert_eq!(handle.join().unwrap(), 1);
/// assert_eq!(canceller.cancel(), Cancelled::NoLonger);
/// ```
pub struct Canceller(Task);

// SAFETY: cancelling drops the closure on the calling thread, and closures of tasks are `Send`.
// The last canceller may drop a value that nobody took, and values of tasks are `Send` too.
unsafe impl Send for Canceller {}
// SAFETY: as above; all it does is transitions of the word.
unsafe impl Sync for Canceller {}

impl std::panic::UnwindSafe for Canceller {}
impl std::panic::RefUnwindSafe for Canceller {}

impl Canceller {
    /// # Safety
    ///
    /// The caller holds a share of the task.
    pub(crate) unsafe fn new(task: Task) -> Self {
        // SAFETY: the caller's promise.
        unsafe { task.add_canceller() };
        Self(task)
    }

    /// As [`JoinHandle::cancel`](crate::JoinHandle::cancel).
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let canceller = handle.canceller();
    /// let waiting = std::thread::spawn(move || handle.join());
    /// assert_eq!(canceller.cancel(), Cancelled::Now);
    /// assert!(waiting.join().unwrap().is_err());
    /// ```
    pub fn cancel(&self) -> Cancelled {
        // SAFETY: the canceller's share is borrowed from `self` until this has returned.
        unsafe { self.0.cancel() }.into()
    }

    /// The task's identity.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert_eq!(handle.canceller().id(), handle.id());
    /// ```
    pub fn id(&self) -> TaskId {
        // SAFETY: the canceller's share is ours.
        unsafe { self.0.id() }
    }

    /// Where the task is in its life.
    pub(crate) fn phase(&self) -> Phase {
        // SAFETY: the canceller's share is ours.
        unsafe { self.0.state() }.phase()
    }
}

impl Clone for Canceller {
    fn clone(&self) -> Self {
        // SAFETY: a canceller's share is ours.
        unsafe { Self::new(self.0) }
    }
}

impl Drop for Canceller {
    fn drop(&mut self) {
        // SAFETY: the canceller's share is ours.
        unsafe { self.0.release_canceller() };
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").field("id", &self.id()).field("state", &self.phase()).finish()
    }
}
