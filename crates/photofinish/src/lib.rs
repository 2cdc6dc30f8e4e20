//! Results in the order they cross the line.
//!
//! A work-stealing pool whose tasks complete by one atomic transition and are delivered by one
//! atomic push, with [`as_completed`] on top: results in the order tasks finish.
//!
//! ```
//! use photofinish::{CompletionSet, Pool, as_completed, completer};
//! use std::time::Duration;
//!
//! let pool = Pool::builder().workers(4).build()?;
//! let task = pool.submit(|| 6 * 7); // a handle, which can be joined, awaited, cancelled
//! assert_eq!(task.join()?, 42);
//!
//! let words = ["three", "blind", "mice"];
//! let tasks = words.map(|word| pool.submit(move || word.len()));
//! for finished in as_completed(tasks).timeout(Duration::from_secs(60)) {
//!     let finished = finished?; // or the time is up; nothing is lost, and the iterator goes on
//!     match finished.outcome {
//!         Ok(length) => println!("{} has {length} letters", words[finished.index]),
//!         Err(why) => eprintln!("{why}"), // panicked, cancelled, abandoned
//!     }
//! }
//! let lengths = pool.map_unordered(words, str::len); // as they come; `map`: in their order
//! assert_eq!(lengths.map(|mapped| mapped.outcome.unwrap()).sum::<usize>(), 14);
//! pool.scope(|scope| {
//!     scope.submit(|| println!("{words:?} are borrowed"));
//! }); // returns when all tasks in it have ended
//!
//! let mut set = CompletionSet::new(); // for tasks that go on coming, from any pool
//! set.submit(&pool, || "from the pool");
//! let (elsewhere, handle) = completer();
//! set.add(handle);
//! std::thread::spawn(|| elsewhere.complete("from a thread"));
//! while let Some(finished) = set.next_finished() {
//!     println!("{}", finished.outcome?);
//! } // dropping the pool finishes what is queued
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to do | use |
//! |---|---|
//! | run something, get its result | [`Pool::submit`], [`JoinHandle::join`]; many at once: [`Pool::submit_batch`] |
//! | many results, as they come | [`as_completed`], with [`AsCompleted::timeout`]; with keys: [`as_completed_keyed`] |
//! | the first result, or the first error | [`wait`] with [`Until`] |
//! | more tasks while results come in | [`CompletionSet`]; from other threads: [`CompletionSet::adder`] |
//! | a deadline for each task | [`DeadlineSet`] |
//! | one function for many inputs | [`Pool::map`], in their order; [`Pool::map_unordered`], as they come |
//! | submit from inside tasks | [`Pool::handle`] |
//! | not more than so many queued | [`Builder::queue_capacity`], [`Pool::try_submit`] |
//! | end a pool | drop it, or [`Pool::shutdown_now`], [`Pool::shutdown_timeout`], [`Pool::detach`] |
//! | tasks that borrow | [`Pool::scope`] |
//! | cancel what has not begun | [`JoinHandle::cancel`], [`JoinHandle::canceller`] |
//! | stop a task that runs | [`JoinHandle::cancel`] asks, [`TaskContext`] looks |
//! | await it, on any executor | [`JoinHandle`] is a future; [`AsCompleted::into_stream`], [`CompletionSet::next_async`], [`CompletionSet::stream`] |
//! | call something with the result | [`JoinHandle::on_complete`] |
//! | one result for many | [`JoinHandle::shared`]; [`as_completed`] takes shared handles, too |
//! | feed it from elsewhere | [`completer`] |
//! | see what goes on | [`Pool::metrics`], [`timed`] tasks, [`on_unseen_error`], [tracing](#tracing) |
//!
//! # In async code
//!
//! The same handles, iterators and sets can be awaited, on any executor, in turns with the calls that
//! block. Tasks may block, as always; whoever awaits them does not.
//!
//! ```
//! use futures::StreamExt; // or the StreamExt of another crate
//! use photofinish::{Pool, as_completed};
//!
//! # futures::executor::block_on(async {
//! let pool = Pool::builder().workers(4).build()?;
//! assert_eq!(pool.submit(|| 6 * 7).await.unwrap(), 42);
//!
//! let tasks = (0..10).map(|n| pool.submit(move || n * n));
//! let mut results = as_completed(tasks).into_stream();
//! let mut sum = 0;
//! while let Some(finished) = results.next().await {
//!     sum += finished.outcome.unwrap();
//! }
//! assert_eq!(sum, 285);
//! # Ok::<(), photofinish::BuildError>(())
//! # }).unwrap();
//! ```
//!
//! # Tracing
//!
//! With the feature `tracing` each task that is submitted to a pool, a set or a scope is a span for
//! subscribers of [tracing]: `task`, at the level of debugging, with the target `photofinish` and the
//! fields `id` and `outcome` (returned, failed, cancelled). Its parent is the span that its submitter
//! was in, which therefore stays open until its tasks are done. It opens at the submission, is entered
//! while the task runs, has an event `delivered` when the task is handed to whoever waits for it, and
//! closes when the outcome has been taken and the last [`Canceller`] has gone. Items of
//! [`Pool::map`] and [`Pool::map_unordered`] are no tasks of their own, and have none.
//!
//! A subscriber runs in the middle of all that: its panics are contained, but deliveries wait for its
//! locks. Without the feature, which is the default, none of it is compiled.
//!
//! [tracing]: https://docs.rs/tracing
//!
//! # What is guaranteed
//!
//! * Each task is yielded exactly once, whether it returned, panicked, was cancelled or was
//!   abandoned.
//! * Once a task's body has returned, its delivery to a blocking or polling consumer waits for
//!   no other thread, wherever any one is stopped. (Allocation is excepted; parking is a futex on
//!   Linux, and takes a lock for a moment elsewhere.)
//! * A worker that waits runs other tasks meanwhile. Waits that follow the tree of submissions
//!   never deadlock, with a single worker, up to a depth that follows from
//!   [`Builder::stack_size`]; beyond it they end as [`JoinError::TooDeep`].
//! * A pool that is idle uses no CPU.
//!
//! # What is not
//!
//! * With `panic = "abort"` a panicking task ends the process. So does memory that runs out, as it does
//!   in `Box::new`; [`Builder::queue_capacity`] bounds what is queued.
//! * `next` and `join` block the thread they are called on: in async code, that is the executor's.
//!   Await there instead. An await runs no other tasks of a pool, as a join on a worker does: if all
//!   workers block on executors that await tasks of the same pool, those do not begin.
//! * Waits on what is not a descendant of the waiting task, or under a lock that other tasks take,
//!   may deadlock.

