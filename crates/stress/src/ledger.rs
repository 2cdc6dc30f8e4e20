//! The books: every task is delivered or let go exactly once, and every payload dropped exactly
//! once.
//!
//! Each task of a round has a number and a word of counters in a static table.
//!
//! ORDERING: Relaxed everywhere, on purpose: the books order nothing, so a missing edge in the code
//! under test stays visible to a sanitizer. What the payloads carry is plain memory, for the same
//! reason.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{Finished, JoinError};

/// The most tasks of one round.
const CAPACITY: usize = 1 << 16;

static TABLE: [AtomicU32; CAPACITY] = [const { AtomicU32::new(0) }; CAPACITY];
static ENTERED: AtomicUsize = AtomicUsize::new(0);
/// Payloads and worker threads that exist.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// A counter of four bits within a task's word.
#[derive(Clone, Copy)]
struct Column(u32);

const RAN: Column = Column(0);
const DELIVERED: Column = Column(4);
const LET_GO: Column = Column(8);
const TOKEN_DROPPED: Column = Column(12);
const VALUE_MADE: Column = Column(16);
const VALUE_DROPPED: Column = Column(20);
const TO_PANIC: Column = Column(24);

impl Column {
    fn count(self, task: u32) {
        TABLE[task as usize].fetch_add(1 << self.0, Relaxed);
    }

    fn of(self, word: u32) -> u32 {
        (word >> self.0) & 0xF
    }
}

/// The sums over all rounds.
#[derive(Debug)]
pub(crate) struct Totals {
    completions: AtomicU64,
    cancelled: AtomicU64,
    panicked: AtomicU64,
    abandoned: AtomicU64,
    broken: AtomicU64,
    lost_workers: AtomicU64,
    let_go: AtomicU64,
    executions: AtomicU64,
    panics: AtomicU64,
    timed_out: AtomicU64,
    lost: AtomicU64,
    twice: AtomicU64,
    wrong: AtomicU64,
}

static TOTALS: Totals = Totals {
    completions: AtomicU64::new(0),
    cancelled: AtomicU64::new(0),
    panicked: AtomicU64::new(0),
    abandoned: AtomicU64::new(0),
    broken: AtomicU64::new(0),
    lost_workers: AtomicU64::new(0),
    let_go: AtomicU64::new(0),
    executions: AtomicU64::new(0),
    panics: AtomicU64::new(0),
    timed_out: AtomicU64::new(0),
    lost: AtomicU64::new(0),
    twice: AtomicU64::new(0),
    wrong: AtomicU64::new(0),
};

fn add(total: &AtomicU64) {
    total.fetch_add(1, Relaxed);
}

/// The closing line, and whether nothing is wrong.
pub(crate) fn totals() -> (String, bool) {
    let read = |total: &AtomicU64| total.load(Relaxed);
    let t = &TOTALS;
    let line = format!(
        "{} completions, {} cancelled, {} panicked, {} abandoned, {} broken, {} let go, \
         {} lost, {} twice",
        read(&t.completions),
        read(&t.cancelled),
        read(&t.panicked),
        read(&t.abandoned),
        read(&t.broken),
        read(&t.let_go),
        read(&t.lost),
        read(&t.twice),
    );
    (line, read(&t.lost) + read(&t.twice) + read(&t.wrong) == 0)
}

/// How many tasks have run, and what was done to make it hard.
pub(crate) fn faults() -> String {
    let read = |total: &AtomicU64| total.load(Relaxed);
    let t = &TOTALS;
    format!(
        "{} executions; faults injected: {} panics, {} cancels, {} time-outs, {} drops, {} lost workers",
        read(&t.executions),
        read(&t.panics),
        read(&t.cancelled),
        read(&t.timed_out),
        read(&t.let_go),
        read(&t.lost_workers),
    )
}

/// A wait has given up, as it was told to.
pub(crate) fn timed_out() {
    add(&TOTALS.timed_out);
}

/// A worker is about to be lost, as it was told to.
pub(crate) fn lost_worker() {
    add(&TOTALS.lost_workers);
}

/// Something that must not be.
pub(crate) fn wrong(what: &str) {
    add(&TOTALS.wrong);
    eprintln!("wrong: {what}");
}

