//! Ours, by handles: tasks are submitted to the pool, and their handles added to a set.

use std::time::Instant;

use photofinish::{CompletionSet, Pool};

use crate::completion_set::{next_until, value};
use crate::design::{Design, pool};

/// The completion queue, through [`Pool::submit`] and [`CompletionSet::add`]: what
/// `as_completed(handles)` does, one handle at a time.
///
/// ```
/// use photofinish_baselines::{Design, ThroughHandles};
///
/// let mut design = ThroughHandles::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
#[derive(Debug)]
pub struct ThroughHandles<T> {
    set: CompletionSet<T>,
    pool: Pool,
}

impl<T: Send + 'static> Design<T> for ThroughHandles<T> {
    const NAME: &'static str = "photofinish-handles";

    fn with_workers(workers: usize) -> Self {
        Self { set: CompletionSet::new(), pool: pool(workers) }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.set.add(self.pool.submit(task));
    }

    fn next(&mut self) -> Option<T> {
        self.set.next_finished().map(value)
    }

    fn try_next(&mut self) -> Option<T> {
        self.set.try_next().map(value)
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        next_until(&mut self.set, deadline)
    }

    fn outstanding(&self) -> usize {
        self.set.remaining()
    }
}
