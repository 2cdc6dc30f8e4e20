//! A soak: one pool under load for a minute, or for hours, and what must be true of it then.
//!
//! Consumers take turns of some thousand tasks: batches, callbacks, windows, maps, tasks within tasks,
//! and now and then a turn in which things go wrong. After each lap they stop, and what they saw is added up
//! and told, with the memory that is resident then. In the end
//!
//! * nothing is lost, nothing came twice, and nothing came as it cannot have ended;
//! * no more memory is resident than when the pool was warm, but for a [`slack`]; a thread keeps up to
//!   8 MiB of empty cells of each size, which the warm-up is there to fill;
//! * with nothing to do, and somebody who waits, the process uses no CPU time to speak of.
//!
//! How long deliveries take is told and not judged: that depends on who else is on the machine.

mod meter;
mod tally;

mod load;

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use photofinish::{BuildError, Pool, completer};

use crate::canary::Canary;
use load::{Bug, COMPLETIONS, Consumer};
use meter::Bytes;
use tally::Tally;

/// How many plain threads submit and wait.
const CONSUMERS: usize = 2;
/// How many laps a soak has, unless they would be shorter or longer than laps may be.
const LAPS: u32 = 12;
const SHORTEST_LAP: Duration = Duration::from_millis(500);
const LONGEST_LAP: Duration = Duration::from_secs(60);
/// One lap in so many, at the beginning, is there to warm up.
const WARM_UP: u32 = 4;
/// How much more memory may be resident in the end than at most in the laps of the warm-up, which may
/// be too short to fill what the workers keep: 8 MiB each, of four sizes of cells.
fn slack(workers: usize) -> Bytes {
    Bytes((16 + 4 * 8 * workers as u64) << 20)
}
/// For how long the pool is watched with nothing to do.
const REST: Duration = Duration::from_secs(3);
/// How much CPU time the process may use meanwhile.
const NOTHING: Duration = Duration::from_millis(50);
/// The quantile of deliveries that is told besides the median.
const TAIL: f64 = 0.999;
/// Nothing has come for so long: something is lost.
const PATIENCE: Duration = Duration::from_secs(60);

// ORDERING: this and the completions are Relaxed; they are for the watchdog, and hand nothing over.

/// Where the soak is, for whoever has to name it: a place in [`STAGES`].
static STAGE: AtomicUsize = AtomicUsize::new(0);
const STAGES: [&str; 3] =
    ["in a lap", "at rest, with a thread that waits", "at the end of the pool"];

/// What a soak is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) duration: Duration,
    pub(crate) seed: u64,
    pub(crate) workers: usize,
    pub(crate) canary: Option<Canary>,
}

/// What a soak has found wrong.
#[derive(Debug)]
enum Failure {
    Lost(u64),
    Twice(u64),
    Wrong(u64),
    Grown { warm: Bytes, end: Bytes, slack: Bytes },
    Awake(Duration),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(tasks) => write!(f, "lost: {tasks} tasks have not come"),
            Self::Twice(tasks) => write!(f, "twice: {tasks} tasks have come more than once"),
            Self::Wrong(tasks) => {
                write!(f, "wrong: {tasks} tasks have come as they cannot have ended")
            }
            Self::Grown { warm, end, slack } => write!(
                f,
                "grown: {end} are resident, more than {slack} above the {warm} of the warm-up"
            ),
            Self::Awake(used) => {
                write!(f, "awake: {used:?} of CPU time used in {REST:?} with nothing to do")
            }
        }
    }
}

/// What a soak has come to.
struct Soaked {
    total: Tally,
    took: Duration,
    /// The most memory that was resident after a lap of the warm-up.
    warm: Bytes,
    /// What was resident after the last lap, if the system tells.
    end: Option<Bytes>,
    /// The CPU time used at rest, if the system tells.
    resting: Option<Duration>,
    /// The least and the most that 99.9 of 100 deliveries took, over the laps after the warm-up.
    tails: (u64, u64),
}