mod deque;

mod idle;

mod build_error;
mod counters;
mod life;
mod metrics;
mod rejected;
mod room;
mod stack;

mod queues;

mod shared;

mod worker;

mod handle;

mod shutdown;

mod pool;
mod stepped;

mod builder;

pub use build_error::BuildError;
pub use builder::Builder;
pub use handle::{Handle, Map, MapTimeout, MapUnordered, MapUnorderedStream, MapUnorderedTimeout};
pub use metrics::Metrics;
pub use pool::Pool;
pub use rejected::{Rejected, WorkerLost};
pub use shutdown::{Shutdown, Unfinished};
#[doc(hidden)]
pub use stepped::{Stepped, lose_this_worker};

pub use photofinish_protocol::{
    Adder, AlreadySet, AsCompleted, AsCompletedKeyed, AsCompletedKeyedTimeout, AsCompletedStream,
    AsCompletedTimeout, Cancelled, Canceller, Completer, CompletionSet, CompletionSetStream,
    DeadlineSet, Finished, FinishedShared, JoinError, JoinHandle, Mapped, Overdue, Panic, Runnable,
    Scope, SharedHandle, SharedWait, Spawn, TaskContext, TaskHandle, TaskId, Timed, TimedOut,
    Timing, TooDeep, Until, Waited, as_completed, as_completed_keyed, completer, on_unseen_error,
    task, timed, wait, wait_deadline, wait_timeout,
};
