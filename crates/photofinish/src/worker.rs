//! A worker: finds tasks, runs them, and rests when there are none.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use photofinish_protocol::helper::{Helper, assist};
use photofinish_protocol::inbox::Batch;
use photofinish_protocol::sync::{self, Arc, BUFFER, Deadline, Gathering, Parker, Tempo};
use photofinish_protocol::{Panic, Runnable, TooDeep, contain};

use crate::deque::{Stealer, insist};
use crate::idle::{Bed, Risen};
use crate::queues::Queues;
use crate::rejected::WorkerLost;
use crate::shared::Shared;
use crate::stack::StackGauge;

/// One thread of a pool.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    index: usize,
    queues: Queues,
    /// The other end of the worker's own `spawned`, where the oldest task is.
    oldest: Stealer<Runnable>,
    stack: StackGauge,
    spin: Duration,
    /// Whether the census counts this worker as searching.
    searching: Cell<bool>,
    turn: Cell<usize>,
    /// Whether the worker is to end as if by a defect of this library.
    lost: Cell<bool>,
    /// How many tasks it had begun when it looked around last.
    begun: Cell<usize>,
    tempo: RefCell<Tempo>,
    gathering: Gathering,
}

/// Once in so many turns a worker looks first at what came from outside, so that tasks which
/// keep submitting others cannot hold those up for ever.
const OUTSIDERS_TURN: usize = 64;

sync::thread_local! {
    /// Which worker this thread is.
    static CURRENT: RefCell<Option<Rc<Worker>>> = RefCell::new(None);
    /// Of which pool, which is all that a submitter from outside looks at.
    static POOL: Cell<*const Shared> = Cell::new(ptr::null());
}

impl Worker {
    pub(crate) fn new(
        shared: Arc<Shared>,
        index: usize,
        queues: Queues,
        stack: StackGauge,
        spin: Duration,
    ) -> Self {
        Self {
            shared,
            index,
            oldest: queues.spawned.stealer(),
            queues,
            stack,
            spin,
            searching: Cell::new(false),
            turn: Cell::new(index),
            lost: Cell::new(false),
            begun: Cell::new(0),
            tempo: RefCell::new(Tempo::new()),
            gathering: Gathering::new(),
        }
    }

    /// Runs tasks on this thread until the pool ends. Never unwinds; should a panic come out of the
    /// library itself, the pool breaks.
    pub(crate) fn work(
        shared: Arc<Shared>,
        index: usize,
        queues: Queues,
        stack: StackGauge,
        spin: Duration,
    ) {
        let worker = Rc::new(Worker::new(shared, index, queues, stack, spin));
        CURRENT.with(|current| current.replace(Some(Rc::clone(&worker))));
        POOL.with(|pool| pool.set(ptr::from_ref(&*worker.shared)));
        sync::join_crowd();
        let helper = Rc::clone(&worker) as Rc<dyn Helper>;
        let worked = catch_unwind(AssertUnwindSafe(|| assist(helper, || worker.run())));
        sync::leave_crowd();
        POOL.with(|pool| pool.set(ptr::null()));
        CURRENT.with(RefCell::take);
        if let Err(payload) = worked {
            let panic = Panic::new(payload);
            worker.shared.break_down(WorkerLost::new(index, panic.message()));
            contain(|| drop(panic));
        }
    }

    /// Makes the calling thread's worker end with a panic when it looks for its next task, as a
    /// defect of this library would.
    pub(crate) fn lose_current() {
        CURRENT.with(|current| {
            if let Some(worker) = &*current.borrow() {
                worker.lost.set(true);
                worker.turn.set(OUTSIDERS_TURN - 1);
            }
        });
    }

    /// Whether the calling thread is a worker of the pool.
    #[inline]
    pub(crate) fn is_current(shared: &Arc<Shared>) -> bool {
        POOL.try_with(Cell::get).is_ok_and(|pool| ptr::eq(pool, &**shared))
    }

    /// Queues `task` with the calling worker, or from outside if that is not one of the pool's.
    #[inline]
    pub(crate) fn submit(shared: &Arc<Shared>, task: Runnable) {
        if Self::is_current(shared) {
            shared.enter_anyway();
            Self::submit_inside(shared, task);
        } else {
            shared.enter();
            shared.inject(task);
        }
    }

