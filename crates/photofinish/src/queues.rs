//! The queues of one worker, from within and from without.

use std::sync::Arc;

use crossbeam_utils::CachePadded;
use photofinish_protocol::Runnable;
use photofinish_protocol::run_buffer::{RunBuffer, Thief};
use photofinish_protocol::sync::BUFFER;

use crate::counters::Counters;
use crate::deque::{Stealer, Worker, insist};

/// A worker's own queues and counters, made before its thread is.
pub(crate) struct Queues {
    /// What its own tasks submit. Waits take the newest, so that they go no deeper than the tree
    /// of submissions; otherwise the oldest is next.
    pub(crate) spawned: Worker<Runnable>,
    /// What it has fetched from the inbox, oldest first.
    pub(crate) fetched: RunBuffer<BUFFER>,
    pub(crate) counters: Arc<CachePadded<Counters>>,
}

impl Queues {
    pub(crate) fn new() -> Self {
        Self { spawned: Worker::new_lifo(), fetched: RunBuffer::new(), counters: Arc::default() }
    }

    /// The same queues for others.
    pub(crate) fn victim(&self) -> Victim {
        Victim {
            spawned: self.spawned.stealer(),
            fetched: self.fetched.thief(),
            counters: Arc::clone(&self.counters),
        }
    }
}

/// What others see of a worker: where its tasks are, and what it has counted.
#[derive(Debug)]
pub(crate) struct Victim {
    /// What its own tasks have submitted.
    pub(crate) spawned: Stealer<Runnable>,
    /// What it has fetched from the inbox.
    pub(crate) fetched: Thief<BUFFER>,
    pub(crate) counters: Arc<CachePadded<Counters>>,
}

impl Victim {
    /// Whether it has any task that has not begun.
    pub(crate) fn has_work(&self) -> bool {
        !self.spawned.is_empty() || !self.fetched.is_empty()
    }

    /// How many of its tasks have not begun.
    pub(crate) fn queued(&self) -> usize {
        self.spawned.len() + self.fetched.len()
    }

    /// Takes all that it has queued, for `end` to end.
    pub(crate) fn empty(&self, end: impl Fn(Runnable)) {
        while let Some(task) = insist(|| self.spawned.steal()) {
            end(task);
        }
        while !self.fetched.is_empty() {
            self.fetched.steal(BUFFER).for_each(&end);
        }
    }
}