/// Runs a soak. Tells whether all is as it must be.
pub(crate) fn soak(order: Order) -> Result<bool, BuildError> {
    watch(order.seed);
    let soaked = run(order)?;
    soaked.tell();
    let failures = soaked.failures(slack(order.workers));
    failures.iter().for_each(|failure| eprintln!("{failure}"));
    Ok(failures.is_empty())
}

/// How many laps a soak of this length has, and how long each is.
fn laps(duration: Duration) -> (u32, Duration) {
    let of = |lap: Duration| duration.as_nanos().div_ceil(lap.as_nanos()) as u32;
    let laps = LAPS.clamp(of(LONGEST_LAP).max(2), of(SHORTEST_LAP).max(2));
    (laps, (duration / laps).max(SHORTEST_LAP))
}

fn run(order: Order) -> Result<Soaked, BuildError> {
    let pool = Pool::builder().workers(order.workers).build()?;
    let mut rng = Rng::with_seed(order.seed);
    let (laps, lap) = laps(order.duration);
    let (mut total, mut warm, mut end) = (Tally::new(), Bytes(0), None);
    let mut tails = (u64::MAX, 0);
    let begin = Instant::now();
    for number in 1..=laps {
        let is_warm = number > (laps / WARM_UP).max(1);
        let (tally, took) = run_lap(&pool, &mut rng, lap, is_warm, order.canary)?;
        end = meter::resident();
        tell(begin.elapsed(), took, &tally, end);
        if is_warm {
            let tail = tally.delays.value_at_quantile(TAIL);
            tails = (tails.0.min(tail), tails.1.max(tail));
        } else {
            warm = warm.max(end.unwrap_or_default());
        }
        total.add(&tally);
    }
    let took = begin.elapsed();
    STAGE.store(1, Relaxed);
    let resting = rest(&pool, order.canary);
    STAGE.store(2, Relaxed);
    drop(pool);
    Ok(Soaked { total, took, warm, end, resting, tails })
}

impl Soaked {
    fn tell(&self) {
        let Self { total, warm, .. } = self;
        println!(
            "{} completions, {:.0} per second, {} lost, {} twice; {} faults injected: \
             {} panics, {} cancels, {} time-outs, {} drops",
            total.completions,
            total.completions as f64 / self.took.as_secs_f64(),
            total.lost,
            total.twice,
            total.faults(),
            total.panics,
            total.cancels,
            total.time_outs,
            total.drops,
        );
        let (least, most) = (micros(self.tails.0), micros(self.tails.1));
        println!("delivered within {}", delays(total));
        println!("p99.9 from {least:.1} to {most:.1} us, by the lap after the warm-up");
        match (self.end, self.resting) {
            (Some(end), Some(used)) => println!(
                "{end} resident, {warm} at most in the warm-up; \
                 {used:?} of CPU time in {REST:?} of rest"
            ),
            _ => println!("memory and CPU time are told on Linux only, and not judged here"),
        }
    }

    fn failures(&self, slack: Bytes) -> Vec<Failure> {
        let Self { total, warm, .. } = self;
        let grown = self.end.filter(|end| end.0 > warm.0 + slack.0);
        let failures = [
            (total.lost > 0).then_some(Failure::Lost(total.lost)),
            (total.twice > 0).then_some(Failure::Twice(total.twice)),
            (total.wrong > 0).then_some(Failure::Wrong(total.wrong)),
            grown.map(|end| Failure::Grown { warm: *warm, end, slack }),
            self.resting.filter(|used| *used > NOTHING).map(Failure::Awake),
        ];
        failures.into_iter().flatten().collect()
    }
}

