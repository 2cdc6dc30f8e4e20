//! A function applied to many inputs, by the workers of a pool; results in the order in which they
//! are done.

mod stream;

use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::error::{JoinError, TimedOut, TooDeep};
use crate::runnable::Spawn;
use crate::slot::SlotRef;
use crate::sync::Deadline;
use crate::term::Term;
use crate::window::{Next, Window};

pub use crate::window::Mapped;
pub use stream::MapUnorderedStream;

/// Applies a function to each input, on the workers of a pool, and yields the results in the order
/// in which they are done, each with its input's place.
///
/// It is lazy: inputs are pulled when the iterator is asked for an item, on the thread that asks,
/// and never more than the [buffer](Self::buffer) holds are under way. So the inputs need not end,
/// and need not be `Send` as an iterator. A panic of the function is the item's
/// [`JoinError::Panicked`](crate::JoinError::Panicked), and the iteration goes on.
///
/// # Dropping
///
/// Dropping the iterator cancels what has not been begun, and waits for nothing: the results of
/// what has been begun are dropped as they come.
///
/// # Blocking
///
/// As [`AsCompleted`](crate::AsCompleted): `next` polls for some microseconds, then parks; on a
/// worker of a pool it runs other tasks meanwhile. A worker whose stack is nearly used up by waits
/// within waits is refused: an item that nobody has begun is dropped and yielded as
/// [`JoinError::TooDeep`](crate::JoinError::TooDeep).
///
/// # Chunks
///
/// A worker may claim several items at once, up to 16, if all of them are done within about two
/// microseconds, going by those before; and, if there are several workers, no more than half of its
/// share of what is there. Each is delivered as soon as it is done, but should the first of them
/// take long, the rest waits for it. With several workers, and a buffer of fewer than four items for
/// each of them, each item is claimed alone.
///
/// # Memory
///
/// Whatever the number of inputs, it allocates once for the buffer, and a task of the pool now and
/// then, which is recycled.
///
/// ```
/// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
///
/// struct Threads;
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// let squares = MapUnordered::new(Threads, 2, 0_u64.., |n| n * n).take(10);
/// let mut squares: Vec<_> = squares.map(|mapped| (mapped.index, mapped.outcome.unwrap())).collect();
/// squares.sort_unstable();
/// assert_eq!(squares[9], (9, 81));
/// ```
#[must_use = "iterators are lazy, and dropping this one cancels what has not been begun"]
pub struct MapUnordered<I: Iterator, F, R, S>(Window<I, F, R, S>);

