//! A bounded pipeline: the inputs are endless, and no more of them are under way than a buffer
//! holds, in two stages of one pool.
//!
//! ```text
//! cargo run --example pipeline
//! ```

use photofinish::{BuildError, JoinError, Pool};

/// The first primes of the form n * n + 1, as they are found.
pub(crate) fn primes(many: usize) -> Result<Result<Vec<u64>, JoinError>, BuildError> {
    let pool = Pool::new()?;
    let candidates = pool.map(1_u64.., |n| n * n + 1).buffer(16);
    // The second stage pulls from the first, on this thread, only when it has room.
    let candidates = candidates.map(|outcome| outcome.expect("squaring does not fail"));
    let tested = pool.map(candidates, |n| is_prime(n).then_some(n)).buffer(16);
    Ok(tested.filter_map(Result::transpose).take(many).collect())
}

fn is_prime(n: u64) -> bool {
    n > 1
        && (2..)
            .take_while(|divisor| divisor * divisor <= n)
            .all(|divisor| !n.is_multiple_of(divisor))
}

fn main() -> Result<(), BuildError> {
    println!("{:?}", primes(10)?);
    Ok(())
}
