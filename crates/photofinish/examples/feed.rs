//! One set fed by three executors that know nothing of it: rayon, tokio and a plain thread. Each
//! gets a completer for what it is to do.
//!
//! ```text
//! cargo run --example feed
//! ```

use std::error::Error;
use std::thread;

use photofinish::{CompletionSet, completer};

/// What came, sorted.
pub(crate) fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let mut set = CompletionSet::new();
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    for number in 0..2 {
        let (end, handle) = completer();
        set.add(handle);
        rayon.spawn(move || {
            end.complete(format!("rayon {number}")).ok();
        });

        let (end, handle) = completer();
        set.add(handle);
        tokio.spawn(async move {
            tokio::task::yield_now().await;
            end.complete(format!("tokio {number}")).ok();
        });
    }
    let adder = set.adder();
    // A thread of its own adds what it likes, when it likes.
    thread::spawn(move || {
        for number in 0..2 {
            let (end, handle) = completer();
            adder.add(handle);
            end.complete(format!("thread {number}")).ok();
        }
    });
    let mut came = set.drain().map(|finished| finished.outcome).collect::<Result<Vec<_>, _>>()?;
    came.sort();
    Ok(came)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:?}", run()?);
    Ok(())
}