impl<I, F, R, S> MapUnordered<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    /// Applies `function` to `inputs`, by tasks of `pool`, which has so many `workers`.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let squares = MapUnordered::new(Threads, 4, 0..10, |n| n * n);
    /// assert_eq!(squares.map(|mapped| mapped.outcome.unwrap()).sum::<i32>(), 285);
    /// ```
    pub fn new(
        pool: S,
        workers: usize,
        inputs: impl IntoIterator<IntoIter = I>,
        function: F,
    ) -> Self {
        Self(Window::new(pool, workers, inputs.into_iter(), function))
    }

    /// Keeps at most `buffer` items under way, those counted that are done and have not been
    /// yielded: twice the number of workers unless told otherwise.
    ///
    /// It is strict: no more inputs are pulled than have been yielded and the buffer holds.
    ///
    /// # Panics
    ///
    /// If `buffer` is 0, or the first input has been pulled.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut pulled = 0;
    /// let inputs = std::iter::from_fn(|| { pulled += 1; Some(pulled) });
    /// let mut results = MapUnordered::new(RightNow, 1, inputs, |n| n).buffer(3);
    /// results.next();
    /// drop(results);
    /// assert_eq!(pulled, 3);
    /// ```
    pub fn buffer(mut self, buffer: usize) -> Self {
        self.0.set_buffer(buffer);
        self
    }

    /// Pulls the first inputs and has them begun now, not only when the first item is asked for.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let inputs = [1, 2, 3].into_iter().inspect(|input| println!("{input} begins"));
    /// let results = MapUnordered::new(RightNow, 2, inputs, |n| n).start();
    /// println!("and now for the results");
    /// assert_eq!(results.count(), 3);
    /// ```
    pub fn start(mut self) -> Self {
        self.0.fill();
        self
    }

    /// Polls for at most about `spin` before parking, as [`AsCompleted::spin`].
    ///
    /// [`AsCompleted::spin`]: crate::AsCompleted::spin
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// assert_eq!(MapUnordered::new(RightNow, 1, 0..10, |n| n).spin(Duration::ZERO).count(), 10);
    /// ```
    pub fn spin(mut self, spin: Duration) -> Self {
        self.0.set_spin(spin);
        self
    }

    /// Gives up waiting `timeout` after this call.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct Never(std::sync::Mutex<Vec<Runnable>>);
    /// impl Spawn for Never {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         self.0.lock().unwrap().push(runnable);
    ///     }
    /// }
    ///
    /// let never = Never(Default::default());
    /// let mut results = MapUnordered::new(never, 2, [1, 2], |n| n).timeout(Duration::ZERO);
    /// assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 2);
    /// assert!(results.next().is_none());
    /// ```
    pub fn timeout(self, timeout: Duration) -> MapUnorderedTimeout<I, F, R, S> {
        MapUnorderedTimeout { results: self, term: Term::until(Deadline::after(timeout)) }
    }

    /// Gives up waiting at `deadline`.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    /// use std::time::Instant;
    ///
    /// struct Never(std::sync::Mutex<Vec<Runnable>>);
    /// impl Spawn for Never {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         self.0.lock().unwrap().push(runnable);
    ///     }
    /// }
    ///
    /// let never = Never(Default::default());
    /// let mut results = MapUnordered::new(never, 2, [1, 2], |n| n).deadline(Instant::now());
    /// assert!(results.next().unwrap().is_err());
    /// ```
    pub fn deadline(self, deadline: Instant) -> MapUnorderedTimeout<I, F, R, S> {
        MapUnorderedTimeout { results: self, term: Term::until(Deadline::at(deadline)) }
    }

    /// Yields the next item if one is done, and `None` otherwise. Does not wait, but pulls inputs.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut results = MapUnordered::new(RightNow, 1, ["a"], str::len);
    /// assert_eq!(results.try_next().unwrap().outcome.unwrap(), 1);
    /// assert!(results.try_next().is_none());
    /// ```
    #[inline(always)]
    pub fn try_next(&mut self) -> Option<Mapped<R>> {
        let slot = self.0.try_next()?;
        Some(self.hand_out(slot))
    }

    /// As `next`, but waits no longer than `timeout`, counted from the call. On a worker of a pool
    /// it runs no other tasks meanwhile.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if nothing is done in time. What is under way goes on.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct Never(std::sync::Mutex<Vec<Runnable>>);
    /// impl Spawn for Never {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         self.0.lock().unwrap().push(runnable);
    ///     }
    /// }
    ///
    /// let never = Never(Default::default());
    /// let mut results = MapUnordered::new(never, 2, [1, 2], |n| n);
    /// assert!(results.next_timeout(Duration::from_millis(1)).is_err());
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Mapped<R>>, TimedOut> {
        self.next_until(Deadline::after(timeout))
    }

    fn next_until(&mut self, deadline: Deadline) -> Result<Option<Mapped<R>>, TimedOut> {
        match self.0.next(deadline) {
            Next::Done(slot) => Ok(Some(self.hand_out(slot))),
            Next::NoMore => Ok(None),
            Next::TimedOut(timed_out) => Err(timed_out),
            Next::Refused(index, limit) => Ok(Some(self.refused(index, limit))),
        }
    }

    fn refused(&mut self, index: usize, limit: TooDeep) -> Mapped<R> {
        self.0.hand_out();
        Mapped { index, outcome: Err(JoinError::TooDeep(limit)) }
    }

    #[inline(always)]
    fn hand_out(&mut self, slot: SlotRef<I::Item, R>) -> Mapped<R> {
        let mapped = self.0.receive(slot);
        self.0.hand_out();
        mapped
    }
}

