//! Bad input is refused with an error that says what was wrong, and what goes wrong inside tasks
//! stays inside: the pool goes on working, nothing is left running, every value is dropped once.

mod support;

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use photofinish::{
    BuildError, Builder, Cancelled, CompletionSet, JoinError, JoinHandle, Pool, as_completed,
    completer,
};

use support::{Drops, Gate, LIMIT, Threads, assert_all_workers_run, eventually, pool, within};

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

#[test]
fn a_task_that_panics_fails_alone_whatever_it_panics_with() {
    within(LIMIT, || {
        let pool = pool(2);
        let message = |task: JoinHandle<()>| match task.join() {
            Err(JoinError::Panicked(panic)) => panic.message().to_owned(),
            other => panic!("the task panicked, and this says: {other:?}"),
        };
        assert_eq!(message(pool.submit(|| panic!("a literal"))), "a literal");
        let n = 7;
        assert_eq!(message(pool.submit(move || panic!("formatted: {n}"))), "formatted: 7");
        let other = message(pool.submit(|| panic_any(Barrier::new(1))));
        assert_eq!(other, "a panic whose payload is not a string");
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_panic_can_go_on_where_the_task_is_joined() {
    within(LIMIT, || {
        let pool = pool(1);
        let task: JoinHandle<()> = pool.submit(|| panic_any(41_u8));
        let Err(JoinError::Panicked(panic)) = task.join() else { panic!("the task panicked") };
        let payload = catch_unwind(|| panic.resume()).unwrap_err();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 41);
        assert_all_workers_run(&pool);
    });
}

/// The closure's result is not counted: when a `Drop` panics on the way out of a function, the
/// compiler leaks what the function was about to return (rust-lang/rust#47949).
#[test]
fn a_panic_while_the_captures_are_dropped_at_the_end_of_the_run_fails_the_task() {
    within(LIMIT, || {
        let pool = pool(1);
        let drops = Drops::default();
        let (first, second, third) = (drops.token(), drops.panicking_token(), drops.token());
        let task = pool.submit(move || {
            let _captures = (first, second, third);
            7
        });
        match task.join() {
            Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), "a Drop panics"),
            other => panic!("a capture's Drop panicked, and this says: {other:?}"),
        }
        assert_eq!(drops.count(), 3);
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_panic_while_the_captures_are_dropped_by_cancel_is_contained() {
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, drops) = (Gate::default(), Drops::default());
        let blocker = gate.hold_a_worker(&pool);
        let token = drops.panicking_token();
        let task = pool.submit(move || drop(token));
        assert_eq!(task.cancel(), Cancelled::Now);
        assert_eq!(drops.count(), 1);
        assert!(matches!(task.join(), Err(JoinError::Cancelled)));

        // The same with a consumer that waits for it.
        let token = drops.panicking_token();
        let task = pool.submit(move || drop(token));
        let canceller = task.canceller();
        let mut results = as_completed([task]);
        assert_eq!(canceller.cancel(), Cancelled::Now);
        assert!(matches!(results.next().unwrap().outcome, Err(JoinError::Cancelled)));
        assert_eq!(drops.count(), 2);

        gate.open();
        blocker.join().unwrap();
        assert_all_workers_run(&pool);
        assert_eq!(drops.count(), 2);
    });
}

#[test]
fn a_panic_while_the_captures_of_an_abandoned_task_are_dropped_is_contained() {
    within(LIMIT, || {
        let pool = pool(1);
        let (handle, drops) = (pool.handle(), Drops::default());
        drop(pool);
        let token = drops.panicking_token();
        let task = handle.submit(move || drop(token));
        assert_eq!(drops.count(), 1);
        assert!(matches!(task.join(), Err(JoinError::Abandoned)));

        let token = drops.panicking_token();
        let (runnable, task) = photofinish::task(move || drop(token));
        drop(runnable);
        assert!(matches!(task.join(), Err(JoinError::Abandoned)));
        assert_eq!(drops.count(), 2);
    });
}

