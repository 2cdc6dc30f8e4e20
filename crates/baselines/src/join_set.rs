//! Tokio's `JoinSet`.

use std::marker::PhantomData;
use std::time::Instant;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

use crate::design::Design;
use crate::poller::Poller;

/// Tokio's multi-thread runtime with so many workers, and a `JoinSet` of asynchronous tasks.
///
/// The consumer stands outside the runtime, polls the set itself and parks its thread in
/// between: no `block_on`, which would enter the runtime for each result, and no budget of polls,
/// which binds tasks only. Deadlines are the park's, so that the runtime needs no timer. Dropping
/// the design cancels what has not begun.
///
/// ```
/// use photofinish_baselines::{Design, TokioJoinSet};
///
/// let mut design = TokioJoinSet::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
pub type TokioJoinSet<T> = Joining<OnWorkers, T>;

/// As [`TokioJoinSet`], but the tasks run on so many of the runtime's blocking threads, beside
/// one worker that has nothing to do.
///
/// ```
/// use photofinish_baselines::{Design, TokioSpawnBlocking};
///
/// let mut design = TokioSpawnBlocking::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
pub type TokioSpawnBlocking<T> = Joining<OnBlockingThreads, T>;

/// Where in the runtime tasks run.
pub trait Place {
    /// The name of the design.
    const NAME: &'static str;

    /// A runtime with so many threads there.
    fn runtime(workers: usize) -> Runtime;

    /// Has `task` run there.
    fn spawn<T, F>(set: &mut JoinSet<T>, task: F, runtime: &Handle)
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static;
}

/// On the workers of the runtime, as an asynchronous task that never waits.
#[derive(Debug)]
pub struct OnWorkers;

impl Place for OnWorkers {
    const NAME: &'static str = "tokio-join-set";

    fn runtime(workers: usize) -> Runtime {
        Builder::new_multi_thread().worker_threads(workers).build().expect(STARTS)
    }

    fn spawn<T, F>(set: &mut JoinSet<T>, task: F, runtime: &Handle)
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        set.spawn_on(async move { task() }, runtime);
    }
}

/// On the threads that the runtime keeps for what blocks.
#[derive(Debug)]
pub struct OnBlockingThreads;

impl Place for OnBlockingThreads {
    const NAME: &'static str = "tokio-spawn-blocking";

    fn runtime(workers: usize) -> Runtime {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(1).max_blocking_threads(workers).build().expect(STARTS)
    }

    fn spawn<T, F>(set: &mut JoinSet<T>, task: F, runtime: &Handle)
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        set.spawn_blocking_on(task, runtime);
    }
}

const STARTS: &str = "the runtime of a design can be started";

/// A `JoinSet` whose tasks run in a [`Place`] of the runtime.
#[derive(Debug)]
pub struct Joining<P, T: 'static> {
    /// Before the runtime, so that what has not begun is cancelled first.
    set: JoinSet<T>,
    runtime: Runtime,
    consumer: Poller,
    place: PhantomData<P>,
}

impl<P: Place, T: Send + 'static> Design<T> for Joining<P, T> {
    const NAME: &'static str = P::NAME;

    fn with_workers(workers: usize) -> Self {
        let runtime = P::runtime(workers);
        let consumer = Poller::of_this_thread();
        Self { set: JoinSet::new(), runtime, consumer, place: PhantomData }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        P::spawn(&mut self.set, task, self.runtime.handle());
    }

    fn next(&mut self) -> Option<T> {
        self.consumer.wait(|context| self.set.poll_join_next(context)).map(value)
    }

    fn try_next(&mut self) -> Option<T> {
        self.set.try_join_next().map(value)
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        self.consumer.wait_until(deadline, |cx| self.set.poll_join_next(cx)).flatten().map(value)
    }

    fn outstanding(&self) -> usize {
        self.set.len()
    }
}

/// The value of a task, which has not panicked and which nobody aborts.
fn value<T>(joined: Result<T, tokio::task::JoinError>) -> T {
    joined.unwrap_or_else(|error| panic!("a task of a design has no result: {error}"))
}
