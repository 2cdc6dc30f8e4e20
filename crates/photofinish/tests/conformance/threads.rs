//! Rows T: the threads of the pool.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::thread;

use photofinish::Pool;

use crate::support::{Gate, LIMIT, counted_pool, within};

/// Unless told otherwise there is one worker per core; deviates: CPython has four more, and at
/// most 32.
#[test]
fn t2_the_default_is_one_worker_per_core() {
    within(LIMIT, || {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        assert_eq!(Pool::new().unwrap().workers(), cores);
    });
}

/// Four workers, sixty blocking tasks: submitting never blocks, exactly four threads exist, and
/// all tasks finish once released; same as CPython.
#[test]
fn t3_saturation_blocks_no_submission_and_starts_no_further_thread() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(4);
        let gate = Gate::default();
        let tasks: Vec<_> = (0..60)
            .map(|_| {
                let gate = gate.clone();
                pool.submit(move || {
                    gate.wait();
                    thread::current().id()
                })
            })
            .collect();
        // All are submitted, and none has finished.
        assert!(tasks.iter().all(|task| !task.is_finished()));
        assert_eq!(threads.alive(), 4);
        gate.open();
        let seen: HashSet<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
        assert!(seen.len() <= 4);
        assert_eq!(threads.ever(), 4);
    });
}

/// Tasks one after the other need one thread; deviates: CPython starts threads when it needs
/// them, a pool of photofinish has started all and starts no more.
#[test]
fn t4_tasks_one_after_the_other_start_no_further_thread() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(3);
        for n in 0..100 {
            assert_eq!(pool.submit(move || n).join().unwrap(), n);
        }
        assert_eq!((threads.alive(), threads.ever()), (3, 3));
    });
}

/// The initializer has run on each worker before its first task, and before the pool is there;
/// same as CPython's rows I1 and X7, but not lazily.
#[test]
fn i1_the_initializer_runs_on_each_worker_before_its_first_task() {
    thread_local! {
        static READY: std::cell::Cell<Option<usize>> = const { std::cell::Cell::new(None) };
    }
    within(LIMIT, || {
        let (begun, beginnings) = std::sync::mpsc::channel();
        let pool = Pool::builder()
            .workers(4)
            .on_thread_start(move |worker| {
                READY.set(Some(worker));
                begun.send(worker).ok();
            })
            .build()
            .unwrap();
        // `build` returns when all have begun: nothing is waited for here.
        let begun: HashSet<_> = beginnings.try_iter().collect();
        assert_eq!(begun, HashSet::from([0, 1, 2, 3]));
        let tasks: Vec<_> = (0..100).map(|_| pool.submit(|| READY.get())).collect();
        assert!(tasks.into_iter().all(|task| task.join().unwrap().is_some()));
    });
}
