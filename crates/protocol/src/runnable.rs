//! The runner's side of a task that is run from a closure.

use std::mem;
use std::ptr::NonNull;

use crate::error::JoinError;
use crate::handle::JoinHandle;
use crate::queue::Node;
use crate::task::Task;

/// A task that somebody is to run: the runner's share, as a value.
///
/// This is what a pool keeps in its queues; it is one pointer wide. Dropping it unrun ends the
/// task as [`JoinError::Abandoned`].
///
/// ```
/// use photofinish_protocol::task;
///
/// let (runnable, handle) = task(|| 6 * 7);
/// std::thread::spawn(move || runnable.run());
/// assert_eq!(handle.join().unwrap(), 42);
/// ```
#[derive(Debug)]
pub struct Runnable(Task);

// SAFETY: the closure and the value are `Send` (see `task`), and the runner's share may be given
// up from any thread.
unsafe impl Send for Runnable {}
// SAFETY: nothing can be done with a `&Runnable`.
unsafe impl Sync for Runnable {}

impl std::panic::UnwindSafe for Runnable {}
impl std::panic::RefUnwindSafe for Runnable {}

impl Runnable {
    /// # Safety
    ///
    /// The caller gives the runner's share away; the task has not been claimed, and its closure
    /// and value are `Send` and live as long as the task.
    pub(crate) unsafe fn new(task: Task) -> Self {
        Self(task)
    }

    /// Runs the task on this thread, unless it was cancelled, and delivers its outcome.
    ///
    /// A panic of the closure, or in the `Drop` of what it captured, becomes the task's
    /// [`JoinError::Panicked`]; this function does not panic.
    ///
    /// Progress: once the closure has returned, the delivery is lock-free: one fetch-and-add,
    /// and if the task is awaited one compare-exchange, retried only when somebody else
    /// completed, or the consumer took, announced itself or left, in between.
    ///
    /// ```
    /// use photofinish_protocol::task;
    ///
    /// let (runnable, handle) = task(|| 1 + 1);
    /// runnable.run();
    /// assert!(handle.is_finished());
    /// ```
    #[inline]
    pub fn run(self) {
        let task = self.into_task();
        // SAFETY: this was the runner's share, and nobody has claimed the task.
        unsafe { task.run() };
    }

    /// Ends the task as [`JoinError::Cancelled`] without running it, unless it has been cancelled
    /// already, and tells whether this call did. What it had captured is dropped first, on this
    /// thread; a panic in that is contained.
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, task};
    ///
    /// let (runnable, handle) = task(|| 1);
    /// assert!(runnable.cancel());
    /// assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    /// ```
    pub fn cancel(self) -> bool {
        let task = self.into_task();
        // SAFETY: this was the runner's share, and nobody has claimed the task.
        let claimed = unsafe { task.claim() };
        if claimed {
            // SAFETY: the task has been claimed, and its closure is still there.
            unsafe { task.drop_closure() };
            // SAFETY: the storage is empty now.
            unsafe { task.revoke() };
        }
        claimed
    }

    /// Ends the task with `error` without running it, unless it has been cancelled already, and
    /// tells whether this call did. What it had captured is dropped first, on this thread; a panic
    /// in that is contained.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use photofinish_protocol::{JoinError, task};
    ///
    /// let (runnable, handle) = task(|| 1);
    /// assert!(runnable.fail(JoinError::Broken(Arc::new(std::fmt::Error))));
    /// assert!(matches!(handle.join(), Err(JoinError::Broken(_))));
    /// ```
    pub fn fail(self, error: JoinError) -> bool {
        let task = self.into_task();
        // SAFETY: this was the runner's share, and nobody has claimed the task.
        unsafe { Self::end(task, error) }
    }

    /// # Safety
    ///
    /// The caller gives the runner's share up, and nobody has claimed the task.
    unsafe fn end(task: Task, error: JoinError) -> bool {
        // SAFETY: the caller's promise.
        let claimed = unsafe { task.claim() };
        if claimed {
            // SAFETY: the task has been claimed, and its closure is still there.
            unsafe { task.drop_closure() };
            // SAFETY: the storage is empty now. An error is put in, so that the type of the
            // value plays no part.
            unsafe { task.complete_with::<()>(Err(error)) };
        }
        claimed
    }

    /// The runner's share, as a node for a list of its owner's.
    pub(crate) fn into_node(self) -> NonNull<Node> {
        self.into_task().node()
    }

    /// The runner's share again.
    ///
    /// # Safety
    ///
    /// `into_node` gave the node, and the share was not taken back since.
    pub(crate) unsafe fn of_node(node: NonNull<Node>) -> Self {
        // SAFETY: the node is that of a task.
        Self(unsafe { Task::of_node(node) })
    }

    #[inline]
    pub(crate) fn into_task(self) -> Task {
        let task = self.0;
        mem::forget(self);
        task
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: this is the runner's share, and nobody has claimed the task.
        unsafe { Self::end(self.0, JoinError::Abandoned) };
    }
}

