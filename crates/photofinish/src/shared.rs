//! What all workers of a pool, and everybody who submits to it, have in common.

use std::error::Error;
use std::mem;
use std::num::NonZeroUsize;

use photofinish_protocol::inbox::{Batch, Inbox};
use photofinish_protocol::sync::Ordering::SeqCst;
use photofinish_protocol::sync::fence;
use photofinish_protocol::{JoinError, Runnable};

use crate::counters::{Counters, Tally};
use crate::idle::Idle;
use crate::life::{Cause, Life, Stage};
use crate::metrics::Metrics;
use crate::queues::Victim;
use crate::room::Room;

/// A pool's shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What was submitted from outside.
    pub(crate) inbox: Inbox,
    pub(crate) victims: Box<[Victim]>,
    pub(crate) idle: Idle,
    /// If the pool is bounded, the room in its queues.
    room: Option<Room>,
    life: Life,
    /// How many tasks a halt has cancelled.
    cancelled: Tally,
}

/// Why a pool takes nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    Full,
    ShutDown,
    Broken(Cause),
}

/// Tasks from outside that are published soon.
struct Arrivals<'a> {
    shared: &'a Shared,
    waiting: Batch,
}

impl Arrivals<'_> {
    /// How many are published at a time: so many that it costs next to nothing, and so few that a
    /// worker need not wait for them.
    const TOGETHER: usize = 64;

    fn push(&mut self, task: Runnable) {
        self.waiting.push(task);
        if self.waiting.len() == Self::TOGETHER {
            self.shared.inbox.push_batch(mem::take(&mut self.waiting));
        }
    }
}

impl Drop for Arrivals<'_> {
    fn drop(&mut self) {
        self.shared.inbox.push_batch(mem::take(&mut self.waiting));
        self.shared.injected();
    }
}

impl Shared {
    pub(crate) fn new(victims: Box<[Victim]>, capacity: Option<usize>) -> Self {
        Self {
            inbox: Inbox::new(),
            idle: Idle::new(victims.len()),
            victims,
            room: capacity.map(Room::new),
            life: Life::new(),
            cancelled: Tally::default(),
        }
    }

    /// Takes room for a task from outside, and waits for it if the pool is bounded and full.
    #[inline]
    pub(crate) fn enter(&self) {
        if let Some(room) = &self.room {
            room.enter(|| self.has_halted());
        }
    }

    /// Whether there is a bound on how many tasks may be queued.
    pub(crate) fn is_bounded(&self) -> bool {
        self.room.is_some()
    }

    /// Takes room for a task of the pool's own, which goes over the bound if there is none: a
    /// worker that waited for room could be the one who is to make it.
    #[inline]
    pub(crate) fn enter_anyway(&self) {
        if let Some(room) = &self.room {
            room.enter_anyway();
        }
    }

