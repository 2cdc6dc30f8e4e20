//! A function applied to many inputs, by the workers of a pool; results in the order of the inputs.

use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use crate::error::{JoinError, TimedOut};
use crate::runnable::Spawn;
use crate::sync::Deadline;
use crate::window::{Mapped, Next, Window};

/// Applies a function to each input, on the workers of a pool, and yields the results in the order
/// of the inputs, errors at their place.
///
/// All that is said of [`MapUnordered`](crate::MapUnordered) holds here: it is lazy, its buffer is
/// strict, an item that fails does not end it, and dropping it cancels what has not been begun.
/// Results that are done before their turn wait in the buffer: if the first item takes long, no more
/// than the buffer holds are done meanwhile.
///
/// ```
/// use photofinish_protocol::{Map, Runnable, Spawn};
///
/// struct Threads;
/// impl Spawn for Threads {
///     fn spawn(&self, runnable: Runnable) {
///         std::thread::spawn(move || runnable.run());
///     }
/// }
///
/// let squares = Map::new(Threads, 2, 0_u64.., |n| n * n);
/// let squares: Vec<_> = squares.take(5).map(Result::unwrap).collect();
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// ```
#[must_use = "iterators are lazy, and dropping this one cancels what has not been begun"]
pub struct Map<I: Iterator, F, R, S> {
    window: Window<I, F, R, S>,
    /// What has been received, from the next item on.
    early: VecDeque<Option<Result<R, JoinError>>>,
    /// How many items have been yielded.
    yielded: usize,
}

impl<I, F, R, S> Map<I, F, R, S>
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
    /// use photofinish_protocol::{Map, Runnable, Spawn};
    ///
    /// struct Threads;
    /// impl Spawn for Threads {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         std::thread::spawn(move || runnable.run());
    ///     }
    /// }
    ///
    /// let squares = Map::new(Threads, 4, 0..10, |n| n * n);
    /// assert_eq!(squares.map(|square| square.unwrap()).sum::<i32>(), 285);
    /// ```
    pub fn new(
        pool: S,
        workers: usize,
        inputs: impl IntoIterator<IntoIter = I>,
        function: F,
    ) -> Self {
        let window = Window::new(pool, workers, inputs.into_iter(), function);
        Self { window, early: VecDeque::new(), yielded: 0 }
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
    /// use photofinish_protocol::{Map, Runnable, Spawn};
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
    /// let mut results = Map::new(RightNow, 1, inputs, |n| n).buffer(3);
    /// results.next();
    /// drop(results);
    /// assert_eq!(pulled, 3);
    /// ```
    pub fn buffer(mut self, buffer: usize) -> Self {
        self.window.set_buffer(buffer);
        self
    }

    /// Pulls the first inputs and has them begun now, not only when the first item is asked for.
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let results = Map::new(RightNow, 1, ["a", "b"], |letter| println!("{letter}")).start();
    /// println!("and now for the results");
    /// assert_eq!(results.count(), 2);
    /// ```
    pub fn start(mut self) -> Self {
        self.window.fill();
        self
    }

    /// Polls for at most about `spin` before parking, as [`AsCompleted::spin`].
    ///
    /// [`AsCompleted::spin`]: crate::AsCompleted::spin
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
    /// use std::time::Duration;
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// assert_eq!(Map::new(RightNow, 1, 0..10, |n| n).spin(Duration::ZERO).count(), 10);
    /// ```
    pub fn spin(mut self, spin: Duration) -> Self {
        self.window.set_spin(spin);
        self
    }

    /// Gives up `timeout` after this call, and then cancels what has not been begun.
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
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
    /// let mut results = Map::new(never, 2, [1, 2], |n| n).timeout(Duration::ZERO);
    /// assert_eq!(results.next().unwrap().unwrap_err().unfinished(), 2);
    /// assert!(results.next().is_none());
    /// ```
    pub fn timeout(self, timeout: Duration) -> MapTimeout<I, F, R, S> {
        MapTimeout { results: Some(self), deadline: Deadline::after(timeout) }
    }

    /// Gives up at `deadline`, and then cancels what has not been begun.
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
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
    /// let mut results = Map::new(never, 2, [1, 2], |n| n).deadline(Instant::now());
    /// assert!(results.next().unwrap().is_err());
    /// ```
    pub fn deadline(self, deadline: Instant) -> MapTimeout<I, F, R, S> {
        MapTimeout { results: Some(self), deadline: Deadline::at(deadline) }
    }

    /// Yields the next item if it is done, and `None` otherwise. Does not wait, but pulls inputs.
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut results = Map::new(RightNow, 1, ["a"], str::len);
    /// assert_eq!(results.try_next().unwrap().unwrap(), 1);
    /// assert!(results.try_next().is_none());
    /// ```
    pub fn try_next(&mut self) -> Option<Result<R, JoinError>> {
        loop {
            if let Some(outcome) = self.take_early() {
                return Some(outcome);
            }
            let slot = self.window.try_next()?;
            let mapped = self.window.receive(slot);
            self.keep(mapped);
        }
    }

    fn next_until(&mut self, deadline: Deadline) -> Result<Option<Result<R, JoinError>>, TimedOut> {
        loop {
            if let Some(outcome) = self.take_early() {
                return Ok(Some(outcome));
            }
            let mapped = match self.window.next(deadline) {
                Next::Done(slot) => self.window.receive(slot),
                Next::NoMore => return Ok(None),
                Next::TimedOut(timed_out) => return Err(timed_out),
                Next::Refused(index, limit) => {
                    Mapped { index, outcome: Err(JoinError::TooDeep(limit)) }
                }
            };
            self.keep(mapped);
        }
    }

    /// Takes the next item, if it has been received.
    fn take_early(&mut self) -> Option<Result<R, JoinError>> {
        // In time: while items that came before their turn are handed out, nothing else does it.
        self.window.fill_in_time();
        let outcome = self.early.front_mut()?.take()?;
        self.early.pop_front();
        self.yielded += 1;
        self.window.hand_out();
        Some(outcome)
    }

    fn keep(&mut self, mapped: Mapped<R>) {
        let place = mapped.index - self.yielded;
        while self.early.len() <= place {
            self.early.push_back(None);
        }
        self.early[place] = Some(mapped.outcome);
    }
}

