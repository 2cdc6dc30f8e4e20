//! A progress bar that moves as tasks finish, whatever they come to.
//!
//! ```text
//! cargo run --example progress
//! ```

use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;
use photofinish::{BuildError, Pool, as_completed};

/// Runs the tasks under `bar`, and tells how many failed.
pub(crate) fn run(tasks: u64, each: Duration, bar: &ProgressBar) -> Result<usize, BuildError> {
    let pool = Pool::builder().workers(4).build()?;
    let work = move |number: u64| {
        thread::sleep(each);
        assert!(number % 10 != 9, "every tenth fails");
    };
    let results = as_completed((0..tasks).map(|number| pool.submit(move || work(number))));
    bar.set_length(tasks);
    // A bar is an iterator's companion: `wrap_iter` moves it by one for each item.
    let failed = bar.wrap_iter(results).filter(|finished| finished.outcome.is_err()).count();
    bar.finish();
    Ok(failed)
}

fn main() -> Result<(), BuildError> {
    // A failing task is a result like any other; its message would disturb the bar.
    std::panic::set_hook(Box::new(|_| ()));
    let failed = run(100, Duration::from_millis(50), &ProgressBar::new(0))?;
    println!("{failed} failed");
    Ok(())
}
