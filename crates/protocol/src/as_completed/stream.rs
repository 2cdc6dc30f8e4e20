//! The asynchronous face of [`AsCompleted`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};

use super::{AsCompleted, TaskHandle};

/// Yields tasks in the order they finish, to an async task: see [`AsCompleted::into_stream`].
///
/// It is fused: after its end it yields `None` for ever, and so [`is_terminated`] says.
///
/// [`is_terminated`]: FusedStream::is_terminated
///
/// ```
/// use futures_lite::{StreamExt, future::block_on};
/// use photofinish_protocol::{AsCompletedStream, JoinHandle, as_completed, completer};
///
/// async fn first(mut results: AsCompletedStream<JoinHandle<u8>>) -> Option<u8> {
///     results.next().await?.outcome.ok()
/// }
///
/// let (completer, handle) = completer();
/// completer.complete(1).unwrap();
/// assert_eq!(block_on(first(as_completed([handle]).into_stream())), Some(1));
/// ```
#[must_use = "streams do nothing unless polled, and dropping this one loses the results"]
pub struct AsCompletedStream<H: TaskHandle>(AsCompleted<H>);

impl<H: TaskHandle> AsCompleted<H> {
    /// The same tasks as a `Stream`, for any executor. It is a type of its own, because a blocking
    /// `next` inside async code is a trap.
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
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (slow, first) = completer();
    /// let (fast, second) = completer();
    /// let mut results = as_completed([first, second]).into_stream();
    /// std::thread::spawn(move || {
    ///     fast.complete("fast").unwrap();
    ///     slow.complete("slow").unwrap();
    /// });
    /// block_on(async {
    ///     let mut order = Vec::new();
    ///     while let Some(finished) = results.next().await {
    ///         order.push(finished.outcome.unwrap());
    ///     }
    ///     assert_eq!(order, ["fast", "slow"]);
    /// });
    /// ```
    pub fn into_stream(self) -> AsCompletedStream<H> {
        AsCompletedStream(self)
    }
}

impl<H: TaskHandle> AsCompletedStream<H> {
    /// How many tasks have not been yielded yet.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (_completer, handle) = completer::<u8>();
    /// assert_eq!(as_completed([handle]).into_stream().remaining(), 1);
    /// ```
    pub fn remaining(&self) -> usize {
        self.0.remaining()
    }

    /// The blocking iterator, at the place where this stream is.
    ///
    /// ```
    /// use futures_lite::{StreamExt, future::block_on};
    /// use photofinish_protocol::{as_completed, completer};
    ///
    /// let (one, a) = completer();
    /// let (other, b) = completer();
    /// let mut stream = as_completed([a, b]).into_stream();
    /// one.complete(1).unwrap();
    /// assert_eq!(block_on(stream.next()).unwrap().index, 0);
    /// other.complete(2).unwrap();
    /// let rest: Vec<_> = stream.into_inner().map(|finished| finished.index).collect();
    /// assert_eq!(rest, [1]);
    /// ```
    pub fn into_inner(mut self) -> AsCompleted<H> {
        self.0.tasks.stop_polling();
        self.0
    }
}

impl<H: TaskHandle> Stream for AsCompletedStream<H> {
    type Item = H::Finished;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<H::Finished>> {
        let AsCompleted { tasks, kept } = &mut self.0;
        tasks.poll_next(context).map(|next| next.map(|task| H::finish(task, kept)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl<H: TaskHandle> FusedStream for AsCompletedStream<H> {
    fn is_terminated(&self) -> bool {
        self.remaining() == 0
    }
}

// Nothing in the stream is pinned: the values lie in the tasks.
impl<H: TaskHandle> Unpin for AsCompletedStream<H> {}

impl<H: TaskHandle> fmt::Debug for AsCompletedStream<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsCompletedStream").field(&self.0.tasks).finish()
    }
}
