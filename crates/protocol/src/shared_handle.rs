//! One outcome for many.
//!
//! ```text
//!   task --callback--> Shared  waiters | callbacks | outcome
//!                        ^
//!            SharedHandle, SharedHandle, ...
//! ```
//!
//! The task goes on into a block that all handles share. Each waiter is a small task of its own,
//! which the block's publisher runs: so joining, awaiting, timing out, helping and iterating are
//! what they are for every task.

mod wait;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::canceller::{Cancelled, Canceller};
use crate::consumer::NotReady;
use crate::error::{JoinError, TooDeep};
use crate::handle::JoinHandle;
use crate::id::TaskId;
use crate::panic::contain;
use crate::runnable;
use crate::state::Phase;
use crate::sync::{Arc, Deadline, UnsafeCell};
use crate::waiters::{Spare, Waiters};

pub use wait::SharedWait;

struct Shared<T> {
    canceller: Canceller,
    /// Who waits. Closed when the outcome is there.
    waiters: Waiters,
    /// What is called when all who wait have been told. Closed after `waiters`.
    callbacks: Waiters,
    /// Written once, before `waiters` is closed, and only read after that.
    outcome: UnsafeCell<Option<Result<T, JoinError>>>,
    /// The refusal of a wait, for those who are refused to refer to.
    refusal: OnceLock<JoinError>,
}

// SAFETY: whoever drops the last handle drops the value.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: many read the value at once.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn new(canceller: Canceller) -> Self {
        Self {
            canceller,
            waiters: Waiters::new(),
            callbacks: Waiters::new(),
            outcome: UnsafeCell::new(None),
            refusal: OnceLock::new(),
        }
    }

    /// Publishes the outcome, once, tells all who wait, and then calls what is to be called.
    fn publish(&self, outcome: Result<T, JoinError>) {
        // SAFETY: this is called once, and before it nobody touches the outcome.
        self.outcome.with_mut(|place| unsafe { *place = Some(outcome) });
        self.waiters.close().for_each(runnable::Runnable::run);
        self.callbacks.close().for_each(runnable::Runnable::run);
    }

    fn outcome(&self) -> Option<Result<&T, &JoinError>> {
        if !self.waiters.is_closed() {
            return None;
        }
        // SAFETY: the list is closed, so the outcome has been written and is not written again
        // before the last handle has gone.
        let outcome = self.outcome.with(|place| unsafe { &*place });
        outcome.as_ref().map(Result::as_ref)
    }

    /// A wait that was refused. The numbers are those of the first one.
    fn refuse(&self, limit: TooDeep) -> &JoinError {
        self.refusal.get_or_init(|| JoinError::TooDeep(limit))
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: no handle is left.
        let outcome = self.outcome.with_mut(|place| unsafe { (*place).take() });
        contain(|| drop(outcome));
    }
}

/// A handle to one task's outcome of which there may be many. Each gives a reference to the same
/// value or error, as often as it is asked.
///
/// The value lives until the last handle is dropped. Dropping all of them detaches the task, which
/// goes on.
///
/// # Memory ordering
///
/// What the task did happens before the return of the call that gives its outcome.
///
/// # Progress
///
/// Waiters are told one after the other, in the order they came, by the thread that completes or
/// cancels the task; callbacks are called after them. To become a waiter is lock-free, and so is to
/// tell one.
///
/// ```
/// use photofinish_protocol::task;
///
/// let (runnable, handle) = task(|| vec![1, 2, 3]);
/// let handle = handle.shared();
/// let threads = [0, 1].map(|_| {
///     let handle = handle.clone();
///     std::thread::spawn(move || handle.result().unwrap().len())
/// });
/// runnable.run();
/// assert_eq!(threads.map(|thread| thread.join().unwrap()), [3, 3]);
/// assert_eq!(handle.result().unwrap(), &[1, 2, 3]);
/// ```
#[must_use = "dropping all handles detaches the task and loses the result"]
pub struct SharedHandle<T> {
    shared: Arc<Shared<T>>,
    spare: Spare,
}

impl<T> std::panic::UnwindSafe for SharedHandle<T> {}
impl<T> std::panic::RefUnwindSafe for SharedHandle<T> {}

