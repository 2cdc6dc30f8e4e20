//! The first answers count: several ask, so many answers are enough, and whoever has not begun by
//! then never does.
//!
//! ```text
//! cargo run --example first_of
//! ```

use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Pool, as_completed};

/// The answers that come first, and how many tasks were never begun.
pub(crate) fn first_of(
    enough: usize,
    delays: &[Duration],
) -> Result<(Vec<usize>, usize), BuildError> {
    let pool = Pool::builder().workers(2).build()?;
    let asked = delays.iter().copied().map(|delay| pool.submit(move || thread::sleep(delay)));
    let mut answers = as_completed(asked);
    let first = answers.by_ref().take(enough).map(|finished| finished.index).collect();
    let spared = answers.cancel_unfinished();
    Ok((first, spared))
}

fn main() -> Result<(), BuildError> {
    let delays = [300, 20, 40, 500, 10].map(Duration::from_millis);
    let (first, spared) = first_of(2, &delays)?;
    println!("first: {first:?}; spared: {spared}");
    Ok(())
}
