//! The models, each named after what it races.

#![cfg(loom)]

mod adder;
mod async_to_blocking_switch;
mod attach_vs_complete;
mod await_dropped_vs_complete;
mod block;
mod cancel_vs_complete_vs_attach;
mod cancel_vs_run;
mod canceller_vs_join;
mod completer_dropped;
mod consumer_changes_thread;
mod drop_handle_vs_complete;
mod drop_iterator_while_completing;
mod freeze;
mod helping_wait;
mod inbox;
mod into_unfinished_vs_complete;
mod join_timeout_vs_complete;
mod last_owner_frees_once;
mod linearizability;
mod on_complete;
mod park_unpark_lost_wakeup;
mod pool;
mod recycled_signal;
mod recycled_waker_slot;
mod roles;
mod run_buffer;
mod scope_exit;
mod shared_handles;
mod slab;
mod stream_vs_push;
mod timeout_vs_complete;
mod twins;
mod two_as_completed;
mod two_sets;
mod waker_reregistration;

use std::future::{Future, poll_fn};
use std::pin::Pin;

use futures_core::Stream;
use photofinish_loom_tests::{Crossing, Mark, Value, spawn};
use photofinish_protocol::helper::Helper;
use photofinish_protocol::sync::Parker;
use photofinish_protocol::{Completer, JoinError, JoinHandle, Runnable, Spawn, TooDeep, completer};

/// A pool whose every task has a thread of the model to itself.
struct Threads;

impl Spawn for Threads {
    fn spawn(&self, runnable: Runnable) {
        spawn(|| runnable.run());
    }
}

/// The same, with a point that the thread passes when the task has been delivered.
struct ThreadsThatCross(Crossing);

impl Spawn for ThreadsThatCross {
    fn spawn(&self, runnable: Runnable) {
        let crossing = self.0.clone();
        spawn(move || {
            runnable.run();
            crossing.pass();
        });
    }
}

/// A worker whose stack is used up.
struct Full;

impl Helper for Full {
    fn help(&self) -> Result<bool, TooDeep> {
        Err(TooDeep::new(1, 1))
    }

    fn park(&self, _: &Parker) {
        unreachable!("a refused wait does not park");
    }

    fn leave(&self) {}
}

/// A task that another thread completes with `value`.
fn completed_elsewhere(value: u32) -> JoinHandle<Value> {
    let (completer, handle) = completer();
    spawn(move || completer.complete(Value::new(value)).unwrap());
    handle
}

/// Completes a task on another thread, which marks that it has.
fn complete_and_mark(completer: Completer<Value>, value: u32) -> Mark {
    let completed = Mark::new();
    let completes = completed.clone();
    spawn(move || {
        completer.complete(Value::new(value)).unwrap();
        completes.set();
    });
    completed
}

/// The next item of a stream, as a future.
fn next<S: Stream + Unpin>(stream: &mut S) -> impl Future<Output = Option<S::Item>> + Unpin {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context))
}

/// The number that a task returned, read on this thread.
fn number(outcome: Result<Value, JoinError>) -> u32 {
    outcome.expect("the task returned").number()
}

fn is_cancelled(outcome: Result<Value, JoinError>) -> bool {
    match outcome {
        Ok(value) => {
            value.number();
            false
        }
        Err(JoinError::Cancelled) => true,
        Err(error) => panic!("neither returned nor cancelled: {error}"),
    }
}
