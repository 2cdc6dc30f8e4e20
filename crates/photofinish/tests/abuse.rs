//! Loads nobody should put on a pool: they are slow at worst, and nothing is lost.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use photofinish::{as_completed, completer};

use support::{Drops, Gate, LIMIT, assert_all_workers_run, counted_pool, eventually, pool, within};

#[test]
fn a_million_tasks_are_outstanding_and_all_arrive_after_the_consumer_has_slept_through_them() {
    within(LIMIT, || {
        const TASKS: usize = 1_000_000;
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let tasks = pool.submit_batch((0..TASKS).map(|n| move || n));
        let mut results = as_completed(tasks);
        assert_eq!(results.remaining(), TASKS);
        gate.open();
        blocker.join().unwrap();
        // The one worker runs this last: nobody has taken anything when all is done.
        pool.submit(|| ()).join().unwrap();
        let mut seen = vec![false; TASKS];
        for finished in &mut results {
            let value = finished.outcome.unwrap();
            assert!(!std::mem::replace(&mut seen[value], true), "{value} came twice");
        }
        assert!(seen.into_iter().all(|seen| seen));
    });
}

#[test]
fn a_thousand_pools_come_and_go_and_leave_no_thread() {
    within(LIMIT, || {
        for round in 0..1_000 {
            let (pool, threads) = counted_pool(2);
            let task = pool.submit(move || round);
            drop(pool);
            assert_eq!(task.join().unwrap(), round);
            assert_eq!((threads.ever(), threads.alive()), (2, 0));
        }
    });
}

#[test]
fn two_hundred_and_fifty_six_workers_all_run() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(256);
        assert_all_workers_run(&pool);
        let tasks = pool.submit_batch((0..20_000_usize).map(|n| move || n));
        let sum: usize = as_completed(tasks).map(|finished| finished.outcome.unwrap()).sum();
        assert_eq!(sum, 20_000 * 19_999 / 2);
        drop(pool);
        assert_eq!((threads.ever(), threads.alive()), (256, 0));
    });
}

#[test]
fn a_storm_of_cancels_drops_every_capture_once_and_each_task_runs_or_is_cancelled() {
    within(LIMIT, || {
        const TASKS: usize = 20_000;
        let (pool, drops) = (pool(2), Drops::default());
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let token = drops.token();
                pool.submit(move || drop(token))
            })
            .collect();
        let cancelled = tasks.iter().filter(|task| task.cancel().is_cancelled()).count();
        let ended = as_completed(tasks).filter(|finished| finished.outcome.is_err()).count();
        assert_eq!(ended, cancelled);
        drop(pool);
        assert_eq!(drops.count(), TASKS);
    });
}

#[test]
fn a_storm_of_time_outs_loses_no_result() {
    within(LIMIT, || {
        let (ends, handles): (Vec<_>, Vec<_>) = (0..100_usize).map(|_| completer()).unzip();
        let mut results = as_completed(handles);
        let mut sum = 0;
        for (n, end) in ends.into_iter().enumerate() {
            for _ in 0..50 {
                assert!(results.next_timeout(Duration::ZERO).is_err());
                assert!(results.next_timeout(Duration::from_micros(1)).is_err());
            }
            end.complete(n).unwrap();
            sum += results.next_timeout(LIMIT).unwrap().unwrap().outcome.unwrap();
        }
        assert_eq!(sum, 100 * 99 / 2);
        assert!(results.next().is_none());
    });
}

#[test]
fn iterators_dropped_in_the_middle_of_a_storm_drop_every_result_once() {
    within(LIMIT, || {
        let (pool, drops) = (pool(2), Drops::default());
        for taken in 0..200 {
            let tasks: Vec<_> = (0..200)
                .map(|_| {
                    let drops = drops.clone();
                    pool.submit(move || drops.token())
                })
                .collect();
            let mut results = as_completed(tasks);
            assert_eq!(results.by_ref().take(taken).count(), taken);
        }
        drop(pool);
        eventually("all results are dropped", || drops.count() == 200 * 200);
    });
}

#[test]
fn tasks_that_submit_while_the_pool_shuts_down_all_run() {
    within(LIMIT, || {
        const DEEP: usize = 10_000;
        fn next(pool: photofinish::Handle, left: usize, ran: std::sync::Arc<AtomicUsize>) {
            ran.fetch_add(1, SeqCst);
            if left > 0 {
                let inner = pool.clone();
                drop(pool.submit(move || next(inner, left - 1, ran)));
            }
        }
        let (pool, ran) = (pool(2), std::sync::Arc::new(AtomicUsize::new(0)));
        let (handle, counter, gate) = (pool.handle(), ran.clone(), Gate::default());
        let go = gate.clone();
        drop(pool.submit(move || {
            go.wait();
            next(handle, DEEP, counter);
        }));
        gate.open();
        drop(pool);
        assert_eq!(ran.load(SeqCst), DEEP + 1);
    });
}

/// A thread that parks for a reason of its own finds its token where it was left.
#[test]
fn a_storm_of_tokens_of_std_ends_no_wait_and_no_wait_takes_one() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let begun = Gate::default();
        let begin = begun.clone();
        let consumer = thread::spawn(move || {
            let mut results = as_completed([handle]);
            assert!(results.next_timeout(Duration::from_millis(1)).is_err());
            begin.open();
            let value = results.next().expect("it has not ended").outcome.unwrap();
            // Without the token this would not return.
            thread::park();
            value
        });
        begun.wait();
        for _ in 0..10_000 {
            consumer.thread().unpark();
            assert!(!consumer.is_finished());
        }
        end.complete(7).unwrap();
        assert_eq!(consumer.join().unwrap(), 7);
    });
}

#[test]
fn closures_of_64_kib_results_of_nothing_and_over_aligned_types_arrive() {
    #[repr(align(128))]
    struct Line(u8);
    #[repr(align(4096))]
    struct Page(u8);
    fn aligned<T>(value: &T) -> bool {
        std::ptr::from_ref(value).addr().is_multiple_of(align_of::<T>())
    }
    within(LIMIT, || {
        let pool = pool(2);
        for n in 0..100_u8 {
            let large = [n; 64 << 10];
            let ends = pool.submit(move || (large[0], large[large.len() - 1])).join().unwrap();
            assert_eq!(ends, (n, n));
            pool.submit(|| ()).join().unwrap();
            let (line, page) = (Line(n), Page(n));
            let line = pool.submit(move || {
                assert!(aligned(&line));
                line
            });
            let page = pool.submit(move || {
                assert!(aligned(&page));
                page
            });
            let (line, page) = (line.join().unwrap(), page.shared());
            assert_eq!(line.0, n);
            let page = page.result().unwrap();
            assert!(aligned(page) && page.0 == n);
        }
    });
}