impl<I: Iterator, F, R, S> Map<I, F, R, S> {
    /// How many items have been pulled and not been yielded.
    ///
    /// ```
    /// use photofinish_protocol::{Map, Runnable, Spawn};
    ///
    /// struct RightNow;
    /// impl Spawn for RightNow {
    ///     fn spawn(&self, runnable: Runnable) {
    ///         runnable.run();
    ///     }
    /// }
    ///
    /// let mut results = Map::new(RightNow, 1, 0.., |n: i32| n).buffer(3);
    /// assert_eq!(results.under_way(), 0);
    /// results.next();
    /// assert!(results.under_way() <= 3);
    /// ```
    pub fn under_way(&self) -> usize {
        self.window.under_way()
    }
}

impl<I, F, R, S> Iterator for Map<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    type Item = Result<R, JoinError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(Deadline::NEVER)
            .unwrap_or_else(|_| unreachable!("the wait has no deadline"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.window.size_hint()
    }
}

impl<I, F, R, S> ExactSizeIterator for Map<I, F, R, S>
where
    I: ExactSizeIterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I, F, R, S> FusedIterator for Map<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I: Iterator, F, R, S> fmt::Debug for Map<I, F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("under_way", &self.under_way()).finish_non_exhaustive()
    }
}

/// A [`Map`] that gives up at a deadline.
///
/// It yields `Ok` for each item. If the deadline has passed and the next item is not done, it yields
/// `Err` once, and then nothing more: the item that was waited for, and all after it, are cancelled
/// if they have not been begun, and dropped when they are done if they have.
///
/// On a worker of a pool it runs no other tasks while it waits, because it could not stop them when
/// the time is up.
///
/// ```
/// use photofinish_protocol::{Map, Runnable, Spawn};
/// use std::time::Duration;
///
/// struct RightNow;
/// impl Spawn for RightNow {
///     fn spawn(&self, runnable: Runnable) {
///         runnable.run();
///     }
/// }
///
/// let results = Map::new(RightNow, 1, 0..3, |n| n).timeout(Duration::from_secs(60));
/// let results: Result<Result<Vec<_>, _>, _> = results.collect();
/// assert_eq!(results.unwrap().unwrap(), [0, 1, 2]);
/// ```
#[must_use = "iterators are lazy, and dropping this one cancels what has not been begun"]
pub struct MapTimeout<I: Iterator, F, R, S> {
    /// Until the time is up.
    results: Option<Map<I, F, R, S>>,
    deadline: Deadline,
}

impl<I, F, R, S> Iterator for MapTimeout<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
    type Item = Result<Result<R, JoinError>, TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.results.as_mut()?.next_until(self.deadline);
        if next.is_err() {
            self.results = None;
        }
        next.transpose()
    }
}

impl<I, F, R, S> FusedIterator for MapTimeout<I, F, R, S>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: Fn(I::Item) -> R + Send + Sync + 'static,
    R: Send + 'static,
    S: Spawn + Send + Sync + 'static,
{
}

impl<I: Iterator, F, R, S> fmt::Debug for MapTimeout<I, F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapTimeout")
            .field("results", &self.results)
            .field("deadline", &self.deadline)
            .finish()
    }
}
