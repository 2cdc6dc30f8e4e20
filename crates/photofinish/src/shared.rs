//! What all workers of a pool, and everybody who submits to it, have in common.

use std::error::Error;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use crossbeam_utils::CachePadded;
use photofinish_protocol::inbox::{Batch, Inbox};
use photofinish_protocol::run_buffer::Thief;
use photofinish_protocol::sync::Ordering::{Relaxed, SeqCst};
use photofinish_protocol::sync::{AtomicUsize, BUFFER, fence};
use photofinish_protocol::{JoinError, Runnable};

use crate::counters::{Counters, Tally};
use crate::deque::{Stealer, insist};
use crate::idle::Idle;
use crate::metrics::Metrics;
use crate::room::Room;

/// What others see of a worker: where its tasks are, and what it has counted.
#[derive(Debug)]
pub(crate) struct Victim {
    /// What its own tasks have submitted.
    pub(crate) spawned: Stealer<Runnable>,
    /// What it has fetched from the inbox.
    pub(crate) fetched: Thief<BUFFER>,
    pub(crate) counters: Arc<CachePadded<Counters>>,
}

/// A pool's shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What was submitted from outside.
    pub(crate) inbox: Inbox,
    pub(crate) victims: Box<[Victim]>,
    pub(crate) idle: Idle,
    /// If the pool is bounded, the room in its queues.
    room: Option<Room>,
    /// Where the pool is in its life.
    ///
    /// ORDERING: Relaxed everywhere; whoever moves the pool on fences afterwards (draining, ended),
    /// and whoever has to see it has fenced before it looks (published, asleep).
    stage: AtomicUsize,
    /// How many tasks a halt has cancelled.
    cancelled: Tally,
    /// Why the pool broke. Set before the stage says so, and read after.
    cause: OnceLock<Cause>,
}

/// Why a pool broke.
type Cause = Arc<dyn Error + Send + Sync>;

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

// The stages, in the order in which a pool can pass them; it may leave some out.

/// The pool takes tasks, and its owner still has it.
const OPEN: usize = 0;
/// The owner has given the pool up: it ends when all work is done.
const DRAINING: usize = 1;
/// All work is done; what comes from outside is abandoned.
const ENDED: usize = 2;
/// The owner wants nothing more to begin: what is queued, or comes, is cancelled.
const HALTED: usize = 3;
/// A worker was lost: what is queued, or comes, fails with the cause.
const BROKEN: usize = 4;

impl Shared {
    pub(crate) fn new(victims: Box<[Victim]>, capacity: Option<usize>) -> Self {
        Self {
            inbox: Inbox::new(),
            idle: Idle::new(victims.len()),
            victims,
            room: capacity.map(Room::new),
            stage: AtomicUsize::new(OPEN),
            cancelled: Tally::default(),
            cause: OnceLock::new(),
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
        match self.stage() {
            OPEN | DRAINING => {}
            BROKEN => return Err(Refusal::Broken(self.cause())),
            _ => return Err(Refusal::ShutDown),
        }
        match &self.room {
            Some(room) if !room.try_enter() => Err(Refusal::Full),
            _ => Ok(()),
        }
    }

    /// Takes a task from outside the pool; one that comes after the end is not run.
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
    #[inline]
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
        let mut queues = self.victims.iter();
        !self.inbox.is_empty()
            || queues.any(|victim| !victim.spawned.is_empty() || !victim.fetched.is_empty())
    }

    /// How many tasks are queued; while others submit and run, one look at each queue.
    pub(crate) fn queued(&self) -> usize {
        let outside = self.inbox.count();
        // Workers that came meanwhile have left it to this thread to look again.
        self.idle.work_moved(|| self.has_work());
        self.sweep_if_ended();
        let queues = self.victims.iter().map(|victim| victim.spawned.len() + victim.fetched.len());
        outside + queues.sum::<usize>()
    }

    /// How many tasks have begun and not finished.
    pub(crate) fn running(&self) -> usize {
        self.victims.iter().map(|victim| victim.counters.running()).sum()
    }

    /// The owner gives the pool up: the workers finish what there is, and what that submits.
    pub(crate) fn drain(&self) {
        self.advance(DRAINING);
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
        let drained = self.stage() == DRAINING
            && !self.has_work()
            && self.idle.resting() == self.victims.len();
        if drained {
            self.end();
        }
    }

    /// Ends the pool: what comes from outside is abandoned, and workers leave when they find no
    /// work.
    pub(crate) fn end(&self) {
        self.stop(ENDED);
    }

    /// Ends the pool at once: workers begin nothing more, and what is queued is cancelled. How
    /// many tasks that were is in [`cancelled`](Self::cancelled), when all workers have left. Gives
    /// the number of those that run on.
    pub(crate) fn halt(&self) -> usize {
        // Before anybody learns that his task is cancelled, and lets another one end for that.
        self.advance(HALTED);
        let running = self.running();
        self.stop(HALTED);
        running
    }

    /// How many tasks have been cancelled by a halt.
    pub(crate) fn cancelled(&self) -> usize {
        self.cancelled.get()
    }

    /// Ends the pool because a worker was lost: what is queued fails with `cause`, and so does what
    /// comes. The other workers finish what they have begun.
    pub(crate) fn break_down(&self, cause: impl Error + Send + Sync + 'static) {
        // The first cause stays.
        self.cause.get_or_init(|| Arc::new(cause));
        self.stop(BROKEN);
    }

    fn cause(&self) -> Cause {
        Arc::clone(self.cause.wait())
    }

    fn stop(&self, stage: usize) {
        self.advance(stage);
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

    /// Moves on to `stage`, unless the pool is there already, or further.
    fn advance(&self, stage: usize) {
        let mut seen = self.stage();
        while seen < stage {
            // ORDERING: Relaxed; the caller fences afterwards.
            match self.stage.compare_exchange(seen, stage, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    fn stage(&self) -> usize {
        // ORDERING: Relaxed; whoever must not miss a stage has fenced before this.
        self.stage.load(Relaxed)
    }

    /// Whether workers leave when they find no work.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.stage() >= ENDED
    }

    /// Whether nothing is begun any more.
    #[inline]
    fn has_halted(&self) -> bool {
        self.stage() >= HALTED
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
            while let Some(task) = insist(|| victim.spawned.steal()) {
                self.discard(task);
            }
            while !victim.fetched.is_empty() {
                victim.fetched.steal(BUFFER).for_each(|task| self.discard(task));
            }
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
        match self.stage() {
            BROKEN => {
                task.fail(JoinError::Broken(self.cause()));
            }
            HALTED => {
                if task.cancel() {
                    self.cancelled.count();
                }
            }
            _ => drop(task),
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.victims.len()).expect("a pool has workers")
    }

    /// Where the pool is in its life, in a word.
    pub(crate) fn stage_name(&self) -> &'static str {
        match self.stage() {
            OPEN => "open",
            DRAINING => "draining",
            ENDED => "ended",
            HALTED => "halted",
            _ => "broken",
        }
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

/// Does something when it is dropped, by a panic too.
pub(crate) struct Finally<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
