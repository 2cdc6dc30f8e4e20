//! What every execution runs in.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use photofinish_protocol::sync::{SIDE, Side, begin_execution, thread};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::value;

// With the native side underneath, threads would run as they like and shuttle would see nothing.
const _: () = assert!(matches!(SIDE, Side::Random), "the protocol was built without shuttle");

/// A fault that takes this many steps in the right order is what PCT looks for.
const DEPTH: usize = 3;
/// How many switches between threads an execution may have. Longer ones fail.
const MAX_STEPS: usize = 500_000;
/// Enough for a worker that runs tasks inside of tasks, in bytes.
const STACK: usize = 256 * 1024;

/// A thread of the schedule.
pub(crate) fn spawn(body: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(body)
}

/// Joins all threads.
pub(crate) fn join_all(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("no panic leaves a thread");
    }
}

/// Which schedules are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    /// Each thread has a priority, and a few times one of them loses its own.
    Pct,
    /// Each thread that can go on has the same chance, at each step.
    Uniform,
}

impl std::fmt::Display for Draw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pct => write!(f, "PCT depth {DEPTH}"),
            Self::Uniform => f.write_str("random"),
        }
    }
}

/// Where the drawing begins: the environment says it, or nobody does.
pub(crate) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let name = "SHUTTLE_RANDOM_SEED";
        assert!(std::env::var_os(name).is_none(), "{name} would override PHOTOFINISH_SEED");
        read("PHOTOFINISH_SEED").unwrap_or_else(|| RandomState::new().hash_one(()))
    })
}

/// How many schedules each scheduler draws: `usually`, unless the environment says otherwise.
fn schedules(usually: usize) -> usize {
    read("PHOTOFINISH_SCHEDULES").unwrap_or(usually)
}

fn read<N: std::str::FromStr>(name: &str) -> Option<N> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs `execution` under both schedulers and reports each in one line on standard output.
///
/// # Panics
///
/// If a schedule fails.
pub(crate) fn explore(name: &str, usually: usize, execution: fn()) {
    // The test harness has begun a line of its own.
    println!();
    for draw in [Draw::Pct, Draw::Uniform] {
        let most = schedules(usually);
        match run(draw, seed(), most, FailurePersistence::Print, execution) {
            Ok(schedules) => {
                println!("{name}: {schedules} schedules, {draw}, seed {}", seed());
            }
            Err(failure) => {
                println!(
                    "{name}: schedule {} failed, {draw}; PHOTOFINISH_SEED={} repeats it",
                    failure.schedule,
                    seed()
                );
                resume_unwind(failure.payload);
            }
        }
    }
}

/// A schedule that failed.
pub(crate) struct Failure {
    /// Which, from one.
    pub(crate) schedule: usize,
    /// What it panicked with.
    pub(crate) payload: Box<dyn Any + Send>,
}

impl Failure {
    /// What the panic said.
    pub(crate) fn message(&self) -> &str {
        let text = self.payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| self.payload.downcast_ref::<&str>().copied()).unwrap_or_default()
    }
}

/// Runs `execution` under `most` schedules, and tells how many there were.
pub(crate) fn run(
    draw: Draw,
    seed: u64,
    most: usize,
    persistence: FailurePersistence,
    execution: fn(),
) -> Result<usize, Failure> {
    // What is recycled within an execution is found by one run at a time; if two shared it,
    // neither could be repeated.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    // A failed execution leaves things behind; they stay with a thread of their own.
    let runner = std::thread::spawn(move || {
        let mut config = Config::new();
        config.stack_size = STACK;
        config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
        config.failure_persistence = persistence;
        config.silence_warnings = true;
        let body = move || {
            begin_execution();
            value::assert_each_dropped_once();
            counter.fetch_add(1, SeqCst);
            execution();
        };
        catch_unwind(AssertUnwindSafe(|| {
            let schedules = match draw {
                Draw::Pct => {
                    Runner::new(PctScheduler::new_from_seed(seed, DEPTH, most), config).run(body)
                }
                Draw::Uniform => {
                    Runner::new(RandomScheduler::new_from_seed(seed, most), config).run(body)
                }
            };
            // Nobody tells when an execution ends, so the next one looks back; after the last
            // one, this does.
            begin_execution();
            value::assert_each_dropped_once();
            schedules
        }))
    });
    let ended = runner.join().expect("the panics are caught inside");
    ended.map_err(|payload| Failure { schedule: begun.load(SeqCst), payload })
}
