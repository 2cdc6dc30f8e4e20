//! Stress: rounds of everything that the public interface offers, over the real pool, with the
//! real deques, on real threads. The sanitizers watch it (`.ci/sanitize`), and a ledger checks
//! that each task is delivered or let go exactly once, and each payload dropped exactly once.
//!
//! ```text
//! cargo run --release -p photofinish-stress -- --seconds 10
//! ```
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

use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{BuildError, Pool};

use crate::arguments::Arguments;
use crate::ledger::Intended;
use crate::scenarios::Consumer;

/// How many plain threads submit and wait at a time.
const CONSUMERS: u64 = 3;
/// How many scenarios each of them goes through in a round.
const SCENARIOS: usize = 8;
/// How long a round may take.
const LONGEST_ROUND: Duration = Duration::from_secs(60);

static ROUND: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::from(2);
        }
    };
    let Arguments { duration, seed, workers, canary } = arguments;
    println!("seed {seed}, up to {workers} workers, {} s", duration.as_secs());
    silence_intended_panics();
    let ran = match canary {
        Some(canary) => canary.sing(workers).map(|()| ledger::close_round()),
        None => run(duration, seed, workers),
    };
    if let Err(error) = ran {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let (totals, sound) = ledger::totals();
    println!("{} rounds: {totals}", ROUND.load(Relaxed));
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(duration: Duration, seed: u64, workers: usize) -> Result<(), BuildError> {
    watch_rounds(seed);
    let begin = Instant::now();
    loop {
        round(seed, ROUND.load(Relaxed), workers)?;
        ROUND.fetch_add(1, Relaxed);
        if begin.elapsed() >= duration {
            return Ok(());
        }
    }
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
        if !info.payload().is::<Intended>() {
            eprintln!("{info}");
            std::process::exit(1);
        }
    }));
}

/// Ends the process when a round does not come to its end: then a wake has been lost.
fn watch_rounds(seed: u64) {
    thread::spawn(move || {
        let mut seen = ROUND.load(Relaxed);
        let mut since = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(500));
            let now = ROUND.load(Relaxed);
            if now != seen {
                seen = now;
                since = Instant::now();
            } else if since.elapsed() > LONGEST_ROUND {
                eprintln!("lost: round {now} of seed {seed} does not come to its end");
                std::process::exit(1);
            }
        }
    });
}