impl<T: Send + Sync + 'static> JoinHandle<T> {
    /// A handle that can be cloned: many may wait for the task, and all see its outcome.
    ///
    /// # Panics
    ///
    /// If the handle was awaited to its end.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (completer, handle) = completer();
    /// let one = handle.shared();
    /// let other = one.clone();
    /// completer.complete("result".to_owned()).unwrap();
    /// assert_eq!(one.result().unwrap(), "result");
    /// assert!(std::ptr::eq(one.result().unwrap(), other.result().unwrap()));
    /// ```
    pub fn shared(self) -> SharedHandle<T> {
        let shared = Arc::new(Shared::new(self.canceller()));
        let publisher = Arc::clone(&shared);
        self.on_complete(move |outcome| publisher.publish(outcome));
        SharedHandle { shared, spare: Spare::none() }
    }
}

impl<T> SharedHandle<T> {
    /// Waits for the task and gives its outcome.
    ///
    /// # Blocking
    ///
    /// As [`JoinHandle::join`]. If the task has finished, never.
    ///
    /// # Errors
    ///
    /// What the task came to, or [`JoinError::TooDeep`] if this is a worker whose stack is nearly
    /// used up by waits within waits; its numbers are those of the first such wait for this task.
    ///
    /// ```
    /// use photofinish_protocol::{JoinError, task};
    ///
    /// let (runnable, handle) = task(|| panic!("no luck"));
    /// let handle = handle.shared();
    /// runnable.run();
    /// for _ in 0..2 {
    ///     match handle.result() {
    ///         Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), "no luck"),
    ///         other => panic!("expected a panic, got {other:?}"),
    ///     }
    /// }
    /// # let _: Result<&(), _> = handle.result();
    /// ```
    pub fn result(&self) -> Result<&T, &JoinError> {
        match self.wait_until(Deadline::NEVER) {
            Ok(outcome) => outcome,
            Err(NotReady::TooDeep(limit)) => Err(self.shared.refuse(limit)),
            Err(NotReady::TimedOut) => unreachable!("the wait has no deadline"),
        }
    }

    /// Gives the outcome if the task has finished, and `None` otherwise. Wait-free.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (completer, handle) = completer();
    /// let handle = handle.shared();
    /// assert!(handle.try_result().is_none());
    /// completer.complete(5).unwrap();
    /// assert_eq!(handle.try_result().unwrap().unwrap(), &5);
    /// ```
    pub fn try_result(&self) -> Option<Result<&T, &JoinError>> {
        self.shared.outcome()
    }

    /// As [`result`](Self::result), but waits no longer than `timeout`, counted from the call;
    /// `None` if the task has not finished in time. The task goes on.
    ///
    /// A wait that ends too early leaves its place in the list of waiters, 64 bytes until the task
    /// has finished, to the next wait with this handle. So a handle that is asked again and again
    /// keeps one place; one that threads use by reference keeps at most one more for each wait that
    /// overlapped with another. Give each thread a clone.
    ///
    /// # Blocking
    ///
    /// As [`JoinHandle::join_timeout`].
    ///
    /// ```
    /// use photofinish_protocol::completer;
    /// use std::time::Duration;
    ///
    /// let (completer, handle) = completer();
    /// let handle = handle.shared();
    /// assert!(handle.result_timeout(Duration::from_millis(1)).is_none());
    /// completer.complete(5).unwrap();
    /// assert_eq!(handle.result_timeout(Duration::ZERO).unwrap().unwrap(), &5);
    /// ```
    pub fn result_timeout(&self, timeout: Duration) -> Option<Result<&T, &JoinError>> {
        self.wait_until(Deadline::after(timeout)).ok()
    }

    fn wait_until(&self, deadline: Deadline) -> Result<Result<&T, &JoinError>, NotReady> {
        if let Some(outcome) = self.try_result() {
            return Ok(outcome);
        }
        match self.waiter().wait(deadline) {
            Ok(_) => Ok(self.told()),
            Err((waiter, reason)) => {
                self.spare.keep(waiter);
                Err(reason)
            }
        }
    }

    /// The outcome, after a waiter was told that it is there.
    pub(crate) fn told(&self) -> Result<&T, &JoinError> {
        self.try_result().expect("waiters are told when the outcome is there")
    }

