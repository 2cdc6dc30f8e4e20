//! What all workers of a pool, and everybody who submits to it, have in common.

use photofinish_protocol::Runnable;
use photofinish_protocol::sync::Ordering::{Relaxed, SeqCst};
use photofinish_protocol::sync::{AtomicUsize, fence};

use crate::deque::{Injector, Stealer, insist};
use crate::idle::Idle;

/// Where other workers find a worker's tasks.
#[derive(Debug)]
pub(crate) struct Victim {
    /// What its own tasks have submitted.
    pub(crate) spawned: Stealer<Runnable>,
    /// What it has fetched from the injector.
    pub(crate) fetched: Stealer<Runnable>,
}

/// A pool's shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What was submitted from outside.
    pub(crate) injector: Injector<Runnable>,
    pub(crate) victims: Box<[Victim]>,
    pub(crate) idle: Idle,
    /// Where the pool is in its life. All accesses are Relaxed: the fences order them.
    stage: AtomicUsize,
}

/// The pool takes tasks, and its owner still has it.
const OPEN: usize = 0;
/// The owner has dropped the pool: it ends when all work is done.
const DRAINING: usize = 1;
/// All work is done; nothing is run any more.
const ENDED: usize = 2;

impl Shared {
    pub(crate) fn new(victims: Box<[Victim]>) -> Self {
        Self {
            injector: Injector::new(),
            idle: Idle::new(victims.len()),
            victims,
            stage: AtomicUsize::new(OPEN),
        }
    }

    /// Takes a task from outside the pool; one that comes after the end is abandoned.
    pub(crate) fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.idle.work_published();
        // The fence in there pairs with the one in `end`: either the end is seen here, or the
        // one who brought it about sees the task.
        if self.has_ended() {
            self.abandon_rest();
        }
    }

    /// Whether there is work that nobody has begun.
    pub(crate) fn has_work(&self) -> bool {
        let mut queues = self.victims.iter();
        !self.injector.is_empty()
            || queues.any(|victim| !victim.spawned.is_empty() || !victim.fetched.is_empty())
    }

    /// The owner drops the pool: the workers finish what there is, and what that submits.
    pub(crate) fn drain(&self) {
        self.stage.compare_exchange(OPEN, DRAINING, Relaxed, Relaxed).ok();
        // ORDERING (fence draining): SeqCst; pairs with the fence asleep: either a worker that
        // lies down sees the stage, or it is seen here and woken to look again.
        fence(SeqCst);
        self.idle.wake_one();
    }

    /// Ends the pool if it drains, there is no work, and all workers rest. Called by a worker
    /// that has just lain down.
    ///
    /// Should one of them have got up meanwhile, for a task from outside, it finishes that and
    /// all that it submits: a worker leaves only when it finds no work.
    pub(crate) fn end_if_drained(&self) {
        let drained = self.stage.load(Relaxed) == DRAINING
            && !self.has_work()
            && self.idle.resting() == self.victims.len();
        if drained {
            self.end();
        }
    }

    /// Ends the pool at once: workers stop before their next task, and what is queued is
    /// abandoned.
    pub(crate) fn end(&self) {
        self.stage.swap(ENDED, Relaxed);
        // ORDERING (fence ended): SeqCst; pairs with the fence published in inject, and with
        // the fence asleep: a worker that lies down sees the end, or is woken.
        fence(SeqCst);
        self.abandon_rest();
        self.idle.wake_all();
    }

    /// Whether nothing is run any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.stage.load(Relaxed) == ENDED
    }

    /// Drops what lies in the injector, which ends it as abandoned.
    #[cold]
    fn abandon_rest(&self) {
        while let Some(task) = insist(|| self.injector.steal()) {
            drop(task);
        }
    }
}