#[test]
fn a_result_nobody_takes_may_panic_when_dropped_wherever_that_is() {
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, drops) = (Gate::default(), Drops::default());
        let dangerous = || {
            let drops = drops.clone();
            pool.submit(move || drops.panicking_token())
        };

        // Detached before it runs: the worker drops the result.
        let blocker = gate.hold_a_worker(&pool);
        drop(dangerous());
        gate.open();
        blocker.join().unwrap();
        eventually("the first result is dropped", || drops.count() == 1);

        // Detached while it runs.
        let (begun, go_on) = (Gate::default(), Gate::default());
        let detached = {
            let (begun, go_on, drops) = (begun.clone(), go_on.clone(), drops.clone());
            pool.submit(move || {
                begun.open();
                go_on.wait();
                drops.panicking_token()
            })
        };
        begun.wait();
        drop(detached);
        go_on.open();
        eventually("the second result is dropped", || drops.count() == 2);

        // Detached after it ran: this thread drops the result, and does not unwind.
        let finished = dangerous();
        eventually("the third task finishes", || finished.is_finished());
        drop(finished);
        assert_eq!(drops.count(), 3);

        // Ready, on the way or to come in an iterator or a set that is dropped.
        for (round, ready) in [0, 1, 4].into_iter().enumerate() {
            let mut results = as_completed((0..4).map(|_| dangerous()).collect::<Vec<_>>());
            for _ in 0..ready {
                let taken = results.next().unwrap().outcome.unwrap();
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(taken)));
                assert!(dropped.is_err(), "what the caller drops is the caller's");
            }
            drop(results);
            let expected = 3 + 4 * (round + 1);
            eventually("the results are dropped", || drops.count() == expected);
        }
        let mut set = CompletionSet::new();
        for _ in 0..4 {
            let drops = drops.clone();
            set.submit(&pool, move || drops.panicking_token());
        }
        drop(set);
        eventually("the results of the set are dropped", || drops.count() == 19);

        assert_all_workers_run(&pool);
        drop(pool);
        assert_eq!(drops.count(), 19);
    });
}

#[test]
fn a_panics_payload_may_panic_when_dropped_wherever_that_is() {
    within(LIMIT, || {
        let pool = pool(1);
        let drops = Drops::default();
        let dangerous = || {
            let drops = drops.clone();
            pool.submit(move || panic_any(drops.panicking_token()))
        };
        drop(dangerous());
        eventually("the payload of a detached task is dropped", || drops.count() == 1);

        let finished: JoinHandle<()> = dangerous();
        eventually("the task finishes", || finished.is_finished());
        drop(finished);
        assert_eq!(drops.count(), 2);

        drop(as_completed([dangerous(), dangerous()]));
        eventually("the payloads of dropped iterators are dropped", || drops.count() == 4);

        let error = dangerous().join().unwrap_err();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(error)));
        assert!(dropped.is_err(), "what the caller drops is the caller's");
        assert_eq!(drops.count(), 5);

        let (end, handle) = completer::<()>();
        handle.cancel();
        end.panic(Box::new(drops.panicking_token()));
        assert_eq!(drops.count(), 6);
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_completer_that_is_dropped_abandons_its_task() {
    within(LIMIT, || {
        let pool = pool(1);
        let (end, handle) = completer::<u8>();
        let (mut started, other) = completer::<u8>();
        started.start();
        let task = pool.submit(move || drop((end, started)));
        let outcomes: Vec<_> = as_completed([handle, other]).map(|f| f.outcome).collect();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(JoinError::Abandoned))));
        task.join().unwrap();

        // Also when that happens by unwinding.
        let (end, handle) = completer::<u8>();
        let task: JoinHandle<()> = pool.submit(move || {
            let _end = end;
            panic!("the feeder fails");
        });
        assert!(matches!(handle.join(), Err(JoinError::Abandoned)));
        assert!(matches!(task.join(), Err(JoinError::Panicked(_))));
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_value_that_a_cancelled_task_refuses_comes_back() {
    let (drops, (end, handle)) = (Drops::default(), completer());
    handle.cancel();
    let refused = end.complete(drops.token()).expect_err("the task was cancelled");
    assert_eq!(drops.count(), 0);
    drop(refused);
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_drop_inside_the_library_may_use_the_pool() {
    struct Submits(photofinish::Handle, Arc<AtomicBool>);
    impl Drop for Submits {
        fn drop(&mut self) {
            let ran = Arc::clone(&self.1);
            drop(self.0.submit(move || ran.store(true, SeqCst)));
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        let ran = || Arc::new(AtomicBool::new(false));
        let (result, capture, cancelled) = (ran(), ran(), ran());

        let submits = Submits(pool.handle(), Arc::clone(&result));
        drop(pool.submit(move || submits));
        let submits = Submits(pool.handle(), Arc::clone(&capture));
        pool.submit(move || drop(submits)).join().unwrap();
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let submits = Submits(pool.handle(), Arc::clone(&cancelled));
        pool.submit(move || drop(submits)).cancel();
        gate.open();
        blocker.join().unwrap();

        drop(pool);
        for ran in [result, capture, cancelled] {
            assert!(ran.load(SeqCst));
        }
    });
}

#[test]
fn a_thousand_panics_leave_every_worker_alive() {
    within(LIMIT, || {
        let pool = pool(3);
        let drops = Drops::default();
        let tasks: Vec<_> = (0..1_000)
            .map(|n| {
                let (token, drops) = (drops.token(), drops.clone());
                pool.submit(move || {
                    let _token = token;
                    match n % 3 {
                        0 => panic!("odd"),
                        1 => panic_any(drops.token()),
                        _ => drops.token(),
                    }
                })
            })
            .collect();
        let failed = as_completed(tasks).filter(|finished| finished.outcome.is_err()).count();
        assert_eq!(failed, 667);
        assert_eq!(drops.count(), 1_000 + 666);
        assert_all_workers_run(&pool);
    });
}