/// What a task is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// It panics instead of returning.
    pub(crate) panics: bool,
    /// What it captured panics when dropped, wherever that is.
    pub(crate) token_panics: bool,
    /// Its value panics when dropped, unless it is delivered before.
    pub(crate) value_panics: bool,
    /// How often it yields, or with 100 and more, how many microseconds it sleeps.
    pub(crate) pause: u16,
}

/// The payload of all panics that are intended.
#[derive(Debug)]
pub(crate) struct Intended;

fn number(task: u32) -> u64 {
    (u64::from(task) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Something of a task's that is live, with memory of its own that says whose it is.
#[derive(Debug)]
struct Stamp {
    task: u32,
    number: Box<u64>,
}

impl Stamp {
    fn of(task: u32) -> Self {
        LIVE.fetch_add(1, Relaxed);
        Self { task, number: Box::new(number(task)) }
    }

    fn is_whole(&self) -> bool {
        *self.number == number(self.task)
    }

    /// `what` it was is dropped.
    fn erase(&mut self, what: &str) {
        if !self.is_whole() {
            wrong(&format!("the {what} of task {} is garbled", self.task));
        }
        *self.number = 0;
        LIVE.fetch_sub(1, Relaxed);
    }
}

/// What a task captures.
#[derive(Debug)]
pub(crate) struct Token {
    stamp: Stamp,
    plan: Plan,
}

impl Token {
    /// Enters a task into the books.
    pub(crate) fn enter(plan: Plan) -> Self {
        let task = ENTERED.fetch_add(1, Relaxed);
        assert!(task < CAPACITY, "a round has at most {CAPACITY} tasks");
        let task = task as u32;
        if plan.panics || plan.token_panics {
            TO_PANIC.count(task);
        }
        Self { stamp: Stamp::of(task), plan }
    }

    /// The task's body.
    pub(crate) fn work(self) -> Parcel {
        let (task, plan) = (self.stamp.task, self.plan);
        RAN.count(task);
        match plan.pause {
            yields @ 0..100 => (0..yields).for_each(|_| thread::yield_now()),
            micros => thread::sleep(Duration::from_micros(micros.into())),
        }
        if plan.panics {
            std::panic::panic_any(Intended);
        }
        drop(self);
        Parcel::new(task, plan.value_panics)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        TOKEN_DROPPED.count(self.stamp.task);
        self.stamp.erase("payload");
        if self.plan.token_panics && !thread::panicking() {
            std::panic::panic_any(Intended);
        }
    }
}

/// What a task returns.
#[derive(Debug)]
pub(crate) struct Parcel {
    stamp: Stamp,
    panics: bool,
}

impl Parcel {
    /// The value of `task`.
    fn new(task: u32, panics: bool) -> Self {
        VALUE_MADE.count(task);
        Self { stamp: Stamp::of(task), panics }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        VALUE_DROPPED.count(self.stamp.task);
        self.stamp.erase("value");
        if self.panics && !thread::panicking() {
            std::panic::panic_any(Intended);
        }
    }
}

/// Somebody sees the outcome of a task, which must be one that it can have come to.
pub(crate) fn see(task: u32, outcome: Result<&Parcel, &JoinError>) {
    let word = TABLE[task as usize].load(Relaxed);
    let ran = RAN.of(word) == 1;
    let as_planned = match outcome {
        Ok(parcel) => ran && parcel.stamp.task == task && parcel.stamp.is_whole(),
        Err(JoinError::Panicked(_)) => ran && TO_PANIC.of(word) == 1,
        Err(JoinError::Cancelled | JoinError::Abandoned | JoinError::Broken(_)) => {
            !ran && VALUE_MADE.of(word) == 0
        }
        Err(other) => {
            wrong(&format!("task {task}: {other}"));
            true
        }
    };
    if !as_planned {
        wrong(&format!("task {task} is delivered as it cannot have ended: {word:#x}"));
    }
}

/// Tasks that are waited for together, by their indices.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    tasks: Vec<u32>,
    open: Vec<bool>,
}

impl Batch {
    /// One task more, at the next index.
    pub(crate) fn add(&mut self, token: &Token) {
        self.tasks.push(token.stamp.task);
        self.open.push(true);
    }

    /// How many tasks came here.
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// A task of an iterator or set comes.
    pub(crate) fn finished(&mut self, finished: Finished<Parcel>) {
        self.outcome(finished.index, finished.outcome);
    }

    /// The outcome of the task at `index` comes.
    pub(crate) fn outcome(&mut self, index: usize, outcome: Result<Parcel, JoinError>) {
        let task = self.tasks[index];
        if let Err(JoinError::TooDeep(_)) = outcome {
            return self.let_go(index);
        }
        see(task, outcome.as_ref());
        match outcome {
            Ok(mut parcel) => parcel.panics = false,
            Err(JoinError::Panicked(_)) => add(&TOTALS.panicked),
            Err(JoinError::Cancelled) => add(&TOTALS.cancelled),
            Err(JoinError::Abandoned) => add(&TOTALS.abandoned),
            Err(JoinError::Broken(_)) => add(&TOTALS.broken),
            Err(_) => {}
        }
        self.close(index);
    }

    /// The outcome of the task at `index` has come, to many.
    pub(crate) fn shared_outcome(&mut self, index: usize, outcome: Result<&Parcel, &JoinError>) {
        if let Err(JoinError::TooDeep(_)) = outcome {
            return self.let_go(index);
        }
        see(self.tasks[index], outcome);
        self.close(index);
    }

    /// The tasks, by their indices.
    pub(crate) fn tasks(&self) -> Vec<u32> {
        self.tasks.clone()
    }

    fn close(&mut self, index: usize) {
        let task = self.tasks[index];
        self.open[index] = false;
        DELIVERED.count(task);
        add(&TOTALS.completions);
    }

    /// Nobody waits for the task at `index` any more, by intent.
    pub(crate) fn let_go(&mut self, index: usize) {
        if std::mem::replace(&mut self.open[index], false) {
            LET_GO.count(self.tasks[index]);
            add(&TOTALS.let_go);
        }
    }

    /// As [`let_go`](Self::let_go), for all that have not come. Tells how many those were.
    pub(crate) fn let_rest_go(&mut self) -> usize {
        let rest: Vec<usize> = self.outstanding();
        rest.iter().for_each(|&index| self.let_go(index));
        rest.len()
    }

    /// The indices of those that have not come, in their order.
    pub(crate) fn outstanding(&self) -> Vec<usize> {
        (0..self.len()).filter(|&index| self.open[index]).collect()
    }
}

/// Counts a worker's thread as live until it ends.
pub(crate) fn count_this_thread() {
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Relaxed);
        }
    }
    thread_local! {
        static COUNTED: Counted = {
            LIVE.fetch_add(1, Relaxed);
            const { Counted }
        };
    }
    COUNTED.with(|_| {});
}

