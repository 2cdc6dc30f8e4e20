//! The asynchronous face of [`MapUnordered`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};

use super::{MapUnordered, Mapped};
use crate::runnable::Spawn;

/// Yields results in the order in which they are done, to an async task: see
/// [`MapUnordered::into_stream`].
///
/// ```
/// use futures_lite::{StreamExt, future::block_on};
/// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
///
/// struct Threads;
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// let mut lengths = MapUnordered::new(Threads, 2, ["three", "blind"], str::len).into_stream();
/// block_on(async {
///     while let Some(mapped) = lengths.next().await {
///         assert_eq!(mapped.outcome.unwrap(), 5);
///     }
/// });
/// ```
#[must_use = "streams do nothing unless polled, and dropping this one cancels what has not begun"]
pub struct MapUnorderedStream<I: Iterator, F, R, S>(MapUnordered<I, F, R, S>);

impl<I: Iterator, F, R, S> MapUnordered<I, F, R, S> {
    /// The same items as a `Stream`, for any executor. Inputs are pulled when it is polled.
    ///
    /// # Cancel safety
    ///
    /// Whatever was not yielded is still there when an await on the stream ends early.
    ///
    /// ```
    /// use futures_lite::{StreamExt, future::block_on};
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let squares = MapUnordered::new(Threads, 2, 0..10, |n| n * n).into_stream();
    /// let sum = block_on(squares.map(|mapped| mapped.outcome.unwrap()).fold(0, |sum, n| sum + n));
    /// assert_eq!(sum, 285);
    /// ```
    pub fn into_stream(self) -> MapUnorderedStream<I, F, R, S> {
        MapUnorderedStream(self)
    }
}

impl<I, F, R, S> Stream for MapUnorderedStream<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    type Item = Mapped<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Mapped<R>>> {
        let results = &mut self.0;
        let slot = ready!(results.0.poll_next(context));
        Poll::Ready(slot.map(|slot| results.hand_out(slot)))
    }
}

impl<I, F, R, S> FusedStream for MapUnorderedStream<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    fn is_terminated(&self) -> bool {
        self.0.0.is_over()
    }
}

// Nothing in the stream is pinned: the inputs are pulled by value.
impl<I: Iterator, F, R, S> Unpin for MapUnorderedStream<I, F, R, S> {}

impl<I: Iterator, F, R, S> fmt::Debug for MapUnorderedStream<I, F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapUnorderedStream").field(&self.0).finish()
    }
}
