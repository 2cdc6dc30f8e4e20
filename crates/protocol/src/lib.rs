//! The proven part of [photofinish]: tasks that complete by one atomic transition of their word
//! and are delivered by one atomic push onto their consumer's word.
//!
//! This crate has no threads, no deque and no executor; the `photofinish` crate adds those and
//! re-exports what users need. Whatever is public here and not re-exported there may change in
//! any release.
//!
//! The modules, each using only those above it:
//!
//! | module | what it holds |
//! |---|---|
//! | [`sync`] | the seam: `std`, or a model checker |
//! | `state` | the life of a task as plain data |
//! | `word` | the same, applied atomically |
//! | `panic`, `error`, `id` | what tasks come to, and their names |
//! | `term` | the time that an iterator has |
//! | `timed` | where a task's time has gone |
//! | `unseen` | errors that nobody looked at |
//! | `trace` | what a subscriber sees of a task |
//! | `waker_slot` | a waker that many may use at once |
//! | `signal` | whom to wake |
//! | [`slab`] | memory in cells, recycled a chunk at a time |
//! | `storage` | where memory comes from |
//! | `prefetch` | asking for memory before it is needed |
//! | `queue` | the completion queue |
//! | `destination` | where a finished task goes |
//! | `cell` | a task in memory |
//! | `task` | what the holders of a task's shares do |
//! | `canceller` | the share of whoever may only cancel |
//! | `context` | what a running task can know of itself |
//! | [`helper`] | what a worker does while it waits |
//! | `consumer` | the waiting end of a queue |
//! | `handle`, `runnable` | the shares of a task as values |
//! | [`inbox`] | tasks on their way to a pool |
//! | [`run_buffer`] | tasks within a worker's reach |
//! | `claims`, `slot`, `block` | many items in one piece of memory, and who works on which |
//! | `window` | the consumer's side of a block |
//! | `map`, `map_unordered` | a function applied to many inputs |
//! | `completer` | a task that somebody else completes |
//! | `scope` | tasks that borrow |
//! | `waiters` | who waits for one outcome |
//! | `shared_handle` | one outcome for many |
//! | `roster` | who is outstanding |
//! | `adder` | feeding a set from other threads |
//! | `outstanding` | many tasks at once |
//! | `as_completed`, `keyed`, `wait` | all of some tasks, or enough of them |
//! | `completion_set`, `deadline_set` | tasks that go on coming |
//!
//! [photofinish]: https://docs.rs/photofinish

pub mod sync;

mod state;
mod word;

mod panic;

mod error;
mod id;

mod term;
mod timed;
mod unseen;

mod trace;

mod waker_slot;

mod signal;
pub mod slab;
mod storage;

mod prefetch;

mod queue;

mod destination;

mod cell;
mod task;

mod canceller;
mod context;

pub mod helper;

mod consumer;

mod handle;

mod runnable;

pub mod inbox;
pub mod run_buffer;

mod claims;
mod slot;

mod block;

mod window;

mod map;
mod map_unordered;

mod completer;

mod scope;
mod waiters;

mod shared_handle;

mod roster;

mod adder;

mod outstanding;

mod as_completed;
mod keyed;
mod wait;

mod completion_set;
mod deadline_set;

pub use adder::Adder;
pub use as_completed::{
    AsCompleted, AsCompletedStream, AsCompletedTimeout, FinishedShared, TaskHandle, as_completed,
};
pub use canceller::{Cancelled, Canceller};
pub use completer::{Completer, completer};
pub use completion_set::{CompletionSet, CompletionSetStream};
pub use context::TaskContext;
pub use deadline_set::{DeadlineSet, Overdue};
pub use error::{JoinError, TimedOut, TooDeep};
pub use handle::JoinHandle;
pub use id::TaskId;
pub use keyed::{AsCompletedKeyed, AsCompletedKeyedTimeout, as_completed_keyed};
pub use map::{Map, MapTimeout};
pub use map_unordered::{MapUnordered, MapUnorderedStream, MapUnorderedTimeout, Mapped};
pub use outstanding::Finished;
pub use panic::{Panic, contain};
pub use runnable::{Runnable, Spawn, task};
pub use scope::{Scope, scope};
pub use shared_handle::{SharedHandle, SharedWait};
pub use state::{Phase, Snapshot};
pub use timed::{Timed, Timing, timed};
pub use unseen::{AlreadySet, on_unseen_error};
pub use wait::{Until, Waited, wait, wait_deadline, wait_timeout};