impl<I: Iterator, F, R, S> MapUnordered<I, F, R, S> {
    /// How many items have been pulled and not been yielded.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut results = MapUnordered::new(RightNow, 1, 0.., |n: i32| n).buffer(3);
    /// assert_eq!(results.under_way(), 0);
    /// results.next();
    /// assert!(results.under_way() <= 3);
    /// ```
    pub fn under_way(&self) -> usize {
        self.0.under_way()
    }
}

impl<I, F, R, S> Iterator for MapUnordered<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    type Item = Mapped<R>;

    #[inline(always)]
    fn next(&mut self) -> Option<Mapped<R>> {
        let slot = match self.0.at_once() {
            Some(slot) => slot,
            None => match self.0.next(Deadline::NEVER) {
                Next::Done(slot) => slot,
                Next::NoMore => return None,
                Next::Refused(index, limit) => return Some(self.refused(index, limit)),
                Next::TimedOut(_) => unreachable!("the wait has no deadline"),
            },
        };
        Some(self.hand_out(slot))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<I, F, R, S> ExactSizeIterator for MapUnordered<I, F, R, S>
where
    I: ExactSizeIterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I, F, R, S> FusedIterator for MapUnordered<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I: Iterator, F, R, S> fmt::Debug for MapUnordered<I, F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapUnordered").field("under_way", &self.under_way()).finish_non_exhaustive()
    }
}

/// A [`MapUnordered`] that gives up at a deadline.
///
/// It yields `Ok` for each item. When the deadline has passed and nothing is ready, it yields `Err`
/// once, and then nothing more. What is under way goes on until this is dropped, and
/// [`into_inner`](Self::into_inner) gives the iterator back that goes on waiting for it.
///
/// On a worker of a pool it runs no other tasks while it waits, because it could not stop them when
/// the time is up.
///
/// ```
/// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
/// use std::time::Duration;
///
/// struct RightNow;
/// impl Spawn for RightNow {
///     fn spawn(&self, runnable: Runnable) {
///         runnable.run();
///     }
/// }
///
/// let results = MapUnordered::new(RightNow, 1, 0..3, |n| n).timeout(Duration::from_secs(60));
/// assert!(results.map(|mapped| mapped.unwrap().outcome.unwrap()).eq(0..3));
/// ```
#[must_use = "iterators are lazy, and dropping this one cancels what has not been begun"]
pub struct MapUnorderedTimeout<I: Iterator, F, R, S> {
    results: MapUnordered<I, F, R, S>,
    term: Term,
}

impl<I: Iterator, F, R, S> MapUnorderedTimeout<I, F, R, S> {
    /// The iterator without the deadline, at the place where this one is.
    ///
    /// ```
    /// use photofinish_protocol::{MapUnordered, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let squares = MapUnordered::new(Threads, 4, 0..10, |n| n * n).timeout(Duration::ZERO);
    /// assert_eq!(squares.into_inner().map(|mapped| mapped.outcome.unwrap()).sum::<i32>(), 285);
    /// ```
    pub fn into_inner(self) -> MapUnordered<I, F, R, S> {
        self.results
    }
}

impl<I, F, R, S> Iterator for MapUnorderedTimeout<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    type Item = Result<Mapped<R>, TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        self.term.next(|deadline| self.results.next_until(deadline))
    }
}

impl<I, F, R, S> FusedIterator for MapUnorderedTimeout<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I: Iterator, F, R, S> fmt::Debug for MapUnorderedTimeout<I, F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapUnorderedTimeout")
            .field("results", &self.results)
            .field("deadline", self.term.deadline())
            .finish()
    }
}
