//! Ours, the fast path: tasks are promised to the completion set when they are submitted.

use std::time::Instant;

use photofinish::{CompletionSet, Finished, Pool};

use crate::design::{Design, pool};

/// The completion queue, through [`CompletionSet::submit`].
///
/// ```
/// use photofinish_baselines::{Design, ThroughSet};
///
/// let mut design = ThroughSet::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
#[derive(Debug)]
pub struct ThroughSet<T> {
    set: CompletionSet<T>,
    pool: Pool,
}

impl<T: Send + 'static> Design<T> for ThroughSet<T> {
    const NAME: &'static str = "photofinish-set";

    fn with_workers(workers: usize) -> Self {
        Self { set: CompletionSet::new(), pool: pool(workers) }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.set.submit(&self.pool, task);
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

/// The value of a task, which has not panicked and which nobody cancels.
pub(crate) fn value<T>(finished: Finished<T>) -> T {
    match finished.outcome {
        Ok(value) => value,
        Err(error) => panic!("task {} of a design has no result: {error}", finished.index),
    }
}

/// Waits for the set's next value until `deadline`.
pub(crate) fn next_until<T>(set: &mut CompletionSet<T>, deadline: Instant) -> Option<T> {
    let timeout = deadline.saturating_duration_since(Instant::now());
    set.next_timeout(timeout).ok().flatten().map(value)
}
