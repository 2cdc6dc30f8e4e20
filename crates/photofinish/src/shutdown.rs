//! What became of the tasks of a pool that was shut down.

use std::error::Error;
use std::fmt;

/// What [`Pool::shutdown_now`](crate::Pool::shutdown_now) has come to.
///
/// ```
/// use photofinish::Pool;
///
/// let shutdown = Pool::new()?.shutdown_now();
/// assert_eq!((shutdown.cancelled, shutdown.awaited), (0, 0));
/// assert_eq!(shutdown.to_string(), "0 tasks cancelled, 0 waited for");
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// How many tasks had not begun, and were cancelled by this shutdown.
    pub cancelled: usize,
    /// How many tasks were running, and were waited for.
    pub awaited: usize,
}

impl Shutdown {
    pub(crate) fn new(cancelled: usize, awaited: usize) -> Self {
        Self { cancelled, awaited }
    }
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tasks cancelled, {} waited for", self.cancelled, self.awaited)
    }
}

/// The time was up before a pool had finished its work. The work goes on without its owner, and
/// the threads end when it is done.
///
/// The numbers are those of one look at each worker and each queue, one after the other, while the
/// work went on. A task that was cancelled counts as queued until a worker comes to it.
///
/// ```
/// use photofinish::Pool;
/// use std::time::Duration;
///
/// let pool = Pool::builder().workers(1).build()?;
/// let (release, held) = std::sync::mpsc::channel::<()>();
/// let task = pool.submit(move || held.recv().is_err());
/// let unfinished = pool.shutdown_timeout(Duration::ZERO).unwrap_err();
/// assert!(unfinished.queued + unfinished.running <= 1); // it may be between the two
/// drop(release);
/// assert!(task.join().unwrap());
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// How many tasks had not begun.
    pub queued: usize,
    /// How many tasks were running, those included that waited for others.
    pub running: usize,
}

impl Unfinished {
    pub(crate) fn new(queued: usize, running: usize) -> Self {
        Self { queued, running }
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queued, running } = self;
        write!(f, "the pool is not finished: {queued} tasks queued, {running} running")
    }
}

impl Error for Unfinished {}
