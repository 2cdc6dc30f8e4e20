//! Models that must fail. If one of them passes, the checker is off, and what the other models
//! say is worth nothing.

#![cfg(loom)]

use std::process::Command;
use std::sync::Arc;

use loom::cell::Cell;
use loom::sync::Notify;
use loom::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use photofinish_loom_tests::{Bound, Value, Witness, explore, spawn};
use photofinish_protocol::{completer, task};

/// Says in a process of its own which canary it is to run.
const CANARY: &str = "PHOTOFINISH_CANARY";

/// Asserts that the model in the test called `name` fails as `expected` says. It runs in a process
/// of its own, because an execution torn down in the middle may abort, and because a reader would
/// take what it prints for a failure.
fn fails(name: &str, expected: &str, execution: impl Fn() + Send + Sync + 'static) {
    fails_with(name, expected, &[], execution);
}

fn fails_with(
    name: &str,
    expected: &str,
    witnesses: &[&'static Witness],
    execution: impl Fn() + Send + Sync + 'static,
) {
    if std::env::var_os(CANARY).is_some() {
        explore(Bound::Preemptions(2), witnesses, execution);
        return;
    }
    let this = std::env::current_exe().expect("the test is a file");
    let run = Command::new(this)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CANARY, name)
        .output()
        .expect("the test runs once more");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success(), "{name} passed, so the checker is off");
    assert!(errors.contains(expected), "{name} does not say {expected:?}\n{errors}");
    println!("\n{name}: fails as it must");
}

/// A cell that two threads share. `loom` moves all threads of a model onto one, so the checker
/// alone looks after it.
struct Shared(Cell<u32>);

// SAFETY: the threads of a model take turns on one operating-system thread.
unsafe impl Send for Shared {}
// SAFETY: as above; that the turns do not happen one before the other is what loom reports.
unsafe impl Sync for Shared {}

#[test]
fn a_cell_without_synchronisation_is_a_race() {
    fails("a_cell_without_synchronisation_is_a_race", "Causality violation", || {
        let shared = Arc::new(Shared(Cell::new(0)));
        let other = Arc::clone(&shared);
        spawn(move || other.0.set(1));
        shared.0.get();
    });
}

/// A value published through a flag.
fn publication(release: Ordering, acquire: Ordering) {
    let shared = Arc::new((Shared(Cell::new(0)), AtomicBool::new(false)));
    let other = Arc::clone(&shared);
    spawn(move || {
        other.0.0.set(1);
        other.1.store(true, release);
    });
    if shared.1.load(acquire) {
        assert_eq!(shared.0.0.get(), 1);
    }
}

#[test]
fn a_value_published_by_release_and_acquire_is_no_race() {
    explore(Bound::Unbounded, &[], || publication(Release, Acquire));
}

#[test]
fn a_value_published_by_a_relaxed_store_is_a_race() {
    fails("a_value_published_by_a_relaxed_store_is_a_race", "Causality violation", || {
        publication(Relaxed, Acquire);
    });
}

#[test]
fn a_value_published_to_a_relaxed_load_is_a_race() {
    fails("a_value_published_to_a_relaxed_load_is_a_race", "Causality violation", || {
        publication(Release, Relaxed);
    });
}

#[test]
fn a_leaked_allocation_is_reported() {
    fails("a_leaked_allocation_is_reported", "leaked", || {
        std::mem::forget(loom::alloc::Track::new(()))
    });
}

#[test]
fn a_leaked_task_is_reported() {
    fails("a_leaked_task_is_reported", "leaked", || {
        let (runnable, handle) = task(|| ());
        runnable.run();
        std::mem::forget(handle);
    });
}

#[test]
fn a_lost_wakeup_is_a_deadlock() {
    fails("a_lost_wakeup_is_a_deadlock", "deadlock", || {
        let shared = Arc::new((AtomicBool::new(false), AtomicBool::new(false), Notify::new()));
        let other = Arc::clone(&shared);
        spawn(move || {
            let (ready, waiting, bell) = &*other;
            ready.store(true, Release);
            if waiting.load(Acquire) {
                bell.notify();
            }
        });
        let (ready, waiting, bell) = &*shared;
        // If the other thread looks between these two lines, nobody wakes this one.
        if !ready.load(Acquire) {
            waiting.store(true, Release);
            bell.wait();
            bell.wait();
        }
    });
}

/// The list of waiters of a shared handle, but with two steps where the shipped one has one: a look
/// whether it is closed, and then a push.
#[test]
fn a_waiter_that_looks_before_it_registers_is_lost() {
    const REGISTERED: usize = 1;
    const CLOSED: usize = 2;
    fails("a_waiter_that_looks_before_it_registers_is_lost", "deadlock", || {
        let shared = Arc::new((AtomicUsize::new(0), Notify::new()));
        let other = Arc::clone(&shared);
        spawn(move || {
            let (waiters, bell) = &*other;
            if waiters.swap(CLOSED, AcqRel) == REGISTERED {
                bell.notify();
            }
        });
        let (waiters, bell) = &*shared;
        if waiters.load(Acquire) != CLOSED {
            waiters.swap(REGISTERED, AcqRel);
            // The checker's bell may ring once for no reason.
            bell.wait();
            bell.wait();
        }
    });
}

#[test]
fn a_wait_for_a_task_that_nobody_completes_is_a_deadlock() {
    fails("a_wait_for_a_task_that_nobody_completes_is_a_deadlock", "deadlock", || {
        let (completer, handle) = completer::<Value>();
        std::mem::forget(completer);
        drop(handle.join());
    });
}

#[test]
fn a_value_that_nobody_drops_is_reported() {
    fails("a_value_that_nobody_drops_is_reported", "leaked", || std::mem::forget(Value::new(1)));
}

#[test]
fn a_value_dropped_twice_is_reported() {
    fails("a_value_dropped_twice_is_reported", "dropped 2 times", || {
        let mut value = std::mem::ManuallyDrop::new(Value::new(1));
        // SAFETY: a value is made for this: its second drop frees nothing.
        unsafe { std::mem::ManuallyDrop::drop(&mut value) };
        // SAFETY: as above.
        unsafe { std::mem::ManuallyDrop::drop(&mut value) };
    });
}

#[test]
fn a_witness_that_is_not_seen_fails_the_model() {
    static NEVER: Witness = Witness::new("the impossible came about");
    fails_with(
        "a_witness_that_is_not_seen_fails_the_model",
        "the impossible came about",
        &[&NEVER],
        || (),
    );
}
