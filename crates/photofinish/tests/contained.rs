//! What goes wrong inside tasks stays inside: the pool goes on working, and every value is dropped
//! once.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

use photofinish::{Cancelled, CompletionSet, JoinError, JoinHandle, Pool, as_completed, completer};

use support::{Drops, Gate, LIMIT, Token, assert_all_workers_run, begin, eventually, pool, within};

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

/// A task whose result panics when it is dropped.
fn dangerous(pool: &Pool, drops: &Drops) -> JoinHandle<Token> {
    let drops = drops.clone();
    pool.submit(move || drops.panicking_token())
}

#[test]
fn a_result_may_panic_when_dropped_by_the_worker_that_made_it() {
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, drops) = (Gate::default(), Drops::default());

        // Detached before it runs.
        let blocker = gate.hold_a_worker(&pool);
        drop(dangerous(&pool, &drops));
        gate.open();
        blocker.join().unwrap();
        eventually("the first result is dropped", || drops.count() == 1);

        // Detached while it runs.
        let go_on = Gate::default();
        let (goes_on, tokens) = (go_on.clone(), drops.clone());
        let detached = begin(&pool, move || {
            goes_on.wait();
            tokens.panicking_token()
        });
        drop(detached);
        go_on.open();
        eventually("the second result is dropped", || drops.count() == 2);
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_result_may_panic_when_dropped_with_its_handle() {
    within(LIMIT, || {
        let (pool, drops) = (pool(1), Drops::default());
        let finished = dangerous(&pool, &drops);
        eventually("the task finishes", || finished.is_finished());
        drop(finished);
        assert_eq!(drops.count(), 1);
    });
}

#[test]
fn results_that_are_ready_on_the_way_or_to_come_may_panic_when_dropped_with_their_consumer() {
    within(LIMIT, || {
        let (pool, drops) = (pool(1), Drops::default());
        for (round, ready) in [0, 1, 4].into_iter().enumerate() {
            let tasks: Vec<_> = (0..4).map(|_| dangerous(&pool, &drops)).collect();
            let mut results = as_completed(tasks);
            for _ in 0..ready {
                let taken = results.next().unwrap().outcome.unwrap();
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(taken)));
                assert!(dropped.is_err(), "what the caller drops is the caller's");
            }
            drop(results);
            eventually("the results are dropped", || drops.count() == 4 * (round + 1));
        }
        let mut set = CompletionSet::new();
        for _ in 0..4 {
            let drops = drops.clone();
            set.submit(&pool, move || drops.panicking_token());
        }
        drop(set);
        eventually("the results of the set are dropped", || drops.count() == 16);

        assert_all_workers_run(&pool);
        drop(pool);
        assert_eq!(drops.count(), 16);
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
