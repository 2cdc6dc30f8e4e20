//! Where a task's time has gone.

use std::time::{Duration, Instant};

/// Wraps a closure so that the task that is made of it tells where its time went: waiting for a
/// worker, running, and on the way to whoever asked for it.
///
/// The clock is read here, before and after the run, and when the result is
/// [received](Timed::received). A task that is not wrapped pays nothing.
///
/// A task that panics or is cancelled returns nothing, and so tells no times.
///
/// ```
/// use photofinish_protocol::{task, timed};
/// use std::time::Duration;
///
/// let (runnable, handle) = task(timed(|| std::thread::sleep(Duration::from_millis(2))));
/// runnable.run();
/// let ((), timing) = handle.join().unwrap().received();
/// assert!(timing.run >= Duration::from_millis(2));
/// assert!(timing.total() >= timing.run);
/// ```
pub fn timed<F, T>(closure: F) -> impl FnOnce() -> Timed<T>
where
    F: FnOnce() -> T,
{
    let submitted = Instant::now();
    move || {
        let began = Instant::now();
        let value = closure();
        Timed { value, submitted, began, ended: Instant::now() }
    }
}

/// What a [`timed`] task returned, and when.
///
/// ```
/// use photofinish_protocol::{task, timed};
///
/// let (runnable, handle) = task(timed(|| 7));
/// runnable.run();
/// assert_eq!(handle.join().unwrap().value, 7);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timed<T> {
    /// What the closure returned.
    pub value: T,
    submitted: Instant,
    began: Instant,
    ended: Instant,
}

impl<T> Timed<T> {
    /// The value, and the times, of which the last ends now: call it where the result arrives.
    ///
    /// ```
    /// use photofinish_protocol::{as_completed, task, timed};
    ///
    /// let (runnable, handle) = task(timed(|| 7));
    /// runnable.run();
    /// for finished in as_completed([handle]) {
    ///     let (value, timing) = finished.outcome.unwrap().received();
    ///     println!("{value}: waited {:?}, ran {:?}", timing.queue, timing.run);
    /// }
    /// ```
    pub fn received(self) -> (T, Timing) {
        let Self { value, submitted, began, ended } = self;
        let delivery = ended.elapsed();
        (value, Timing { queue: began - submitted, run: ended - began, delivery })
    }
}

/// Where the time of a [`timed`] task went.
///
/// ```
/// use photofinish_protocol::{Timing, task, timed};
///
/// let (runnable, handle) = task(timed(|| 7));
/// runnable.run();
/// let (_, timing) = handle.join().unwrap().received();
/// let Timing { queue, run, delivery } = timing;
/// assert!(queue <= timing.total() && run <= timing.total() && delivery <= timing.total());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the submission until a worker began it.
    pub queue: Duration,
    /// The run of the closure.
    pub run: Duration,
    /// From its end until it was received.
    pub delivery: Duration,
}

impl Timing {
    /// From the submission until the result was received.
    ///
    /// ```
    /// use photofinish_protocol::timed;
    ///
    /// let (_, timing) = timed(|| ())().received();
    /// assert_eq!(timing.total(), timing.queue + timing.run + timing.delivery);
    /// ```
    pub fn total(self) -> Duration {
        self.queue + self.run + self.delivery
    }
}
