//! What people do who have no queue of completions: they join their handles one after the other.

use std::collections::VecDeque;
use std::time::Instant;

use photofinish::{JoinError, JoinHandle, Pool};
use photofinish_baselines::Design;

/// The same pool, whose handles are joined in the order of their submission. A task that takes
/// long holds up all that finished behind it. It is in no catalogue of designs that deliver in
/// completion order: bursts are measured against it.
///
/// ```
/// use photofinish_baselines::Design;
/// use photofinish_bench::in_order::InOrder;
///
/// let mut design = InOrder::with_workers(2);
/// design.submit(|| 'a');
/// design.submit(|| 'b');
/// assert_eq!((design.next(), design.next(), design.next()), (Some('a'), Some('b'), None));
/// ```
#[derive(Debug)]
pub struct InOrder<T> {
    handles: VecDeque<JoinHandle<T>>,
    pool: Pool,
}

impl<T: Send + 'static> InOrder<T> {
    /// Takes the first handle's result, if `join` gives it; the handle goes back otherwise.
    fn first(
        &mut self,
        join: impl FnOnce(JoinHandle<T>) -> Result<Result<T, JoinError>, JoinHandle<T>>,
    ) -> Option<T> {
        match join(self.handles.pop_front()?) {
            Ok(outcome) => Some(outcome.expect("tasks of a design return")),
            Err(handle) => {
                self.handles.push_front(handle);
                None
            }
        }
    }
}

impl<T: Send + 'static> Design<T> for InOrder<T> {
    const NAME: &'static str = "join-in-order";

    fn with_workers(workers: usize) -> Self {
        let pool = Pool::builder().workers(workers).thread_name("worker");
        let pool = pool.build().expect("the pool of a design can be built");
        Self { handles: VecDeque::new(), pool }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.handles.push_back(self.pool.submit(task));
    }

    fn next(&mut self) -> Option<T> {
        self.first(|handle| Ok(handle.join()))
    }

    fn try_next(&mut self) -> Option<T> {
        self.first(JoinHandle::try_join)
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        self.first(|handle| handle.join_timeout(timeout))
    }

    fn outstanding(&self) -> usize {
        self.handles.len()
    }
}
