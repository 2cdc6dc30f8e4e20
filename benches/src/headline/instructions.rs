//! Instructions for one task, both sides together, as valgrind counts them.
//!
//! Both sides are stepped by hand on one thread: a window of 1000 tasks is submitted, then run,
//! then received. So nobody spins, and the count comes out the same every time. A program with
//! few windows is taken from one with many: what is left is the tasks alone.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, ExitCode};

use crossbeam_channel::unbounded;
use photofinish::{CompletionSet, JoinHandle, Stepped, as_completed};
use photofinish_baselines::Entry;
use serde::{Deserialize, Serialize};

use crate::headline::entrant::{Entrant, Path};

/// What the counted program does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Count {
    entrant: Entrant,
    windows: u64,
}

/// The hidden argument that makes the program be the counted one.
pub const ARGUMENT: &str = "--count";

const WINDOW: u64 = 1_000;
const FEW: u64 = 2;
const MANY: u64 = 12;

/// Whose instructions are counted: those that can be stepped by hand.
pub const COUNTED: [Entrant; 5] = [
    Entrant::Path(Path::A),
    Entrant::Path(Path::B),
    Entrant::Path(Path::C),
    Entrant::Design(Entry::CrossbeamPool),
    Entrant::Design(Entry::CrossbeamChannel),
];

/// Counts the instructions of one task.
///
/// # Errors
///
/// [`NotCounted`] if valgrind is not installed, or does not run this program.
pub fn of_one_task(entrant: Entrant) -> Result<f64, NotCounted> {
    let [few, many] = [FEW, MANY].map(|windows| Count { entrant, windows }.collect());
    Ok((many? - few?) as f64 / ((MANY - FEW) * WINDOW) as f64)
}

impl Count {
    /// The main function of the counted program.
    pub fn main(&self) -> ExitCode {
        let received = self.step();
        let expected = self.windows * (WINDOW * (WINDOW - 1) / 2);
        if received == Some(expected) {
            return ExitCode::SUCCESS;
        }
        eprintln!("{} came to {received:?} instead of {expected}", self.entrant);
        ExitCode::FAILURE
    }

    /// Plays the windows, and adds up what comes back; `None` if this one cannot be stepped.
    fn step(&self) -> Option<u64> {
        let Self { entrant, windows } = *self;
        match entrant {
            Entrant::Path(Path::A) => Some(path_a(windows)),
            Entrant::Path(Path::B) => Some(path_b(windows)),
            Entrant::Path(Path::C) => Some(path_c(windows)),
            Entrant::Design(Entry::CrossbeamPool) => Some(channels(windows)),
            Entrant::Design(Entry::CrossbeamChannel) => Some(channel_back(windows)),
            _ => None,
        }
    }

    fn collect(self) -> Result<u64, NotCounted> {
        let failed = |why: String| NotCounted::Failed(why);
        let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
        let count = serde_json::to_string(&self).map_err(|error| failed(error.to_string()))?;
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([ARGUMENT, &count])
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(NotCounted::NoValgrind);
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        let collected = collected(&said).filter(|_| output.status.success());
        collected.ok_or_else(|| failed(said.trim().lines().last().unwrap_or_default().to_owned()))
    }
}

/// What callgrind says that it has collected.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

fn path_a(windows: u64) -> u64 {
    let pool = Stepped::new();
    let mut handles: Vec<JoinHandle<u64>> = Vec::new();
    let mut sum = 0;
    for _ in 0..windows {
        handles.extend((0..WINDOW).map(|number| pool.submit(move || number)));
        let mut results = as_completed(handles.drain(..));
        while pool.step() {}
        while let Some(finished) = results.try_next() {
            sum += finished.outcome.expect("the task returns");
        }
    }
    sum
}

fn path_b(windows: u64) -> u64 {
    let pool = Stepped::new();
    let mut set = CompletionSet::new();
    let mut sum = 0;
    for _ in 0..windows {
        for number in 0..WINDOW {
            set.submit(&pool, move || number);
        }
        while pool.step() {}
        while let Some(finished) = set.try_next() {
            sum += finished.outcome.expect("the task returns");
        }
    }
    sum
}

fn path_c(windows: u64) -> u64 {
    let pool = Stepped::new();
    let mut sum = 0;
    for _ in 0..windows {
        let results = pool.handle().map_unordered(0..WINDOW, |number| number);
        let mut results = results.buffer(WINDOW as usize).start();
        while pool.step() {}
        while let Some(mapped) = results.try_next() {
            sum += mapped.outcome.expect("the function returns");
        }
    }
    sum
}

/// The rival by hand: boxed closures in one channel, their results in another.
fn channels(windows: u64) -> u64 {
    type Job = Box<dyn FnOnce() + Send>;
    let (jobs, waiting) = unbounded::<Job>();
    let (results, received) = unbounded();
    // As in the design: what the jobs share is leaked, and nobody counts its owners.
    let results: &'static _ = Box::leak(Box::new(results));
    let mut sum = 0;
    for _ in 0..windows {
        for number in 0..WINDOW {
            let job = move || results.send(number).expect("somebody receives");
            jobs.send(Box::new(job)).expect("somebody works");
        }
        while let Ok(job) = waiting.try_recv() {
            job();
        }
        sum += received.try_iter().sum::<u64>();
    }
    sum
}

/// Our pool, its handles dropped, and a channel for the results.
fn channel_back(windows: u64) -> u64 {
    let pool = Stepped::new();
    let (results, received) = unbounded();
    let results: &'static _ = Box::leak(Box::new(results));
    let mut sum = 0;
    for _ in 0..windows {
        for number in 0..WINDOW {
            drop(pool.submit(move || results.send(number).expect("somebody receives")));
        }
        while pool.step() {}
        sum += received.try_iter().sum::<u64>();
    }
    sum
}

/// Why there is no count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCounted {
    /// Valgrind is not installed.
    NoValgrind,
    /// It is, and something went wrong.
    Failed(String),
}

impl fmt::Display for NotCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValgrind => f.write_str("instructions are not counted: install valgrind"),
            Self::Failed(why) => write!(f, "instructions are not counted: {why}"),
        }
    }
}

impl Error for NotCounted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_is_counted_brings_everything_back() {
        for entrant in COUNTED {
            let sum = Count { entrant, windows: 2 }.step();
            assert_eq!(sum, Some(2 * 499_500), "{entrant}");
        }
        assert_eq!(Count { entrant: Entrant::Rings, windows: 2 }.step(), None);
    }

    #[test]
    fn the_count_is_read_from_what_callgrind_says() {
        let said = "==1== Events    : Ir\n==1== Collected : 235498\n==1==\n";
        assert_eq!(collected(said), Some(235_498));
        assert_eq!(collected("valgrind: command not found"), None);
    }
}
