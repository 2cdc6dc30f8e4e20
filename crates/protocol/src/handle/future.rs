//! A handle as a future.
//!
//! A poll that finds the task unfinished promises it to a queue of its own and forgets the
//! consumer: it can be made again from the task, whose destination the queue is. So a handle that
//! is awaited is known by its task's word, attached and not split, and needs no room for more.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::FusedFuture;

use super::JoinHandle;
use crate::consumer::Consumer;
use crate::error::JoinError;
use crate::state::{Detach, Snapshot};

/// Awaits the task, on any executor.
///
/// # Cancel safety
///
/// Nothing is lost when an await ends early. A handle that was awaited through `&mut` can be
/// awaited again, joined or put into a set, on this or another thread; a handle that was awaited
/// by value is dropped, and detaches its task as always.
///
/// # Panics
///
/// When it is awaited again after it has given the outcome. [`is_terminated`] tells. The same
/// holds of [`join`](JoinHandle::join) and all that takes the handle for its outcome; the task's
/// identity and state can still be asked.
///
/// A panic in the `clone` of the executor's waker goes to whoever polls, and changes nothing; one
/// in its `wake` or `Drop` is contained.
///
/// # Blocking
///
/// Never. An await on a worker of a pool, inside an executor that runs there, does not run other
/// tasks of the pool as [`join`](JoinHandle::join) does: if all workers block on awaits, the tasks
/// they await are not begun.
///
/// ```
/// use futures_lite::future::block_on;
/// use photofinish_protocol::task;
///
/// let (runnable, handle) = task(|| "done");
/// std::thread::spawn(move || runnable.run());
/// assert_eq!(block_on(handle).unwrap(), "done");
/// ```
///
/// An await that was given up, and then a join:
///
/// ```
/// use futures_lite::future::{block_on, poll_once};
/// use photofinish_protocol::completer;
///
/// let (completer, mut handle) = completer();
/// assert!(block_on(poll_once(&mut handle)).is_none());
/// completer.complete(3).unwrap();
/// assert_eq!(handle.join().unwrap(), 3);
/// ```
///
/// [`is_terminated`]: FusedFuture::is_terminated
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(consumer) = self.awaiting().or_else(|| self.begin_to_wait()) else {
            // SAFETY: the task has finished, nobody has taken the outcome, and the handle's share
            // is ours.
            return Poll::Ready(unsafe { self.task.take() });
        };
        // Forgotten unless it has received the task, also when the waker panics.
        let mut consumer = ManuallyDrop::new(consumer);
        let received = std::task::ready!(consumer.poll_next(context));
        // SAFETY: the task has been received, and the handle's share is ours.
        unsafe { received.reclaim() };
        drop(ManuallyDrop::into_inner(consumer));
        // SAFETY: the task has finished, is not attached any more, and nobody has taken the
        // outcome.
        Poll::Ready(unsafe { received.take() })
    }
}

/// Terminated when the outcome has been given.
impl<T> FusedFuture for JoinHandle<T> {
    fn is_terminated(&self) -> bool {
        self.glance().is_taken()
    }
}

// Nothing in the handle is pinned: the value lies in the task.
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// The consumer to which a poll has promised the task, if one has. It must be forgotten again
    /// unless the task is received or withdrawn.
    ///
    /// # Panics
    ///
    /// If a poll has given the outcome.
    #[inline]
    pub(super) fn awaiting(&self) -> Option<Consumer> {
        let state = self.glance();
        assert!(!state.is_taken(), "the handle was awaited to its end: its outcome has been taken");
        self.consumer_if_awaited(state)
    }

    /// Takes the task back from the consumer that a poll has promised it to. After this the task
    /// is not attached, or its handle lives outside the queue.
    pub(super) fn stop_awaiting(&self) {
        if let Some(consumer) = self.consumer_if_awaited(self.glance()) {
            self.withdraw_from(consumer);
        }
    }

    /// Takes the task back from the consumer that awaits it.
    #[cold]
    pub(super) fn withdraw_from(&self, mut consumer: Consumer) {
        // SAFETY: the handle's share is ours, and the task is attached and not received.
        match unsafe { self.task.detach() } {
            Detach::Withdrawn => consumer.excuse_one(),
            // The delivery comes to a queue that is closed here.
            Detach::Delivering => {}
        }
    }

    #[inline]
    fn consumer_if_awaited(&self, state: Snapshot) -> Option<Consumer> {
        let is_awaited = state.is_attached() && !state.is_split();
        // SAFETY: attached, and the handle is here.
        is_awaited.then(|| unsafe { self.consumer() })
    }

    /// The consumer that awaits the handle.
    ///
    /// # Safety
    ///
    /// The task is attached, and not split.
    #[cold]
    unsafe fn consumer(&self) -> Consumer {
        // SAFETY: the handle's share is ours, and the task is attached to a queue: with a
        // continuation, the handle would be the continuation's.
        let queue = unsafe { self.task.queue() };
        // SAFETY: an attached task whose handle is here was promised by `begin_to_wait`, and the
        // consumer was forgotten then. Handle and consumer are in one hand.
        unsafe { Consumer::resume(queue) }
    }

    /// The state, for what the handle itself has done to it.
    #[inline]
    fn glance(&self) -> Snapshot {
        // SAFETY: the handle's share is ours.
        unsafe { self.task.glance() }
    }
}
