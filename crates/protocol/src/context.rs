//! What a running task can know of itself.

use std::fmt;
use std::marker::PhantomData;

use crate::id::TaskId;
use crate::task::{Task, current};

/// The task that runs on the calling thread, to itself.
///
/// A long task looks here, now and then, whether anybody wanted to cancel it, and returns early if
/// so; what it returns then is its outcome, as always. Tasks that do not look are not stopped.
///
/// It is of use to the task itself, on its own thread. A task that hands parts of its work to others
/// passes the request on in its own way.
///
/// ```
/// use photofinish_protocol::{Cancelled, TaskContext, task};
/// use std::sync::mpsc::channel;
///
/// let (begin, begun) = channel();
/// let (runnable, handle) = task(move || {
///     let context = TaskContext::current().expect("this is a task");
///     begin.send(()).unwrap();
///     let mut rounds = 0_u64;
///     while !context.is_cancel_requested() {
///         rounds += 1;
///     }
///     rounds
/// });
/// let runner = std::thread::spawn(move || runnable.run());
/// begun.recv().unwrap();
/// assert_eq!(handle.cancel(), Cancelled::Requested);
/// assert!(handle.join().is_ok()); // it has returned, early
/// # runner.join().unwrap();
/// ```
#[derive(Clone, Copy)]
pub struct TaskContext {
    /// Used only while it is the innermost task of this thread.
    task: Task,
    id: TaskId,
    /// It stays on its thread.
    not_send: PhantomData<*const ()>,
}

impl TaskContext {
    /// The task that runs on this thread, the innermost if one waits for another and runs it
    /// meanwhile; `None` outside of tasks.
    ///
    /// ```
    /// assert!(photofinish_protocol::TaskContext::current().is_none());
    /// ```
    pub fn current() -> Option<Self> {
        let (task, id) = current::get()?;
        Some(Self { task, id, not_send: PhantomData })
    }

    /// Whether somebody wanted to cancel the task since it began: its handle, a canceller, or a set.
    ///
    /// One load of the task's own word, so it can be asked often. It tells about the task that it was
    /// made in, while that runs: in a task that runs inside a wait of that one it says no.
    ///
    /// What the canceller did before its request happens before this returns `true`.
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, TaskContext, task};
    /// use std::sync::{Arc, OnceLock};
    ///
    /// let canceller = Arc::new(OnceLock::new());
    /// let own = Arc::clone(&canceller);
    /// let (runnable, handle) = task(move || {
    ///     let context = TaskContext::current().unwrap();
    ///     let before = context.is_cancel_requested();
    ///     let canceller: &photofinish_protocol::Canceller = own.get().unwrap();
    ///     assert_eq!(canceller.cancel(), Cancelled::Requested);
    ///     (before, context.is_cancel_requested())
    /// });
    /// canceller.set(handle.canceller()).unwrap();
    /// runnable.run();
    /// assert_eq!(handle.join().unwrap(), (false, true));
    /// ```
    pub fn is_cancel_requested(&self) -> bool {
        current::is_requested(self.task)
    }

    /// The task's identity.
    ///
    /// ```
    /// use photofinish_protocol::{TaskContext, task};
    ///
    /// let (runnable, handle) = task(|| TaskContext::current().unwrap().id());
    /// let id = handle.id();
    /// runnable.run();
    /// assert_eq!(handle.join().unwrap(), id);
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext").field("id", &self.id).finish()
    }
}