/// Makes a task of `closure`: what runs it, and the handle to its outcome.
///
/// Allocates once, for the closure and later the value.
///
/// ```
/// use photofinish_protocol::{JoinError, task};
///
/// let (runnable, handle) = task(|| panic!("no luck"));
/// runnable.run();
/// let error: JoinError = handle.join().map(|()| ()).unwrap_err();
/// assert_eq!(error.to_string(), "the task panicked: no luck");
/// ```
pub fn task<F, T>(closure: F) -> (Runnable, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (runnable, handle) = errand(closure);
    // SAFETY: the shares are here.
    unsafe { runnable.0.submitted() };
    (runnable, handle)
}

/// A [`task`] of the library's own.
pub(crate) fn errand<F, T>(closure: F) -> (Runnable, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let task = Task::new(closure, None);
    // SAFETY: a new task comes with both shares, and the bounds above hold.
    let runnable = unsafe { Runnable::new(task) };
    // SAFETY: as above.
    let handle = unsafe { JoinHandle::new(task) };
    (runnable, handle)
}

/// Something that runs tasks: a pool.
///
/// ```
/// use photofinish_protocol::{CompletionSet, Runnable, Spawn};
///
/// struct Threads;
///
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// let mut set = CompletionSet::new();
/// set.submit(&Threads, || 7);
/// assert_eq!(set.next_finished().unwrap().outcome.unwrap(), 7);
/// ```
pub trait Spawn {
    /// Takes the task over. One that will not be run is dropped, which ends it as
    /// [`JoinError::Abandoned`].
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, Runnable, Spawn, task};
    ///
    /// struct Nobody;
    /// impl Spawn for Nobody {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         drop(runnable);
    ///     }
    /// }
    ///
    /// let (runnable, handle) = task(|| 1);
    /// Nobody.spawn(runnable);
    /// assert!(matches!(handle.join(), Err(JoinError::Abandoned)));
    /// ```
    fn spawn(&self, runnable: Runnable);

    /// Takes many tasks over. A pool may wait with waking its workers, all but the first, until the
    /// last one is there.
    ///
    /// ```
    /// use photofinish_protocol::{Runnable, Spawn, task};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let (runnables, handles): (Vec<_>, Vec<_>) = (0..3).map(|n| task(move || n)).unzip();
    /// RightNow.spawn_all(&mut runnables.into_iter());
    /// assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..3));
    /// ```
    fn spawn_all(&self, runnables: &mut dyn Iterator<Item = Runnable>) {
        runnables.for_each(|runnable| self.spawn(runnable));
    }

    /// As [`spawn`](Self::spawn), but queues behind what others wait for, even if the caller is a
    /// task of the pool: for tasks that have had their turn.
    ///
    /// ```
    /// use photofinish_protocol::{Runnable, Spawn, task};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let (runnable, handle) = task(|| 1);
    /// RightNow.spawn_outside(runnable);
    /// assert_eq!(handle.join().unwrap(), 1);
    /// ```
    fn spawn_outside(&self, runnable: Runnable) {
        self.spawn(runnable);
    }

    /// Whether the calling thread is one of those that run the tasks.
    ///
    /// ```
    /// use photofinish_protocol::{Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// assert!(!RightNow.is_inside());
    /// ```
    fn is_inside(&self) -> bool {
        false
    }
}
