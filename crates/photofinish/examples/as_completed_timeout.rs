//! A wait that gives up: what is ready in five seconds is printed at once. Then the time is up, and
//! nothing is lost: the tasks go on, and the same iterator, without its deadline, yields the rest.
//!
//! ```text
//! cargo run --example as_completed_timeout
//! cargo run --example as_completed_timeout -- --scale 0.1
//! ```

mod arguments;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Finished, Pool, as_completed};

const TASKS: u32 = 10;
const PATIENCE: f64 = 5.0;

/// Sleeps, and tells for how many seconds.
fn nap(number: u32, longest: f64) -> String {
    let seconds = fastrand::f64() * longest;
    thread::sleep(Duration::from_secs_f64(seconds));
    format!("Task={number}: {seconds:.2}")
}

fn line(finished: Finished<String>) -> String {
    let index = finished.index;
    finished.outcome.unwrap_or_else(|why| format!("Task={index}: {why}"))
}

/// Runs the tasks and hands each line to `print` as it comes.
pub(crate) fn run(scale: f64, mut print: impl FnMut(String)) -> Result<(), BuildError> {
    let pool = Pool::builder().workers(TASKS as usize).build()?;
    let tasks = (0..TASKS).map(|number| pool.submit(move || nap(number, 10.0 * scale)));
    let patience = Duration::from_secs_f64(PATIENCE * scale);

    let mut results = as_completed(tasks).timeout(patience);
    for next in results.by_ref() {
        match next {
            Ok(finished) => print(line(finished)),
            Err(timed_out) => print(format!("after {patience:.2?}: {timed_out}")),
        }
    }
    // The pool's own drop would wait for the rest, too, but their results would be lost.
    for finished in results.into_inner() {
        print(line(finished));
    }
    Ok(())
}

fn main() -> ExitCode {
    let ran = arguments::scale(std::env::args().skip(1))
        .and_then(|scale| run(scale, |line| println!("{line}")).map_err(|why| why.to_string()));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