    /// A task that finishes when this one has: left over from a wait that ended too early, or new.
    pub(crate) fn waiter(&self) -> JoinHandle<()> {
        self.spare.take().unwrap_or_else(|| {
            let (runnable, waiter) = runnable::errand(|| ());
            if let Err(late) = self.shared.waiters.add(runnable) {
                late.run();
            }
            waiter
        })
    }

    /// Takes a waiter back whose wait has ended too early.
    pub(crate) fn keep(&self, waiter: JoinHandle<()>) {
        self.spare.keep(waiter);
    }

    /// Calls `callback` with a reference to the outcome, once: on the thread that completes or
    /// cancels the task, when all who wait have been told and all callbacks that were added before
    /// have been called; or at once on this thread, if that is over.
    ///
    /// Otherwise as [`JoinHandle::on_complete`].
    ///
    /// ```
    /// use photofinish_protocol::completer;
    /// use std::sync::mpsc;
    ///
    /// let (completer, handle) = completer();
    /// let handle = handle.shared();
    /// let (sender, told) = mpsc::channel();
    /// for factor in [1, 10] {
    ///     let sender = sender.clone();
    ///     handle.on_complete(move |outcome| sender.send(outcome.unwrap() * factor).unwrap());
    /// }
    /// completer.complete(7).unwrap();
    /// assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [7, 70]);
    /// ```
    pub fn on_complete<F>(&self, callback: F)
    where
        T: Send + Sync + 'static,
        F: FnOnce(Result<&T, &JoinError>) + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let (runnable, handle) = runnable::errand(move || {
            callback(shared.outcome().expect("callbacks are called when the outcome is there"));
        });
        // Nobody asks how the callback ended; a panic has been reported by the hook.
        drop(handle);
        if let Err(late) = self.shared.callbacks.add(runnable) {
            late.run();
        }
    }

    /// As [`JoinHandle::cancel`], for all handles.
    ///
    /// ```
    /// use photofinish_protocol::{Cancelled, JoinError, task};
    ///
    /// let (_runnable, handle) = task(|| 1);
    /// let handle = handle.shared();
    /// assert_eq!(handle.cancel(), Cancelled::Now);
    /// assert!(matches!(handle.clone().result(), Err(JoinError::Cancelled)));
    /// ```
    pub fn cancel(&self) -> Cancelled {
        self.shared.canceller.cancel()
    }

    /// As [`JoinHandle::canceller`].
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let handle = handle.shared();
    /// assert!(handle.canceller().cancel().is_cancelled());
    /// assert!(handle.is_cancelled());
    /// ```
    pub fn canceller(&self) -> Canceller {
        self.shared.canceller.clone()
    }

    /// Whether the outcome is there: the task has returned, panicked, been cancelled or been
    /// abandoned.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (completer, handle) = completer();
    /// let handle = handle.shared();
    /// assert!(!handle.is_finished());
    /// completer.complete(1).unwrap();
    /// assert!(handle.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.shared.waiters.is_closed()
    }

    /// Whether the task has begun and not finished.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (mut completer, handle) = completer::<u8>();
    /// let handle = handle.shared();
    /// assert!(!handle.is_running());
    /// completer.start();
    /// assert!(handle.is_running());
    /// ```
    pub fn is_running(&self) -> bool {
        self.shared.canceller.phase() == Phase::Running
    }

    /// Whether the task was cancelled.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let handle = handle.shared();
    /// handle.clone().cancel();
    /// assert!(handle.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.shared.canceller.phase() == Phase::Cancelled
    }

    /// The task's identity, the same for all its handles.
    ///
    /// ```
    /// use photofinish_protocol::completer;
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// let id = handle.id();
    /// let handle = handle.shared();
    /// assert_eq!([handle.id(), handle.clone().id()], [id, id]);
    /// ```
    pub fn id(&self) -> TaskId {
        self.shared.canceller.id()
    }
}

impl<T> Clone for SharedHandle<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), spare: Spare::none() }
    }
}

impl<T> fmt::Debug for SharedHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedHandle")
            .field("id", &self.id())
            .field("state", &self.shared.canceller.phase())
            .finish()
    }
}
