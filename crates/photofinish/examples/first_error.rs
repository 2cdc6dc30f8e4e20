//! All or nothing: the first failure ends the wait, and what has not begun is cancelled.
//!
//! ```text
//! cargo run --example first_error
//! ```

use std::num::ParseIntError;

use photofinish::{BuildError, Finished, JoinError, Pool, Until, wait};

/// Why there is no sum.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Which input it was.
    pub(crate) index: usize,
    /// What became of its task.
    pub(crate) why: JoinError,
}

/// Adds up what stands in the texts; a text that is no number is a panic of its task.
pub(crate) fn sum(texts: &[&'static str]) -> Result<Result<u64, Failed>, BuildError> {
    let pool = Pool::builder().workers(2).build()?;
    let parse =
        |text: &str| text.parse::<u64>().unwrap_or_else(|why: ParseIntError| panic!("{why}"));
    let waited =
        wait(texts.iter().map(|&text| pool.submit(move || parse(text))), Until::FirstError);
    for pending in &waited.pending {
        pending.cancel();
    }
    let add = |sum: u64, Finished { index, outcome, .. }: Finished<u64>| match outcome {
        Ok(number) => Ok(sum + number),
        Err(why) => Err(Failed { index, why }),
    };
    Ok(waited.done.into_iter().try_fold(0, add))
}

fn main() -> Result<(), BuildError> {
    match sum(&["1", "2", "three", "4"])? {
        Ok(sum) => println!("{sum}"),
        Err(Failed { index, why }) => println!("number {index}: {why}"),
    }
    Ok(())
}