/// The consumers work for `lap`, and a second pool comes and goes beside the first.
fn run_lap(
    pool: &Pool,
    rng: &mut Rng,
    lap: Duration,
    is_warm: bool,
    canary: Option<Canary>,
) -> Result<(Tally, Duration), BuildError> {
    let bug = canary.and_then(|canary| match canary {
        Canary::Lost => Some(Bug::Lost),
        Canary::Twice => Some(Bug::Twice),
        Canary::Leak => Some(Bug::Leak),
        _ => None,
    });
    let begin = Instant::now();
    let work = |pool: &Pool, rng: &mut Rng| {
        let consumer = Consumer::new(pool.handle(), rng.fork(), bug);
        thread::spawn(move || consumer.work(begin + lap, is_warm))
    };
    let consumers: Vec<_> = (0..CONSUMERS).map(|_| work(pool, rng)).collect();
    let second = Pool::builder().workers(2).build()?;
    let visitor = Consumer::new(second.handle(), rng.fork(), bug);
    let mut tally = visitor.work(begin, is_warm);
    drop(second);
    for consumer in consumers {
        tally.add(&consumer.join().expect("no panic leaves a consumer"));
    }
    Ok((tally, begin.elapsed()))
}

/// How much CPU time the process uses while its pool has nothing to do, and a thread waits.
fn rest(pool: &Pool, canary: Option<Canary>) -> Option<Duration> {
    let (end, handle) = completer();
    let waiting = thread::spawn(move || handle.join());
    // Whoever polls for a while before it parks has time to get there.
    thread::sleep(Duration::from_millis(200));
    let before = meter::cpu_time()?;
    let awake = (canary == Some(Canary::Awake)).then(|| {
        pool.submit(move || {
            while meter::cpu_time().is_some_and(|now| now - before <= 2 * NOTHING) {
                std::hint::spin_loop();
            }
        })
    });
    thread::sleep(REST);
    // The bug shows however little of a processor this process gets.
    if let Some(task) = awake {
        task.join().expect("the canary does not panic");
    }
    let after = meter::cpu_time()?;
    end.complete(()).expect("nobody cancels it");
    waiting.join().expect("a join does not panic").expect("it has been completed");
    Some(after - before)
}

fn tell(at: Duration, took: Duration, tally: &Tally, resident: Option<Bytes>) {
    let millions = tally.completions as f64 / took.as_secs_f64() / 1e6;
    let resident = resident.map_or_else(|| "?".to_owned(), |bytes| bytes.to_string());
    println!(
        "{:6.1} s: {} completions, {millions:.2} M/s, {} lost, {} twice, {resident}, within {}",
        at.as_secs_f64(),
        tally.completions,
        tally.lost,
        tally.twice,
        delays(tally),
    );
}

/// How long deliveries took, of those that tell.
fn delays(tally: &Tally) -> String {
    let within = |quantile| micros(tally.delays.value_at_quantile(quantile));
    let (half, most) = (within(0.5), within(TAIL));
    format!("{half:.1} us (p50), {most:.1} us (p99.9) of {} sampled", tally.delays.len())
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

/// Ends the process when nothing comes any more.
fn watch(seed: u64) {
    thread::spawn(move || {
        let mut seen = COMPLETIONS.load(Relaxed);
        let mut since = Instant::now();
        loop {
            thread::sleep(Duration::from_secs(1));
            let now = COMPLETIONS.load(Relaxed);
            if now != seen {
                seen = now;
                since = Instant::now();
            } else if since.elapsed() > PATIENCE {
                let stage = STAGES[STAGE.load(Relaxed)];
                eprintln!(
                    "lost: nothing comes, {stage}, for {PATIENCE:?} in the soak of seed {seed}"
                );
                std::process::exit(1);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_has_laps_of_the_right_length_and_lasts_as_long_as_it_is_told() {
        let seconds = Duration::from_secs;
        assert_eq!(laps(seconds(60)), (12, seconds(5)));
        assert_eq!(laps(seconds(3600)), (60, seconds(60)));
        assert_eq!(laps(seconds(1)), (2, SHORTEST_LAP));
        assert_eq!(laps(Duration::ZERO), (2, SHORTEST_LAP));
        // Twelve parts of it are no whole number of nanoseconds.
        assert_eq!(laps(seconds(560)).0, 12);
    }
}
