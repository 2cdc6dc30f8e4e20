//! What cannot be built is refused with an error that says what was wrong, and nothing is left
//! running.

mod support;

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use photofinish::{BuildError, Builder, JoinHandle, Pool};

use support::{Drops, LIMIT, Threads, assert_all_workers_run, eventually, within};

/// Builds what cannot be built, with `threads` counting who starts, and shows that nobody is
/// left running.
fn refused(builder: Builder, threads: &Threads) -> BuildError {
    let error = builder.build().expect_err("the pool cannot be built");
    assert_eq!(threads.alive(), 0, "a thread is left running");
    error
}

fn counted(workers: usize) -> (Builder, Threads) {
    let threads = Threads::default();
    let counting = threads.clone();
    (Pool::builder().workers(workers).on_thread_start(move |_| counting.enter()), threads)
}

#[test]
fn too_many_workers_are_refused_before_any_starts() {
    let (builder, threads) = counted(usize::MAX);
    let error = refused(builder, &threads);
    assert!(matches!(error, BuildError::TooManyWorkers { workers: usize::MAX, most: 32_768 }));
    assert!(error.to_string().contains("at most 32768 workers"), "{error}");
    assert_eq!(threads.ever(), 0);
}

#[test]
fn a_stack_that_is_too_small_is_refused_before_any_worker_starts() {
    for bytes in [0, 1, 65_535] {
        let (builder, threads) = counted(2);
        let error = refused(builder.stack_size(bytes), &threads);
        let BuildError::StackTooSmall { bytes: refused, smallest: 262_144 } = error else {
            panic!("the stack is too small, and this says: {error}")
        };
        assert_eq!(refused, bytes);
        assert_eq!(threads.ever(), 0);
    }
}

#[test]
fn the_smallest_stack_works() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(2).stack_size(262_144).build().unwrap();
        assert_all_workers_run(&pool);
        let failing: JoinHandle<()> = pool.submit(|| panic!("a task fails"));
        assert!(failing.join().is_err());
        assert_all_workers_run(&pool);
    });
}

/// 64 TiB, half of what a pointer can express, and all. The system may grant the first of them for
/// one thread, but not for three.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn a_stack_that_no_system_has_is_refused_as_a_thread_that_did_not_start() {
    within(LIMIT, || {
        for bytes in [1 << 46, usize::MAX / 2, usize::MAX] {
            let (builder, threads) = counted(3);
            let error = refused(builder.stack_size(bytes), &threads);
            assert!(matches!(error, BuildError::ThreadNotStarted { .. }), "{error:?}");
            assert!(error.source().is_some());
        }
    });
}

#[test]
fn a_thread_name_with_a_nul_character_is_refused() {
    within(LIMIT, || {
        let (builder, threads) = counted(2);
        let error = refused(builder.thread_name("nul\0"), &threads);
        assert!(
            matches!(&error, BuildError::BadThreadName { worker: 0, name } if name == "nul\0-0")
        );
        assert!(error.to_string().contains(r#""nul\0-0""#), "{error}");

        let (builder, threads) = counted(4);
        let name = |worker| if worker == 2 { "\0".to_owned() } else { "fine".to_owned() };
        let error = refused(builder.thread_name_by(name), &threads);
        assert!(matches!(error, BuildError::BadThreadName { worker: 2, .. }));
    });
}

#[test]
fn a_panic_while_naming_threads_leaves_nothing_running() {
    within(LIMIT, || {
        let (builder, threads) = counted(4);
        let builder = builder.thread_name_by(|worker| {
            if worker == 2 {
                // Whoever has been started by now is given the time to arrive.
                thread::sleep(Duration::from_millis(100));
                panic!("no name");
            }
            format!("fine-{worker}")
        });
        let unwound = catch_unwind(AssertUnwindSafe(|| builder.build()));
        assert!(unwound.is_err(), "a panic of the caller's closure is the caller's");
        eventually("no thread is left running", || threads.alive() == 0);
    });
}

#[test]
fn a_panic_in_on_thread_start_is_reported_with_its_worker_and_leaves_nothing_running() {
    const WORKERS: usize = 5;
    within(LIMIT, || {
        for unlucky in [0, WORKERS / 2, WORKERS - 1] {
            let threads = Threads::default();
            let counting = threads.clone();
            let builder = Pool::builder().workers(WORKERS).on_thread_start(move |worker| {
                counting.enter();
                assert!(worker != unlucky, "no luck");
            });
            let error = refused(builder, &threads);
            let expected = format!("on_thread_start panicked on worker {unlucky}: no luck");
            assert_eq!(error.to_string(), expected);
            assert_eq!(threads.ever(), WORKERS);
        }
    });
}

#[test]
fn panics_in_on_thread_start_on_several_workers_are_reported_as_the_first() {
    within(LIMIT, || {
        let threads = Threads::default();
        let counting = threads.clone();
        let builder = Pool::builder().workers(6).on_thread_start(move |worker| {
            counting.enter();
            assert!(worker < 2, "worker {worker} fails");
        });
        let error = refused(builder, &threads);
        assert_eq!(error.to_string(), "on_thread_start panicked on worker 2: worker 2 fails");
    });
}

#[test]
fn payloads_of_on_thread_start_that_panic_when_dropped_leave_nothing_running() {
    within(LIMIT, || {
        let (drops, threads) = (Drops::default(), Threads::default());
        let (dropping, counting) = (drops.clone(), threads.clone());
        let all_started = Barrier::new(4);
        let builder = Pool::builder().workers(4).on_thread_start(move |worker| {
            counting.enter();
            all_started.wait();
            if worker % 2 == 1 {
                panic_any(dropping.panicking_token());
            }
        });
        let built = catch_unwind(AssertUnwindSafe(|| builder.build()));
        eventually("no thread is left running", || threads.alive() == 0);
        // Of two payloads the caller gets one, and does with it what it likes.
        let error = built.expect("the panic of the other payload is contained").unwrap_err();
        assert!(matches!(error, BuildError::InitializerPanicked { worker: 1, .. }));
        assert_eq!(drops.count(), 1);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(error))).is_err());
        assert_eq!(drops.count(), 2);
    });
}
