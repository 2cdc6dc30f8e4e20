//! The writing end of a task that is completed from outside.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::mem;

use crate::error::JoinError;
use crate::handle::JoinHandle;
use crate::panic::Panic;
use crate::state::Phase;
use crate::task::Task;

/// Completes a task by hand: this is how other executors, network clients or tests feed the same
/// handles, sets and iterators that a pool does.
///
/// Dropping it ends the task as [`JoinError::Abandoned`].
///
/// It is invariant in `T`: a `Completer<&'static str>` cannot be made to accept a string that
/// lives shorter.
///
/// ```
/// use photofinish_protocol::{as_completed, completer};
///
/// let (first, a) = completer();
/// let (second, b) = completer();
/// let results = as_completed([a, b]);
/// std::thread::spawn(move || {
///     second.complete("b").unwrap();
///     first.complete("a").unwrap();
/// });
/// let order: Vec<_> = results.map(|finished| finished.outcome.unwrap()).collect();
/// assert_eq!(order, ["b", "a"]);
/// ```
#[must_use = "dropping a completer abandons its task"]
pub struct Completer<T> {
    task: Task,
    progress: Progress,
    value: PhantomData<fn(T) -> T>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The runner's share is here, and the task not claimed.
    Fresh,
    /// The runner's share is here, and the task claimed.
    Started,
    /// The task was cancelled, and the share has been given up.
    Gone,
}

// SAFETY: the value is put in on this thread and taken on another, so it must be `Send`. The
// runner's share may be used from any thread.
unsafe impl<T: Send> Send for Completer<T> {}
// SAFETY: all that a shared completer offers is reading the state.
unsafe impl<T: Send> Sync for Completer<T> {}

impl<T> std::panic::UnwindSafe for Completer<T> {}
impl<T> std::panic::RefUnwindSafe for Completer<T> {}

/// Makes a task that is completed by hand: its writing end and its handle.
///
/// ```
/// let (completer, handle) = photofinish_protocol::completer();
/// completer.complete(3).unwrap();
/// assert_eq!(handle.join().unwrap(), 3);
/// ```
pub fn completer<T: Send + 'static>() -> (Completer<T>, JoinHandle<T>) {
    let task = Task::new(|| -> T { unreachable!("this task is completed from outside") }, None);
    let completer = Completer { task, progress: Progress::Fresh, value: PhantomData };
    // SAFETY: a new task comes with both shares; the bounds are those of a handle.
    (completer, unsafe { JoinHandle::new(task) })
}

impl<T> Completer<T> {
    /// Marks the task as running, so that it cannot be cancelled any more. `false` if it has
    /// been cancelled already.
    ///
    /// ```
    /// let (mut completer, handle) = photofinish_protocol::completer::<u8>();
    /// handle.cancel();
    /// assert!(!completer.start());
    /// ```
    pub fn start(&mut self) -> bool {
        if self.progress == Progress::Fresh {
            // SAFETY: the runner's share is ours, and the task not claimed.
            let claimed = unsafe { self.task.claim() };
            self.progress = if claimed { Progress::Started } else { Progress::Gone };
        }
        self.progress == Progress::Started
    }

    /// Completes the task with `value` and delivers it. Lock-free, as [`Runnable::run`].
    ///
    /// # Errors
    ///
    /// The value, if the task has been cancelled.
    ///
    /// ```
    /// let (completer, handle) = photofinish_protocol::completer();
    /// handle.cancel();
    /// assert_eq!(completer.complete(3), Err(3));
    /// ```
    ///
    /// [`Runnable::run`]: crate::Runnable::run
    pub fn complete(self, value: T) -> Result<(), T> {
        self.finish(Ok(value)).map_err(|refused| match refused {
            Ok(value) => value,
            Err(_) => unreachable!("what was refused is what was offered"),
        })
    }

    /// Completes the task as panicked, with the payload of a panic that was caught elsewhere.
    /// If the task has been cancelled, the payload is dropped.
    ///
    /// ```
    /// use photofinish_protocol::JoinError;
    ///
    /// let (completer, handle) = photofinish_protocol::completer::<u8>();
    /// let payload = std::panic::catch_unwind(|| panic!("elsewhere")).unwrap_err();
    /// completer.panic(payload);
    /// assert!(matches!(handle.join(), Err(JoinError::Panicked(_))));
    /// ```
    pub fn panic(self, payload: Box<dyn Any + Send>) {
        let error = JoinError::Panicked(Panic::new(payload));
        if let Err(refused) = self.finish(Err(error)) {
            crate::panic::contain(|| drop(refused));
        }
    }

    /// Whether somebody wanted to cancel the task since [`start`](Self::start): it may end sooner, in
    /// whatever way it likes.
    ///
    /// ```
    /// let (mut completer, handle) = photofinish_protocol::completer::<u8>();
    /// completer.start();
    /// assert!(!completer.is_cancel_requested());
    /// handle.cancel();
    /// assert!(completer.is_cancel_requested());
    /// ```
    pub fn is_cancel_requested(&self) -> bool {
        // SAFETY: the completer holds the runner's share.
        unsafe { self.task.is_requested() }
    }

    /// Whether the task has been cancelled, so that completing it is vain.
    ///
    /// ```
    /// let (completer, handle) = photofinish_protocol::completer::<u8>();
    /// assert!(!completer.is_cancelled());
    /// handle.cancel();
    /// assert!(completer.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        match self.progress {
            // SAFETY: the runner's share is ours.
            Progress::Fresh => unsafe { self.task.state() }.phase() == Phase::Cancelled,
            Progress::Started => false,
            Progress::Gone => true,
        }
    }

    fn finish(mut self, outcome: Result<T, JoinError>) -> Result<(), Result<T, JoinError>> {
        if !self.start() {
            return Err(outcome);
        }
        let task = self.task;
        mem::forget(self);
        // SAFETY: the task has been claimed, its storage holds nothing (the closure it was made
        // with is of size zero), and its value is a `T`.
        unsafe { task.complete_with(outcome) };
        Ok(())
    }
}

impl<T> Drop for Completer<T> {
    fn drop(&mut self) {
        if self.start() {
            // SAFETY: as in `finish`; an error leaves the type of the value out of it.
            unsafe { self.task.complete_with::<()>(Err(JoinError::Abandoned)) };
        }
    }
}

impl<T> fmt::Debug for Completer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.progress {
            Progress::Fresh if self.is_cancelled() => Phase::Cancelled,
            Progress::Fresh => Phase::Pending,
            Progress::Started => Phase::Running,
            Progress::Gone => Phase::Cancelled,
        };
        f.debug_struct("Completer").field("state", &state).finish()
    }
}