    /// Queues `task`, for which room has been taken.
    #[inline]
    pub(crate) fn submit_entered(shared: &Arc<Shared>, task: Runnable) {
        if Self::is_current(shared) {
            Self::submit_inside(shared, task);
        } else {
            shared.inject(task);
        }
    }

    /// Queues `task` with the calling worker, which is one of the pool's.
    fn submit_inside(shared: &Arc<Shared>, task: Runnable) {
        Self::current(shared).expect("the thread is a worker's").push(task);
    }

    /// As [`submit`](Self::submit), with many. A worker is woken for the first one, which wakes the
    /// next while there is work, and once more when all are queued.
    pub(crate) fn submit_all(shared: &Arc<Shared>, tasks: &mut dyn Iterator<Item = Runnable>) {
        if shared.is_bounded() {
            // Those that wait for room want workers who are awake.
            return tasks.for_each(|task| Self::submit(shared, task));
        }
        let Some(worker) = Self::current(shared) else { return shared.inject_all(tasks) };
        let Some(first) = tasks.next() else { return };
        Self::submit(shared, first);
        let _queued = Finally(|| {
            shared.idle.work_published();
            shared.sweep_if_halted();
        });
        tasks.for_each(|task| worker.queues.spawned.push(task));
    }

    /// Queues a task of the worker's own.
    #[inline]
    fn push(&self, task: Runnable) {
        self.queues.spawned.push(task);
        self.shared.idle.work_published();
        self.shared.sweep_if_halted();
    }

    /// The calling thread's worker, if it is the pool's. While a thread's locals are being
    /// destroyed it is nobody's any more.
    #[inline]
    fn current(shared: &Arc<Shared>) -> Option<Rc<Worker>> {
        if !Self::is_current(shared) {
            return None;
        }
        CURRENT.with(|current| current.borrow().clone())
    }

    fn run(&self) {
        loop {
            if self.step() {
                continue;
            }
            if self.shared.has_ended() {
                return;
            }
            self.start_searching();
            if !self.look_around() {
                self.rest();
            }
        }
    }

    /// Runs the next task, if there is one.
    #[inline(always)]
    pub(crate) fn step(&self) -> bool {
        let Some(task) = self.find() else { return false };
        self.stop_searching();
        self.shared.run(task, &self.queues.counters);
        true
    }

    /// The next task for a worker with nothing begun: the oldest it can reach.
    #[inline]
    fn find(&self) -> Option<Runnable> {
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        if turn.is_multiple_of(OUTSIDERS_TURN)
            && let outsiders @ Some(_) = self.give_outsiders_their_turn()
        {
            return outsiders;
        }
        if let own @ Some(_) = self.take_oldest() {
            return own;
        }
        if let outsiders @ Some(_) = self.fetch() {
            return outsiders;
        }
        self.steal()
    }

    /// A task that came from outside, before the worker's own.
    #[cold]
    fn give_outsiders_their_turn(&self) -> Option<Runnable> {
        assert!(!self.lost.get(), "the worker was to be lost");
        self.fetch()
    }

    /// The oldest of the worker's own tasks.
    #[inline]
    fn take_oldest(&self) -> Option<Runnable> {
        // A look at an empty queue costs less than a steal.
        if self.queues.spawned.is_empty() { None } else { insist(|| self.oldest.steal()) }
    }

    /// The next task for a worker that waits inside one: the newest of its own, which is the
    /// most likely to be what it waits for.
    fn find_nested(&self) -> Option<Runnable> {
        self.queues.spawned.pop().or_else(|| self.steal()).or_else(|| self.fetch())
    }

    /// A task that came from outside.
    #[inline]
    fn fetch(&self) -> Option<Runnable> {
        if let next @ Some(_) = self.queues.fetched.pop() {
            return next;
        }
        self.fetch_more()
    }

    /// The oldest task of the inbox, and some more for later.
    fn fetch_more(&self) -> Option<Runnable> {
        let inbox = &self.shared.inbox;
        self.gathering.pause();
        // Most polls of an empty inbox end with this look, and leave the lines to submitters.
        if inbox.is_silent() {
            self.gathering.found(0);
            return None;
        }
        let batch = inbox.take(BUFFER + 1);
        self.gathering.found(batch.len());
        self.shared.sweep_if_ended();
        self.keep(batch)
    }

