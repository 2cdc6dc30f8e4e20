//! What a consumer does in a soak: turns of some thousand tasks, each of them ticked off.

use std::hint::black_box;
use std::mem;
use std::panic::panic_any;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use photofinish::{CompletionSet, Handle, JoinError, as_completed};

use super::tally::Tally;
use crate::ledger::Intended;

/// How many tasks a turn has.
const TASKS: u32 = 4096;
/// One task in so many tells when it ended.
const SAMPLED: u32 = 64;
/// How many tasks are outstanding in a window.
const WINDOW: usize = 256;
/// One turn in so many is an unlucky one.
const UNLUCKY: u32 = 32;
/// The same in the warm-up: in such turns tasks end on all threads, which then keep memory for more
/// of them.
const UNLUCKY_AT_FIRST: u32 = 2;
/// What befalls tasks of an unlucky turn: one in eight each.
#[derive(Clone, Copy)]
enum Misfortune {
    Panics,
    IsCancelled,
    IsDropped,
    IsShared,
    IsHurried,
}

impl Misfortune {
    /// What befalls this task, if anything.
    fn of(task: u32) -> Option<Self> {
        match task % 8 {
            1 => Some(Self::Panics),
            2 => Some(Self::IsCancelled),
            3 => Some(Self::IsDropped),
            4 => Some(Self::IsShared),
            5 => Some(Self::IsHurried),
            _ => None,
        }
    }
}

/// How many have come on all consumers, for whoever watches.
pub(crate) static COMPLETIONS: AtomicU64 = AtomicU64::new(0);

/// A bug that is seeded in the turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A task that has come is not ticked off.
    Lost,
    /// A task that has come is ticked off once more.
    Twice,
    /// Memory is forgotten, 40 MiB of it by each consumer in each lap after the warm-up.
    Leak,
}

/// What a task returns: which one it was, and for one in [`SAMPLED`], when its body ended.
#[derive(Clone, Copy, Debug)]
struct Mark {
    task: u32,
    ended: Option<Instant>,
}

fn mark(task: u32) -> Mark {
    Mark { task, ended: task.is_multiple_of(SAMPLED).then(Instant::now) }
}

/// A thread that submits and waits.
pub(crate) struct Consumer {
    pool: Handle,
    rng: Rng,
    bug: Option<Bug>,
    tally: Tally,
    /// The tasks of the turn, a bit for each that has come.
    seen: Vec<u64>,
}

impl Consumer {
    pub(crate) fn new(pool: Handle, rng: Rng, bug: Option<Bug>) -> Self {
        let seen = vec![0; (TASKS / u64::BITS) as usize];
        Self { pool, rng, bug, tally: Tally::new(), seen }
    }

    /// Takes turns until `end`, and at least one.
    pub(crate) fn work(mut self, end: Instant, is_warm: bool) -> Tally {
        let unlucky = if is_warm { UNLUCKY } else { UNLUCKY_AT_FIRST };
        if is_warm && self.bug == Some(Bug::Leak) {
            mem::forget(black_box(vec![1_u8; 40 << 20]));
        }
        for turn in 1_u32.. {
            let before = self.tally.completions;
            let tasks = match turn % unlucky {
                0 => self.be_unlucky(),
                _ => match self.rng.u8(..8) {
                    0..3 => self.batch(),
                    3 => self.call_back(),
                    4 | 5 => self.map(),
                    6 => self.window(),
                    _ => self.nest(),
                },
            };
            self.close(tasks);
            // ORDERING: Relaxed; a number for the watchdog.
            COMPLETIONS.fetch_add(self.tally.completions - before, Relaxed);
            if Instant::now() >= end {
                break;
            }
        }
        self.tally
    }

    /// The task comes.
    fn tick(&mut self, task: u32) {
        if task == 7 && self.bug == Some(Bug::Lost) {
            return;
        }
        self.tally.completions += 1;
        self.tick_off(task);
        if task == 7 && self.bug == Some(Bug::Twice) {
            self.tick_off(task);
        }
    }

    fn tick_off(&mut self, task: u32) {
        let (word, bit) = ((task / u64::BITS) as usize, 1 << (task % u64::BITS));
        self.tally.twice += u64::from(self.seen[word] & bit != 0);
        self.seen[word] |= bit;
    }

    fn come(&mut self, index: usize, outcome: Result<Mark, JoinError>) {
        match outcome {
            Ok(mark) if mark.task as usize == index => {
                self.tick(mark.task);
                if let Some(ended) = mark.ended {
                    let delay = ended.elapsed().as_nanos().try_into().unwrap_or(u64::MAX);
                    self.tally.delays.saturating_record(delay);
                }
            }
            _ => self.tally.wrong += 1,
        }
    }

    /// The turn is over: what has not come is lost.
    fn close(&mut self, tasks: u32) {
        let seen: u32 = self.seen.iter().map(|word| word.count_ones()).sum();
        self.tally.lost += u64::from(tasks - seen);
        self.seen.fill(0);
    }

    /// A batch, and an iterator over it.
    fn batch(&mut self) -> u32 {
        let handles = self.pool.submit_batch((0..TASKS).map(|task| move || mark(task)));
        for finished in as_completed(handles) {
            self.come(finished.index, finished.outcome);
        }
        TASKS
    }

