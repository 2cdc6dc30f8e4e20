//! A shared handle's asynchronous face.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::SharedHandle;
use crate::error::JoinError;
use crate::handle::JoinHandle;

/// Awaits a task through one of its shared handles: see [`SharedHandle::wait`].
///
/// ```
/// use futures_lite::future::block_on;
/// use photofinish_protocol::{SharedWait, completer};
///
/// async fn is_even(number: SharedWait<'_, u32>) -> bool {
///     number.await.is_ok_and(|number| number % 2 == 0)
/// }
///
/// let (completer, handle) = completer();
/// let handle = handle.shared();
/// completer.complete(42).unwrap();
/// assert!(block_on(is_even(handle.wait())));
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct SharedWait<'a, T> {
    handle: &'a SharedHandle<T>,
    waiter: Option<JoinHandle<()>>,
}

impl<T> SharedHandle<T> {
    /// Awaits the task, on any executor. Awaiting `&handle` is the same.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when an await ends early; what it leaves behind is what a
    /// [timed-out wait](Self::result_timeout) does.
    ///
    /// # Blocking
    ///
    /// Never. See also the [handle](crate::JoinHandle#impl-Future-for-JoinHandle<T>) as a future.
    ///
    /// ```
    /// use futures_lite::future::{block_on, zip};
    /// use photofinish_protocol::completer;
    ///
    /// let (completer, handle) = completer();
    /// let one = handle.shared();
    /// let other = one.clone();
    /// std::thread::spawn(move || completer.complete("done"));
    /// let (a, b) = block_on(zip(one.wait(), async { (&other).await }));
    /// assert_eq!((a.unwrap(), b.unwrap()), (&"done", &"done"));
    /// ```
    pub fn wait(&self) -> SharedWait<'_, T> {
        SharedWait { handle: self, waiter: None }
    }
}

impl<'a, T> IntoFuture for &'a SharedHandle<T> {
    type Output = Result<&'a T, &'a JoinError>;
    type IntoFuture = SharedWait<'a, T>;

    fn into_future(self) -> SharedWait<'a, T> {
        self.wait()
    }
}

impl<'a, T> Future for SharedWait<'a, T> {
    type Output = Result<&'a T, &'a JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle;
        if let Some(outcome) = handle.try_result() {
            return Poll::Ready(outcome);
        }
        let waiter = self.waiter.get_or_insert_with(|| handle.waiter());
        // A waiter's task returns when it is told, and nobody cancels it.
        let _told = ready!(Pin::new(waiter).poll(context));
        self.waiter = None;
        Poll::Ready(handle.told())
    }
}

// Nothing in the future is pinned: the value lies with the handles.
impl<T> Unpin for SharedWait<'_, T> {}

impl<T> Drop for SharedWait<'_, T> {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            self.handle.keep(waiter);
        }
    }
}

impl<T> fmt::Debug for SharedWait<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedWait").field(self.handle).finish()
    }
}
