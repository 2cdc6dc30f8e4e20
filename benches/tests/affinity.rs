//! Pinning, in a process of its own: it touches every thread there is.

#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread::{self, available_parallelism};

use photofinish_bench::affinity::{Pinned, Threads};

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// One test, since two would pin each other's threads.
#[test]
fn each_thread_has_one_core_and_the_caller_is_freed_while_others_come_and_go() {
    let all = cores();
    if all == 1 {
        return;
    }
    let before = Threads::now();
    let (over, (go, gone)) = (AtomicBool::new(false), channel::<()>());
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            gone.recv().ok();
            cores()
        });
        // Threads that end between being seen and being pinned are no failure.
        scope.spawn(|| {
            while !over.load(Relaxed) {
                thread::spawn(|| {}).join().unwrap();
            }
        });
        let pinned_and_freed = || {
            let pinned = Pinned::all_but(&before).map(|_pinned| cores());
            (pinned, cores()) == (Some(1), all)
        };
        let failed = (0..1000).find(|_| !pinned_and_freed());
        over.store(true, Relaxed);
        drop(go);
        assert_eq!(failed, None);
        assert_eq!(worker.join().unwrap(), 1);
    });
}
