//! `map` in the order of the inputs, with a limit of time for all of it: what has come by then is
//! kept, and the rest never begins.
//!
//! ```text
//! cargo run --example map_timeout
//! ```

use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Pool};

/// The squares that were ready in time, in order, and what the time-out said, if there was one.
pub(crate) fn squares_within(
    limit: Duration,
    delays: Vec<Duration>,
) -> Result<(Vec<u64>, Option<String>), BuildError> {
    let pool = Pool::builder().workers(2).build()?;
    let square = |(number, delay): (u64, Duration)| {
        thread::sleep(delay);
        number * number
    };
    let mut squares = Vec::new();
    for result in pool.map((1..).zip(delays), square).timeout(limit) {
        match result {
            Ok(square) => squares.push(square.expect("squaring does not fail")),
            Err(timed_out) => return Ok((squares, Some(timed_out.to_string()))),
        }
    }
    Ok((squares, None))
}

fn main() -> Result<(), BuildError> {
    let delays = [0, 0, 2_000, 0].map(Duration::from_millis).to_vec();
    let (squares, timed_out) = squares_within(Duration::from_millis(200), delays)?;
    println!("{squares:?}, then {timed_out:?}");
    Ok(())
}
