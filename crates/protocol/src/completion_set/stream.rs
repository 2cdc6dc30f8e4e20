//! The asynchronous face of [`CompletionSet`].

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};

use super::CompletionSet;
use crate::outstanding::Finished;

/// Yields the tasks of a set in the order they finish, to an async task: see
/// [`CompletionSet::stream`].
///
/// It ends when the set is empty. Nothing can be added while it borrows the set, so until it is
/// dropped that is for ever, and so [`is_terminated`] says.
///
/// [`is_terminated`]: FusedStream::is_terminated
///
/// ```
/// use futures_lite::{StreamExt, future::block_on};
/// use photofinish_protocol::{CompletionSet, CompletionSetStream, completer};
///
/// async fn sum(mut results: CompletionSetStream<'_, u32>) -> u32 {
///     let mut sum = 0;
///     while let Some(finished) = results.next().await {
///         sum += finished.outcome.unwrap_or(0);
///     }
///     sum
/// }
///
/// let mut set = CompletionSet::new();
/// for n in 1..=3 {
///     let (completer, handle) = completer();
///     completer.complete(n).unwrap();
///     set.add(handle);
/// }
/// assert_eq!(block_on(sum(set.stream())), 6);
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct CompletionSetStream<'a, T>(&'a mut CompletionSet<T>);

impl<T> CompletionSet<T> {
    /// Gives the next task that finishes, awaiting it; `None` if the set is empty. Between the
    /// calls tasks can be added.
    ///
    /// # Cancel safety
    ///
    /// The set is what it was when the future is dropped before it is ready.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let mut set = CompletionSet::new();
    /// let (completer, handle) = completer();
    /// set.add(handle);
    /// std::thread::spawn(move || completer.complete(3));
    /// let countdown = block_on(async {
    ///     let mut numbers = Vec::new();
    ///     while let Some(finished) = set.next_async().await {
    ///         let number = finished.outcome.unwrap();
    ///         numbers.push(number);
    ///         if number > 0 {
    ///             let (completer, handle) = photofinish_protocol::completer();
    ///             completer.complete(number - 1).unwrap();
    ///             set.add(handle);
    ///         }
    ///     }
    ///     numbers
    /// });
    /// assert_eq!(countdown, [3, 2, 1, 0]);
    /// ```
    pub async fn next_async(&mut self) -> Option<Finished<T>> {
        let mut stream = self.stream();
        poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await
    }

    /// The tasks in the set as a `Stream`, for any executor. Dropping it leaves them in the set,
    /// where the next stream finds them, or a blocking [`next_finished`](Self::next_finished). It
    /// borrows the set: to add tasks between the items use [`next_async`](Self::next_async).
    ///
    /// # Cancel safety
    ///
    /// Whatever was not yielded is still there when an await on the stream ends early.
    ///
    /// # Blocking
    ///
    /// Never. See also the [handle](crate::JoinHandle#impl-Future-for-JoinHandle<T>) as a future.
    ///
    /// ```
    /// use futures_lite::{StreamExt, future::block_on};
    /// use photofinish_protocol::{CompletionSet, completer};
    ///
    /// let mut set = CompletionSet::new();
    /// let (completer, handle) = completer();
    /// set.add(handle);
    /// std::thread::spawn(move || completer.complete(1));
    /// block_on(async {
    ///     let mut results = set.stream();
    ///     while let Some(finished) = results.next().await {
    ///         assert_eq!(finished.outcome.unwrap(), 1);
    ///     }
    /// });
    /// assert!(set.is_empty());
    /// ```
    pub fn stream(&mut self) -> CompletionSetStream<'_, T> {
        CompletionSetStream(self)
    }
}

impl<T> Stream for CompletionSetStream<'_, T> {
    type Item = Finished<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Finished<T>>> {
        self.0.0.poll_next(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.remaining(), Some(self.0.remaining()))
    }
}

impl<T> FusedStream for CompletionSetStream<'_, T> {
    fn is_terminated(&self) -> bool {
        self.0.0.is_over()
    }
}

impl<T> Drop for CompletionSetStream<'_, T> {
    /// Ends the wait, and lets the executor's waker go.
    fn drop(&mut self) {
        self.0.0.stop_polling();
    }
}

impl<T> fmt::Debug for CompletionSetStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompletionSetStream").field(&self.0).finish()
    }
}
