//! The classic: ten tasks on ten workers, each sleeps for a random time of up to ten seconds, and
//! their results are printed as they cross the line.
//!
//! ```text
//! cargo run --example as_completed
//! cargo run --example as_completed -- --scale 0.1
//! ```

mod arguments;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Pool, as_completed};

const TASKS: u32 = 10;

/// Sleeps, and tells for how many seconds.
fn nap(number: u32, longest: f64) -> String {
    let seconds = fastrand::f64() * longest;
    thread::sleep(Duration::from_secs_f64(seconds));
    format!("Task={number}: {seconds:.2}")
}

/// Runs the tasks and hands each result to `print` as it comes.
pub(crate) fn run(scale: f64, mut print: impl FnMut(String)) -> Result<(), BuildError> {
    let pool = Pool::builder().workers(TASKS as usize).build()?;
    let tasks = (0..TASKS).map(|number| pool.submit(move || nap(number, 10.0 * scale)));
    for finished in as_completed(tasks) {
        match finished.outcome {
            Ok(text) => print(text),
            Err(why) => print(format!("Task={}: {why}", finished.index)),
        }
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
