//! `FuturesUnordered`, over tasks that executors of futures run.

use std::fmt;
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use async_executor::{StaticExecutor, Task};
use futures::channel::oneshot;
use futures::executor::{ThreadPool, block_on};
use futures::future::RemoteHandle;
use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::SpawnExt;

use crate::design::Design;
use crate::poller::Poller;

/// The futures crate's own `ThreadPool`, and its remote handles in a `FuturesUnordered`.
///
/// The consumer polls the set itself and parks its thread in between. What is ready before it is
/// polled for the first time comes in the order of submission, between those whose wakes have
/// come: not even with one worker are all results in the order of completion. Dropping the design cancels what has not begun.
///
/// ```
/// use photofinish_baselines::{Design, FuturesPool};
///
/// let mut design = FuturesPool::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
pub type FuturesPool<T> = Unordered<ThreadPool, T>;

/// Smol's executor, run by so many threads, and its tasks in a `FuturesUnordered`.
///
/// The executor is a static one, which keeps no list of its tasks under a lock. As with
/// [`FuturesPool`], the consumer polls the set itself, and the same holds of the order and of
/// dropping.
///
/// ```
/// use photofinish_baselines::{AsyncExecutor, Design};
///
/// let mut design = AsyncExecutor::with_workers(1);
/// design.submit(|| 'x');
/// assert_eq!(design.next(), Some('x'));
/// ```
pub type AsyncExecutor<T> = Unordered<Smol, T>;

/// Runs futures, and hands out futures of their outputs.
pub trait Spawner<T> {
    /// The name of the design.
    const NAME: &'static str;

    /// A future of a task's output.
    type Handle: Future<Output = T>;

    /// Starts so many threads.
    fn with_workers(workers: usize) -> Self;

    /// Runs `task` on one of them.
    fn spawn(&self, task: impl FnOnce() -> T + Send + 'static) -> Self::Handle;
}

impl<T: Send + 'static> Spawner<T> for ThreadPool {
    const NAME: &'static str = "futures-unordered";

    type Handle = RemoteHandle<T>;

    fn with_workers(workers: usize) -> Self {
        ThreadPool::builder().pool_size(workers).create().expect(STARTS)
    }

    fn spawn(&self, task: impl FnOnce() -> T + Send + 'static) -> RemoteHandle<T> {
        self.spawn_with_handle(async move { task() }).expect("a thread pool takes every task")
    }
}

/// Threads that run a static executor until they are told to stop.
#[derive(Debug)]
pub struct Smol {
    executor: &'static StaticExecutor,
    threads: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl<T: Send + 'static> Spawner<T> for Smol {
    const NAME: &'static str = "async-executor";

    type Handle = Task<T>;

    fn with_workers(workers: usize) -> Self {
        let executor: &StaticExecutor = Box::leak(Box::new(StaticExecutor::new()));
        let thread = |_| {
            let (stop, stopped) = oneshot::channel();
            let run = move || {
                // The sender is dropped without a word.
                let _ = block_on(executor.run(stopped));
                // Those that were cancelled meanwhile are dropped by being run.
                while executor.try_tick() {}
            };
            (stop, thread::Builder::new().spawn(run).expect(STARTS))
        };
        Self { executor, threads: (0..workers).map(thread).collect() }
    }

    fn spawn(&self, task: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        self.executor.spawn(async move { task() })
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        let (stops, threads): (Vec<_>, Vec<_>) = self.threads.drain(..).unzip();
        drop(stops);
        for thread in threads {
            thread.join().expect("no task panics");
        }
    }
}

const STARTS: &str = "the threads of a design can be started";

/// The tasks of a [`Spawner`] in a `FuturesUnordered`.
pub struct Unordered<S: Spawner<T>, T> {
    /// Before the spawner, so that what has not begun is cancelled first.
    tasks: FuturesUnordered<S::Handle>,
    spawner: S,
    consumer: Poller,
}

impl<S: Spawner<T>, T: Send + 'static> Design<T> for Unordered<S, T> {
    const NAME: &'static str = S::NAME;

    fn with_workers(workers: usize) -> Self {
        let consumer = Poller::of_this_thread();
        Self { tasks: FuturesUnordered::new(), spawner: S::with_workers(workers), consumer }
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.tasks.push(self.spawner.spawn(task));
    }

    fn next(&mut self) -> Option<T> {
        let Self { tasks, consumer, .. } = self;
        consumer.wait(|context| tasks.poll_next_unpin(context))
    }

    fn try_next(&mut self) -> Option<T> {
        // Nobody is to be woken when nothing is ready.
        match self.tasks.poll_next_unpin(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => None,
        }
    }

    fn next_until(&mut self, deadline: Instant) -> Option<T> {
        let Self { tasks, consumer, .. } = self;
        consumer.wait_until(deadline, |context| tasks.poll_next_unpin(context)).flatten()
    }

    fn outstanding(&self) -> usize {
        self.tasks.len()
    }
}

impl<S: Spawner<T>, T> fmt::Debug for Unordered<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unordered").field("outstanding", &self.tasks.len()).finish_non_exhaustive()
    }
}
