//! Stress: rounds of everything that the public interface offers, over the real pool, with the
//! real deques, on real threads. The sanitizers watch it (`.ci/sanitize`), and a ledger checks
//! that each task is delivered or let go exactly once, and each payload dropped exactly once.
//!
//! ```text
//! cargo run --release -p photofinish-stress -- --seconds 10
//! ```
//!
//! After each round come random programs: a few dozen calls on one thread, with a pool that may end
//! between them, held against a sequential oracle. One that fails, or hangs, is run again with
//! operations left out, and what is left of it is printed; `--program N --without A,B` replays it.
//! In the end the run tells how many tasks ran and came, and how many panics, cancels, time-outs and
//! drops were among them.
//!
//! With `--soak`, instead of rounds, one pool is under load for a minute or for hours: nothing may be
//! lost or come twice, memory must stay flat, and a pool with nothing to do must use no CPU.
//!
//! A seed fixes all decisions of a run: each round and thread has a stream of its own. It does
//! not fix the schedule, which is the system's.
//!
//! The harness uses no lock, no channel and no scoped thread: the thread sanitizer does not see
//! into `std`, and would report them falsely.

mod ledger;

mod canary;

mod arguments;

mod executor;

mod scenarios;

mod program;

mod run;

mod shrink;

mod soak;

use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{BuildError, Pool};

use crate::arguments::Arguments;
use crate::canary::Canary;
use crate::ledger::Intended;
use crate::program::Program;
use crate::scenarios::Consumer;
use crate::soak::Order;

/// How many plain threads submit and wait at a time.
const CONSUMERS: u64 = 3;
/// How many scenarios each of them goes through in a round.
const SCENARIOS: usize = 8;
/// How long a round may take.
const LONGEST_ROUND: Duration = Duration::from_secs(60);

/// How many random programs follow a round.
const PROGRAMS_PER_ROUND: usize = 24;
/// How often a program that is replayed runs.
const REPETITIONS: usize = 100;

// ORDERING: all of these are Relaxed; they tell the watchdog and the closing lines how far it is, and
// hand nothing over. Nor may they: a missing edge in the code under test is to stay visible.

static ROUND: AtomicU64 = AtomicU64::new(0);
/// How many random programs have run.
static PROGRAMS: AtomicU64 = AtomicU64::new(0);
/// The seed of the random program that runs, for whoever has to name it.
static PROGRAM: AtomicU64 = AtomicU64::new(NONE);
const NONE: u64 = u64::MAX;
/// A program has failed and is being shrunk, which takes its time.
static SHRINKING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::from(2);
        }
    };
    let Arguments { soak, duration, seed, workers, program, without, canary } = arguments;
    println!("seed {seed}, up to {workers} workers, {} s", duration.as_secs());
    silence_intended_panics();
    if soak {
        return match soak::soak(Order { duration, seed, workers, canary }) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    let forgets = canary == Some(Canary::Program);
    let ran = match (canary, program) {
        (_, Some(program)) => repeat(&Program::generate(program, without), forgets),
        (None | Some(Canary::Program), None) => run(duration, seed, workers, forgets),
        (Some(canary), None) => canary.sing(workers).map(|()| ledger::close_round()),
    };
    if let Err(error) = ran {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let (totals, sound) = ledger::totals();
    println!("{} rounds: {totals}", ROUND.load(Relaxed));
    println!("{} random programs; {}", PROGRAMS.load(Relaxed), ledger::faults());
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(duration: Duration, seed: u64, workers: usize, forgets: bool) -> Result<(), BuildError> {
    watch_rounds(seed, forgets);
    let mut programs = fastrand::Rng::with_seed(!seed);
    let begin = Instant::now();
    loop {
        round(seed, ROUND.load(Relaxed), workers)?;
        ROUND.fetch_add(1, Relaxed);
        for _ in 0..PROGRAMS_PER_ROUND {
            let program = Program::generate(programs.u64(..), Vec::new());
            if !runs_clean(&program, forgets)? {
                SHRINKING.store(true, Relaxed);
                shrink::shrink(&program, forgets);
                return Ok(());
            }
        }
        if begin.elapsed() >= duration {
            return Ok(());
        }
    }
}

/// Runs a program on its own. Tells whether the books are in order.
fn runs_clean(program: &Program, forgets: bool) -> Result<bool, BuildError> {
    PROGRAM.store(program.seed, Relaxed);
    run::run(program, forgets)?;
    ledger::close_round();
    PROGRAM.store(NONE, Relaxed);
    PROGRAMS.fetch_add(1, Relaxed);
    Ok(ledger::totals().1)
}

/// Runs a program again and again, until it fails. One that hangs ends the process.
fn repeat(program: &Program, forgets: bool) -> Result<(), BuildError> {
    print!("{program}");
    thread::spawn(|| {
        let mut seen = NONE;
        while seen != PROGRAMS.load(Relaxed) {
            seen = PROGRAMS.load(Relaxed);
            thread::sleep(LONGEST_ROUND);
        }
        eprintln!("lost: the program does not come to its end");
        std::process::exit(1);
    });
    for _ in 0..REPETITIONS {
        if !runs_clean(program, forgets)? {
            break;
        }
    }
    Ok(())
}

/// One round: a pool, several consumers, and the books closed.
fn round(seed: u64, round: u64, workers: usize) -> Result<(), BuildError> {
    let stream = |thread: u64| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (a, b) = (rng.u64(..), rng.u64(..) | 1);
        fastrand::Rng::with_seed(a ^ (round * (CONSUMERS + 1) + thread).wrapping_mul(b))
    };
    let mut rng = stream(CONSUMERS);
    let pool = scenarios::pool(&mut rng, workers)?;
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|thread| {
            let mut consumer = Consumer::new(pool.handle(), stream(thread), workers);
            thread::spawn(move || (0..SCENARIOS).for_each(|_| consumer.any_scenario()))
        })
        .collect();
    // A quarter of the pools is dropped while the consumers still use them: then tasks end as
    // abandoned.
    let mut pool: Option<Pool> = Some(pool);
    if rng.u8(..) < 64 {
        thread::sleep(Duration::from_micros(rng.u64(..2000)));
        drop(pool.take());
    }
    for consumer in consumers {
        consumer.join().expect("no panic leaves a consumer");
    }
    drop(pool);
    ledger::close_round();
    Ok(())
}

/// Panics that are intended say nothing; all others end the process.
fn silence_intended_panics() {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Intended>() && !run::may_panic() {
            eprintln!("{info}");
            std::process::exit(1);
        }
    }));
}

/// Ends the process when a round or a program does not come to its end: then a wake has been
/// lost.
fn watch_rounds(seed: u64, forgets: bool) {
    thread::spawn(move || {
        let progress = || (ROUND.load(Relaxed), PROGRAMS.load(Relaxed));
        let mut seen = progress();
        let mut since = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(500));
            let now = progress();
            if now != seen || SHRINKING.load(Relaxed) {
                seen = now;
                since = Instant::now();
            } else if since.elapsed() > LONGEST_ROUND {
                let program = PROGRAM.load(Relaxed);
                if program == NONE {
                    eprintln!("lost: round {} of seed {seed} does not come to its end", now.0);
                } else {
                    eprintln!("lost: a program of seed {seed} does not come to its end");
                    shrink::shrink(&Program::generate(program, Vec::new()), forgets);
                }
                std::process::exit(1);
            }
        }
    });
}