    /// Callbacks that pass on what they are called with.
    fn call_back(&mut self) -> u32 {
        let (caller, called) = mpsc::channel();
        let handles = self.pool.submit_batch((0..TASKS).map(|task| move || mark(task)));
        for (index, handle) in handles.into_iter().enumerate() {
            let caller = caller.clone();
            // The consumer hears of each, unless it has panicked.
            handle.on_complete(move |outcome| drop(caller.send((index, outcome))));
        }
        drop(caller);
        called.iter().for_each(|(index, outcome)| self.come(index, outcome));
        TASKS
    }

    fn map(&mut self) -> u32 {
        for mapped in self.pool.clone().map_unordered(0..TASKS, mark) {
            self.come(mapped.index, mapped.outcome);
        }
        TASKS
    }

    /// A set with so many outstanding, and one more for each that comes.
    fn window(&mut self) -> u32 {
        let mut set = CompletionSet::with_capacity(WINDOW);
        let mut came = Vec::with_capacity(WINDOW);
        for task in 0..TASKS {
            set.submit(&self.pool, move || mark(task));
            while set.remaining() >= WINDOW {
                came.extend(set.next_finished());
                set.next_batch_into(&mut came);
                for finished in came.drain(..) {
                    self.come(finished.index, finished.outcome);
                }
            }
        }
        for finished in set.join_all() {
            self.come(finished.index, finished.outcome);
        }
        TASKS
    }

    /// Tasks that submit tasks, and join them.
    fn nest(&mut self) -> u32 {
        const INNER: u32 = 64;
        let pool = &self.pool;
        let outer = (0..TASKS / INNER).map(|outer| {
            let pool = pool.clone();
            move || {
                let first = outer * INNER;
                let handles: Vec<_> =
                    (first..first + INNER).map(|task| pool.submit(move || mark(task))).collect();
                as_completed(handles)
                    .map(|finished| (first as usize + finished.index, finished.outcome))
                    .collect::<Vec<_>>()
            }
        });
        for finished in as_completed(pool.submit_batch(outer)) {
            match finished.outcome {
                Ok(inner) => inner.into_iter().for_each(|(index, outcome)| {
                    // These have been delivered inside: when that was, nobody has noted.
                    let outcome = outcome.map(|mark| Mark { ended: None, ..mark });
                    self.come(index, outcome);
                }),
                Err(_) => self.tally.wrong += 1,
            }
        }
        TASKS
    }

    /// Tasks that panic, are cancelled, dropped, shared, or waited for with little patience.
    fn be_unlucky(&mut self) -> u32 {
        let submit = |task: u32| {
            self.pool.submit(move || match Misfortune::of(task) {
                Some(Misfortune::Panics) => panic_any(Intended),
                _ => mark(task),
            })
        };
        let handles: Vec<_> = (0..TASKS).map(submit).collect();
        let mut waited = Vec::with_capacity(handles.len());
        let (mut hurried, mut set) = (Vec::new(), CompletionSet::new());
        for (task, handle) in (0..TASKS).zip(handles) {
            match Misfortune::of(task) {
                Some(Misfortune::IsCancelled) if handle.cancel().is_cancelled() => {
                    self.tally.cancels += 1;
                    self.end_otherwise(task, matches!(handle.join(), Err(JoinError::Cancelled)));
                }
                Some(Misfortune::IsDropped) => {
                    drop(handle);
                    self.tally.drops += 1;
                    self.tick_off(task);
                }
                Some(Misfortune::IsShared) => {
                    let shared = handle.shared();
                    let clone = shared.clone();
                    let same = clone.result().is_ok_and(|mark| mark.task == task);
                    self.end_otherwise(task, same && shared.result().is_ok());
                }
                Some(Misfortune::IsHurried) => {
                    hurried.push(task);
                    set.add(handle);
                }
                Some(Misfortune::Panics | Misfortune::IsCancelled) | None => {
                    waited.push((task, handle));
                }
            }
        }
        self.hurry(&hurried, set);
        for (task, handle) in waited {
            match (Misfortune::of(task), handle.join()) {
                (Some(Misfortune::Panics), Err(JoinError::Panicked(_))) => {
                    self.tally.panics += 1;
                    self.end_otherwise(task, true);
                }
                (_, outcome) => self.come(task as usize, outcome),
            }
        }
        TASKS
    }

    /// Waits for the tasks, which are in `set`, with little patience, again and again.
    fn hurry(&mut self, tasks: &[u32], mut set: CompletionSet<Mark>) {
        let patience = Duration::from_micros(self.rng.u64(..20));
        while !set.is_empty() {
            match set.next_timeout(patience) {
                Ok(Some(finished)) => self.come(tasks[finished.index] as usize, finished.outcome),
                Ok(None) => break,
                Err(_) => {
                    self.tally.time_outs += 1;
                    thread::yield_now();
                }
            }
        }
    }

    /// The task has an end that tells nothing of when it came.
    fn end_otherwise(&mut self, task: u32, is_right: bool) {
        self.tick(task);
        self.tally.wrong += u64::from(!is_right);
    }
}
