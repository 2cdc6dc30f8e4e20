//! What goes on with a task's outcome.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::JoinHandle;
use crate::destination::Continuation;
use crate::error::JoinError;
use crate::panic::contain;
use crate::queue::Node;
use crate::state::Attach;
use crate::storage;
use crate::task::Task;

/// A continuation that calls a closure with the outcome.
#[repr(C)]
struct Callback<F, T> {
    continuation: Continuation,
    closure: ManuallyDrop<F>,
    outcome: PhantomData<fn(T)>,
}

impl<F, T> Callback<F, T>
where
    F: FnOnce(Result<T, JoinError>),
{
    fn allocate(closure: F) -> NonNull<Continuation> {
        let callback = Self {
            continuation: Continuation::new(Self::go_on),
            closure: ManuallyDrop::new(closure),
            outcome: PhantomData,
        };
        storage::allocate(callback).cast()
    }

    /// Takes the closure out of the block and frees it.
    ///
    /// # Safety
    ///
    /// `allocate` made the block, and nobody uses it any more.
    unsafe fn take(block: NonNull<Continuation>) -> F {
        let block = block.cast::<Self>();
        // SAFETY: the caller's promise; the block begins with its continuation.
        let callback = unsafe { block.read() };
        callback.continuation.end();
        // SAFETY: the caller's promise.
        unsafe { storage::free(block) };
        ManuallyDrop::into_inner(callback.closure)
    }

    /// # Safety
    ///
    /// As [`Continuation::deliver`], for a block of `allocate` and a task whose value is a `T`.
    unsafe fn go_on(block: NonNull<Continuation>, node: NonNull<Node>) {
        // SAFETY: the delivery is the block's last use.
        let closure = unsafe { Self::take(block) };
        // SAFETY: the node came with its task's delivery.
        let task = unsafe { Task::of_node(node) };
        // SAFETY: the task has been received, and the handle's share came with it.
        let outcome = unsafe { task.finish() };
        contain(|| closure(outcome));
    }
}

impl<T: Send + 'static> JoinHandle<T> {
    /// Calls `callback` with the outcome, once: on the thread that completes or cancels the task,
    /// or at once on this one if the task has finished.
    ///
    /// It is called after everything is settled and under no lock: it may block, submit, cancel,
    /// and complete other tasks. What it has captured is dropped when it returns. A panic in it is
    /// contained: the panic hook runs, and the thread goes on.
    ///
    /// A task that is abandoned, or that its pool ends without, calls it too, with the error. To
    /// cancel the task later, make a [`canceller`](Self::canceller) first. For several callbacks,
    /// or a callback beside other ways to wait, see [`shared`](Self::shared).
    ///
    /// # Blocking
    ///
    /// Never, but for `callback` itself if it is called at once. One that takes long takes the time
    /// of whoever completes the task: on a pool, a worker's. Callbacks that complete tasks with
    /// callbacks are calls within calls, on one stack.
    ///
    /// # Memory ordering
    ///
    /// What the task did, and what came before this call, happens before `callback` is called.
    ///
    /// # Panics
    ///
    /// If the handle was awaited to its end.
    ///
    /// ```
    /// use photofinish_protocol::task;
    /// use std::sync::mpsc;
    ///
    /// let (runnable, handle) = task(|| "done");
    /// let (sender, told) = mpsc::channel();
    /// handle.on_complete(move |outcome| sender.send(outcome.unwrap()).unwrap());
    /// std::thread::spawn(move || runnable.run());
    /// assert_eq!(told.recv().unwrap(), "done");
    /// ```
    ///
    /// A task that nobody completes:
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, completer};
    /// use std::sync::mpsc;
    ///
    /// let (completer, handle) = completer::<u8>();
    /// let (sender, told) = mpsc::channel();
    /// handle.on_complete(move |outcome| sender.send(outcome).unwrap());
    /// drop(completer);
    /// assert!(matches!(told.recv().unwrap(), Err(JoinError::Abandoned)));
    /// ```
    pub fn on_complete<F>(self, callback: F)
    where
        F: FnOnce(Result<T, JoinError>) + Send + 'static,
    {
        let task = self.into_task();
        // SAFETY: the handle's share is ours.
        if unsafe { task.state() }.is_finished() {
            // SAFETY: as above, and the task has finished.
            let outcome = unsafe { task.finish() };
            return contain(|| callback(outcome));
        }
        let block = Callback::<F, T>::allocate(callback);
        // SAFETY: the handle's share is ours, and the task is not attached.
        match unsafe { task.go_on_with(block) } {
            Attach::Promised => {}
            Attach::Finished => {
                // SAFETY: the block has not been promised anything.
                let callback = unsafe { Callback::<F, T>::take(block) };
                // SAFETY: the handle's share is ours, and the task has finished.
                let outcome = unsafe { task.finish() };
                contain(|| callback(outcome));
            }
        }
    }
}
