//! What a pool tells about itself.

/// A pool's numbers since it was built, and as they are.
///
/// Each worker counts for itself, without a read-modify-write, and one look is taken at each
/// number, one after the other: while the pool works they need not fit together. They order
/// nothing, and are for people who watch a pool, not for programs that wait for one.
///
/// ```
/// use photofinish::Pool;
///
/// let pool = Pool::builder().workers(2).build()?;
/// let tasks: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
/// for task in tasks {
///     task.join().unwrap();
/// }
/// let handle = pool.handle();
/// pool.shutdown(); // a result may be there before it counts, but not for ever
/// let metrics = handle.metrics();
/// assert_eq!((metrics.workers, metrics.queued, metrics.finished), (2, 0, 10));
/// # Ok::<(), photofinish::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// How many workers the pool has.
    pub workers: usize,
    /// How many tasks workers have run to their end, panicked ones included. A task that was
    /// cancelled in the queue counts when a worker comes to it.
    pub finished: usize,
    /// How many tasks are running, those included that wait for others.
    pub running: usize,
    /// How many tasks are queued. One that was cancelled counts until a worker comes to it.
    pub queued: usize,
    /// How many times a worker took tasks, one or several, from another worker's queues.
    pub steals: usize,
    /// How many times a worker went to sleep.
    pub parks: usize,
    /// How many times a worker was woken because there was work.
    pub wakes: usize,
    /// How many workers look for work.
    pub searching: usize,
    /// How many workers sleep, those included that wait inside a task.
    pub sleeping: usize,
}
