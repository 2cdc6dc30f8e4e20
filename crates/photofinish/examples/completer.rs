//! Results that come from elsewhere: plain threads complete tasks by hand, and a pool's tasks join
//! the same race. One thread gives up, which ends its task and hangs nobody.
//!
//! ```text
//! cargo run --example completer
//! ```

use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Completer, JoinHandle, Pool, as_completed, completer};

/// A thread that calls back, as the client of some service does.
fn ask(service: &'static str, latency: u64, completer: Completer<String>) {
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(latency));
        if service == "broken" {
            return; // The completer is dropped: the task ends as abandoned.
        }
        if let Err(answer) = completer.complete(format!("{service} answers")) {
            println!("nobody wants to know that {answer}");
        }
    });
}

/// Three services and a task of a pool.
pub(crate) fn run(mut print: impl FnMut(String)) -> Result<(), BuildError> {
    let pool = Pool::builder().workers(1).build()?;
    let services = [("slow", 90), ("broken", 60), ("fast", 10)];
    let mut racers: Vec<JoinHandle<String>> = Vec::new();
    for (service, latency) in services {
        let (completer, handle) = completer();
        ask(service, latency, completer);
        racers.push(handle);
    }
    racers.push(pool.submit(|| {
        thread::sleep(Duration::from_millis(30));
        "the pool answers".to_owned()
    }));

    for finished in as_completed(racers) {
        match finished.outcome {
            Ok(answer) => print(answer),
            Err(why) => print(format!("racer {}: {why}", finished.index)),
        }
    }
    Ok(())
}

fn main() -> Result<(), BuildError> {
    run(|line| println!("{line}"))
}
