//! The models, each named after what it races.

#![cfg(loom)]

mod attach_vs_complete;
mod cancel_vs_complete_vs_attach;
mod cancel_vs_run;
mod canceller_vs_join;
mod completer_dropped;
mod consumer_changes_thread;
mod drop_handle_vs_complete;
mod drop_iterator_while_completing;
mod freeze;
mod helping_wait;
mod into_unfinished_vs_complete;
mod join_timeout_vs_complete;
mod last_owner_frees_once;
mod linearizability;
mod park_unpark_lost_wakeup;
mod pool;
mod recycled_signal;
mod roles;
mod timeout_vs_complete;
mod twins;
mod two_sets;

use photofinish_loom_tests::{Crossing, Value, spawn};
use photofinish_protocol::{JoinError, Runnable, Spawn};

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
