//! Tasks that wait for tasks of their own pool, on two workers: a worker that waits runs other
//! tasks meanwhile, so a merge sort can hand both of its halves to the pool.
//!
//! ```text
//! cargo run --release --example nested
//! ```

use std::error::Error;

use photofinish::{Handle, JoinError, Pool};

/// Below this length a task sorts by itself.
const GRAIN: usize = 1_000;

/// Sorts `numbers`, half of them in another task.
pub(crate) fn sort(pool: &Handle, mut numbers: Vec<u32>) -> Result<Vec<u32>, JoinError> {
    if numbers.len() <= GRAIN {
        numbers.sort_unstable();
        return Ok(numbers);
    }
    let upper = numbers.split_off(numbers.len() / 2);
    let handle = pool.clone();
    let upper = pool.submit(move || sort(&handle, upper));
    let lower = sort(pool, numbers)?;
    Ok(merge(lower, upper.join()??))
}

fn merge(one: Vec<u32>, other: Vec<u32>) -> Vec<u32> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        merged.extend(if a <= b { one.next() } else { other.next() });
    }
    merged.extend(one.chain(other));
    merged
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder().workers(2).build()?;
    let numbers: Vec<u32> = std::iter::repeat_with(|| fastrand::u32(..)).take(1_000_000).collect();
    let handle = pool.handle();
    let sorted = pool.submit(move || sort(&handle, numbers)).join()??;
    println!("{} numbers, sorted: {}", sorted.len(), sorted.is_sorted());
    Ok(())
}