    /// Takes room for a task, if the pool takes any and there is room.
    pub(crate) fn try_enter(&self) -> Result<(), Refusal> {
        match self.life.stage() {
            Stage::Open | Stage::Draining => {}
            Stage::Ended | Stage::Halted => return Err(Refusal::ShutDown),
            Stage::Broken => return Err(Refusal::Broken(self.life.cause())),
        }
        match &self.room {
            Some(room) if !room.try_enter() => Err(Refusal::Full),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes a task from outside the pool; one that comes after the end is not run.
    #[inline]
    pub(crate) fn inject(&self, task: Runnable) {
        self.inbox.push(task);
        self.injected();
    }

    /// Takes many tasks from outside, linked on this thread and published some at a time. A worker
    /// is woken for the first one, which wakes the next while there is work, and once more when all
    /// are there, or when `tasks` panics.
    pub(crate) fn inject_all(&self, tasks: &mut dyn Iterator<Item = Runnable>) {
        let Some(first) = tasks.next() else { return };
        self.inject(first);
        let mut arrivals = Arrivals { shared: self, waiting: Batch::EMPTY };
        tasks.for_each(|task| arrivals.push(task));
    }

    /// Tasks from outside have been pushed.
    #[inline]
    fn injected(&self) {
        self.idle.work_pushed();
        // The fence in there pairs with the one in `stop`: either the end is seen here, or the
        // one who brought it about sees the task.
        self.sweep_if_ended();
    }

    /// Called by whoever has taken from the inbox: what came meanwhile, and is not to be run, was
    /// left to this thread.
    #[inline]
    pub(crate) fn sweep_if_ended(&self) {
        if self.has_ended() {
            self.sweep();
        }
    }

    /// Called by a worker that has put tasks into one of its queues, after it has published them:
    /// if nothing is begun any more, they are not to lie there until it looks.
    #[inline]
    pub(crate) fn sweep_if_halted(&self) {
        if self.has_halted() {
            self.sweep();
        }
    }

    /// Runs a task that was queued, for a worker, unless nothing is begun any more.
    #[inline(always)]
    pub(crate) fn run(&self, task: Runnable, counters: &Counters) {
        if let Some(room) = &self.room {
            room.leave();
        }
        if self.has_halted() {
            self.dispose(task);
        } else {
            counters.begun.count();
            task.run();
            counters.finished.count();
        }
    }

    /// Whether there is work that nobody has begun.
    pub(crate) fn has_work(&self) -> bool {
        !self.inbox.is_empty() || self.victims.iter().any(Victim::has_work)
    }

    /// How many tasks are queued; while others submit and run, one look at each queue.
    pub(crate) fn queued(&self) -> usize {
        let outside = self.inbox.count();
        // Workers that came meanwhile have left it to this thread to look again.
        self.idle.work_moved(|| self.has_work());
        self.sweep_if_ended();
        outside + self.victims.iter().map(Victim::queued).sum::<usize>()
    }

    /// How many tasks have begun and not finished.
    pub(crate) fn running(&self) -> usize {
        self.victims.iter().map(|victim| victim.counters.running()).sum()
    }

    /// The owner gives the pool up: the workers finish what there is, and what that submits.
    pub(crate) fn drain(&self) {
        self.life.advance(Stage::Draining);
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
        let drained = self.life.stage() == Stage::Draining
            && !self.has_work()
            && self.idle.resting() == self.victims.len();
        if drained {
            self.end();
        }
    }

    /// Ends the pool: what comes from outside is abandoned, and workers leave when they find no
    /// work.
    pub(crate) fn end(&self) {
        self.stop(Stage::Ended);
    }

    /// Ends the pool at once: workers begin nothing more, and what is queued is cancelled. How
    /// many tasks that were is in [`cancelled`](Self::cancelled), when all workers have left. Gives
    /// the number of those that run on.
    pub(crate) fn halt(&self) -> usize {
        // Before anybody learns that his task is cancelled, and lets another one end for that.
        self.life.advance(Stage::Halted);
        let running = self.running();
        self.stop(Stage::Halted);
        running
    }

    /// How many tasks have been cancelled by a halt.
    pub(crate) fn cancelled(&self) -> usize {
        self.cancelled.get()
    }

    /// Ends the pool because a worker was lost: what is queued fails with `cause`, and so does what
    /// comes. The other workers finish what they have begun.
    pub(crate) fn break_down(&self, cause: impl Error + Send + Sync + 'static) {
        self.life.blame(cause);
        self.stop(Stage::Broken);
    }

    fn stop(&self, stage: Stage) {
        self.life.advance(stage);
        // ORDERING (fence ended): SeqCst; pairs with the fence published in inject and in a
        // worker's submit, and with the fence asleep: whoever publishes a task sees the stage, or
        // the task is swept up here; a worker that lies down sees it, or is woken.
        fence(SeqCst);
        self.sweep();
        if let Some(room) = &self.room
            && self.has_halted()
        {
            room.open();
        }
        self.idle.wake_all();
    }

    /// Whether workers leave when they find no work.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.life.has_reached(Stage::Ended)
    }

    /// Whether nothing is begun any more.
    #[inline]
    fn has_halted(&self) -> bool {
        self.life.has_reached(Stage::Halted)
    }

    /// Ends what nobody is to begin any more, wherever it is queued. A task in somebody's hands
    /// is ended by that one: a worker looks before it runs one, and after it has moved some.
    #[cold]
    fn sweep(&self) {
        loop {
            self.inbox.take(usize::MAX).for_each(|task| self.discard(task));
            // Another thread that takes sweeps afterwards, too.
            if self.inbox.is_empty() {
                break;
            }
        }
        if !self.has_halted() {
            // A worker that has got up for a late task from outside finishes what that submits.
            return;
        }
        for victim in &self.victims {
            victim.empty(|task| self.discard(task));
        }
    }

    /// Ends a task that was queued.
    fn discard(&self, task: Runnable) {
        if let Some(room) = &self.room {
            room.leave();
        }
        self.dispose(task);
    }

    /// Ends a task that will not run, on this thread, as the stage says.
    #[cold]
    fn dispose(&self, task: Runnable) {
        match self.life.stage() {
            Stage::Open | Stage::Draining | Stage::Ended => drop(task),
            Stage::Halted => {
                if task.cancel() {
                    self.cancelled.count();
                }
            }
            Stage::Broken => {
                task.fail(JoinError::Broken(self.life.cause()));
            }
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.victims.len()).expect("a pool has workers")
    }

    /// Where the pool is in its life.
    pub(crate) fn stage(&self) -> Stage {
        self.life.stage()
    }

    /// What there is to tell about the pool.
    pub(crate) fn metrics(&self) -> Metrics {
        let counters = || self.victims.iter().map(|victim| &victim.counters);
        Metrics {
            workers: self.victims.len(),
            finished: counters().map(|counters| counters.finished.get()).sum(),
            running: self.running(),
            queued: self.queued(),
            steals: counters().map(|counters| counters.steals.get()).sum(),
            parks: counters().map(|counters| counters.parks.get()).sum(),
            wakes: counters().map(|counters| counters.wakes.get()).sum(),
            searching: self.idle.searching(),
            sleeping: self.idle.sleeping(),
        }
    }
}