/// How long nothing may change before what is live counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Closes the books of a round: waits until nothing is live, checks every task, and wipes the
/// table. Nothing else may run.
pub(crate) fn close_round() {
    let mut seen = LIVE.load(Relaxed);
    let mut since = Instant::now();
    while seen > 0 && since.elapsed() < PATIENCE {
        thread::yield_now();
        let now = LIVE.load(Relaxed);
        if now != seen {
            seen = now;
            since = Instant::now();
        }
    }
    if seen > 0 {
        wrong(&format!("{seen} payloads or workers are still live"));
    }
    for (task, word) in TABLE.iter().enumerate().take(ENTERED.swap(0, Relaxed)) {
        let word = word.swap(0, Relaxed);
        TOTALS.executions.fetch_add(RAN.of(word).into(), Relaxed);
        TOTALS.panics.fetch_add((RAN.of(word) * TO_PANIC.of(word)).into(), Relaxed);
        let ends = DELIVERED.of(word) + LET_GO.of(word);
        if ends == 0 {
            add(&TOTALS.lost);
            eprintln!("lost: task {task} has been neither delivered nor let go: {word:#x}");
        }
        if ends > 1 || RAN.of(word) > 1 {
            add(&TOTALS.twice);
            eprintln!("twice: task {task} has run or has been delivered twice: {word:#x}");
        }
        if TOKEN_DROPPED.of(word) != 1 || VALUE_DROPPED.of(word) != VALUE_MADE.of(word) {
            wrong(&format!("what task {task} owned has not been dropped exactly once: {word:#x}"));
        }
    }
}
