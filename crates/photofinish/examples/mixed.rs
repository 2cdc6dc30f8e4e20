//! Blocking and async consumers of one set: an async function takes what it wants, and a loop that
//! blocks takes the rest.
//!
//! ```text
//! cargo run --example mixed
//! ```

use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use photofinish::{BuildError, CompletionSet, JoinHandle, Pool};

/// Takes results until one is larger than `limit`.
async fn take_until(set: &mut CompletionSet<u32>, limit: u32) -> Vec<u32> {
    let mut taken = Vec::new();
    while let Some(finished) = set.next_async().await {
        let number = finished.outcome.expect("counting does not fail");
        taken.push(number);
        if number > limit {
            break;
        }
    }
    taken
}

/// What was awaited, what was waited for, and a single task that is awaited on its own.
pub(crate) fn run() -> Result<(Vec<u32>, Vec<u32>, u32), BuildError> {
    let pool = Pool::builder().workers(2).build()?;
    let mut set = CompletionSet::new();
    for number in 0..10 {
        set.submit(&pool, move || {
            thread::sleep(Duration::from_millis(2));
            number
        });
    }
    let alone: JoinHandle<u32> = pool.submit(|| 100);
    let awaited = block_on(take_until(&mut set, 4));
    let waited_for = set.drain().map(|finished| finished.outcome.expect("as above")).collect();
    let alone = block_on(alone).expect("as above");
    Ok((awaited, waited_for, alone))
}

fn main() -> Result<(), BuildError> {
    let (awaited, waited_for, alone) = run()?;
    println!("awaited {awaited:?}, waited for {waited_for:?}, and {alone}");
    Ok(())
}