    /// A task of another worker.
    #[inline(never)]
    fn steal(&self) -> Option<Runnable> {
        let victims = &self.shared.victims;
        let others = (1..victims.len()).map(|step| {
            // Each turn begins with another victim.
            let offset = (step + self.turn.get()) % (victims.len() - 1) + 1;
            &victims[(self.index + offset) % victims.len()]
        });
        // What is stolen together has to fit in; inside a task that waits, there may be no room.
        let most = if self.queues.fetched.is_empty() { BUFFER } else { 1 };
        let stolen = others.into_iter().find_map(|victim| {
            insist(|| victim.spawned.steal()).or_else(|| self.keep(victim.fetched.steal(most)))
        });
        if stolen.is_some() {
            self.queues.counters.steals.count();
        }
        stolen
    }

    /// Takes the first task of a batch, and keeps the others for later, or for other workers.
    fn keep(&self, mut batch: Batch) -> Option<Runnable> {
        let task = batch.next()?;
        if batch.len() > 0 {
            self.queues.fetched.fill(batch);
        }
        // On their way from queue to queue the tasks were in none, and while this worker took
        // from the inbox, others left that to it. Whoever looked for work just then, and went to
        // sleep, has to be told.
        self.shared.idle.work_moved(|| self.shared.has_work());
        self.shared.sweep_if_halted();
        Some(task)
    }

    fn start_searching(&self) {
        if !self.searching.replace(true) {
            self.shared.idle.begin_search();
        }
    }

    #[inline]
    fn stop_searching(&self) {
        if self.searching.get() {
            self.leave_search();
        }
    }

    /// Searches no more, and wakes the next worker if it was the last to search and there is
    /// work left.
    #[cold]
    fn leave_search(&self) {
        self.searching.set(false);
        if self.shared.idle.stop_search() && self.shared.has_work() {
            self.shared.idle.wake_one();
        }
    }

    /// Whether there may be work, before it is time to sleep.
    fn look_around(&self) -> bool {
        let begun = self.queues.counters.begun.get();
        let mut tempo = self.tempo.borrow_mut();
        tempo.arrived(begun.wrapping_sub(self.begun.replace(begun)));
        let mut spin = tempo.wait(self.spin, Deadline::NEVER, usize::MAX);
        while spin.again() {
            if self.shared.has_work() || self.shared.has_ended() {
                return true;
            }
        }
        false
    }

    /// Sleeps, with nothing begun, until there may be work.
    fn rest(&self) {
        let parker = Parker::current();
        self.lie_down(Bed::Own, parker);
        self.shared.end_if_drained();
        while self.may_sleep() && !self.shared.has_ended() {
            self.queues.counters.parks.count();
            parker.park();
        }
        self.get_up(Bed::Own);
        self.tempo.borrow_mut().overslept(self.spin);
    }

    fn lie_down(&self, bed: Bed, parker: &'static Parker) {
        self.searching.set(false);
        sync::leave_crowd();
        self.shared.idle.lie_down(self.index, bed, parker);
    }

    fn may_sleep(&self) -> bool {
        self.shared.idle.sleeps(self.index) && !self.shared.has_work()
    }

    /// Gets up, searching: whoever was silent while this worker lay down relied on it to find
    /// what there is, and to wake the next if that is more than one task.
    fn get_up(&self, bed: Bed) {
        sync::join_crowd();
        match self.shared.idle.get_up(self.index, bed) {
            Risen::Chosen => {
                self.queues.counters.wakes.count();
                self.searching.set(true);
            }
            Risen::ByItself => self.start_searching(),
        }
    }
}

impl Helper for Worker {
    fn help(&self) -> Result<bool, TooDeep> {
        self.stack.check()?;
        let Some(task) = self.find_nested() else { return Ok(false) };
        self.stop_searching();
        self.shared.run(task, &self.queues.counters);
        Ok(true)
    }

    fn park(&self, parker: &'static Parker) {
        self.start_searching();
        self.lie_down(Bed::Nested, parker);
        if self.may_sleep() {
            self.queues.counters.parks.count();
            parker.park();
        }
        self.get_up(Bed::Nested);
    }

    fn leave(&self) {
        self.stop_searching();
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("index", &self.index).finish_non_exhaustive()
    }
}

/// Does something when it is dropped, by a panic too.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
