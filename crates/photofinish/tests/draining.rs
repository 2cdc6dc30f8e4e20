//! A pool may be dropped wherever that is, and whatever its workers do: what is queued is finished,
//! and what comes later is refused.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use photofinish::{CompletionSet, Handle, JoinError, completer};

use support::{Gate, LIMIT, begin, counted_pool, eventually, pool, within};

#[test]
fn a_pool_dropped_by_its_own_task_finishes_what_is_queued_and_what_that_submits() {
    within(LIMIT, || {
        for workers in [1, 2, 4] {
            let (pool, threads) = counted_pool(workers);
            let (gate, ran) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
            let pool = Arc::new(pool);
            let dropper = {
                let (mine, gate) = (Arc::clone(&pool), gate.clone());
                pool.submit(move || {
                    gate.wait();
                    let handle = mine.handle();
                    drop(Arc::into_inner(mine).expect("this is the last"));
                    // The pool drains now, and this task is running.
                    handle.submit(|| "submitted after the drop").join().unwrap()
                })
            };
            for _ in 0..50 {
                let (handle, ran) = (pool.handle(), Arc::clone(&ran));
                drop(pool.submit(move || {
                    ran.fetch_add(1, SeqCst);
                    let ran = Arc::clone(&ran);
                    drop(handle.submit(move || ran.fetch_add(1, SeqCst)));
                }));
            }
            drop(pool);
            gate.open();
            assert_eq!(dropper.join().unwrap(), "submitted after the drop");
            eventually("all threads end", || threads.alive() == 0);
            assert_eq!(ran.load(SeqCst), 100);
        }
    });
}

#[test]
fn running_tasks_submit_while_the_pool_drains() {
    fn relay(handle: &Handle, left: usize, ran: &Arc<AtomicUsize>) {
        ran.fetch_add(1, SeqCst);
        if left > 0 {
            let (next, counter) = (handle.clone(), Arc::clone(ran));
            drop(handle.submit(move || relay(&next, left - 1, &counter)));
        }
    }
    within(LIMIT, || {
        for workers in [1, 3] {
            let pool = pool(workers);
            let (gate, ran) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
            let blocker = gate.hold_a_worker(&pool);
            for _ in 0..10 {
                let (handle, counter) = (pool.handle(), Arc::clone(&ran));
                drop(pool.submit(move || relay(&handle, 1_000, &counter)));
            }
            let opener = {
                let gate = gate.clone();
                thread::spawn(move || {
                    // Long enough for the drop to have begun, in all likelihood.
                    thread::sleep(Duration::from_millis(20));
                    gate.open();
                })
            };
            drop(pool);
            assert_eq!(ran.load(SeqCst), 10 * 1_001);
            blocker.join().unwrap();
            opener.join().unwrap();
        }
    });
}

#[test]
fn a_handle_is_refused_after_the_end_by_every_way_to_submit() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(2);
        let handle = pool.handle();
        assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
        drop(pool);
        assert_eq!(threads.alive(), 0);
        assert!(matches!(handle.submit(|| 1).join(), Err(JoinError::Abandoned)));
        assert!(matches!(handle.clone().submit(|| 1).try_join(), Ok(Err(JoinError::Abandoned))));
        let mut set = CompletionSet::new();
        set.submit(&handle, || 1);
        assert!(matches!(set.next_finished().unwrap().outcome, Err(JoinError::Abandoned)));
        // Another pool's task, too.
        let other = support::pool(1);
        let refused = other.submit(move || handle.submit(|| 1).join()).join().unwrap();
        assert!(matches!(refused, Err(JoinError::Abandoned)));
    });
}

/// Threads submit while the pool is being dropped: each task either ran or is abandoned, at the
/// latest when its submission and the drop have returned.
#[test]
fn submissions_that_race_with_the_end_run_or_are_abandoned() {
    within(LIMIT, || {
        for round in 0..300 {
            let pool = pool(1 + round % 3);
            let (started, starts) = channel();
            let submitters: Vec<_> = (0..2)
                .map(|_| {
                    let (handle, started) = (pool.handle(), started.clone());
                    thread::spawn(move || {
                        started.send(()).unwrap();
                        let submit = |n| handle.submit(move || n);
                        (0..200).map(submit).collect::<Vec<_>>()
                    })
                })
                .collect();
            starts.iter().take(2).for_each(drop);
            drop(pool);
            for submitter in submitters {
                for (n, task) in submitter.join().unwrap().into_iter().enumerate() {
                    match task.try_join() {
                        Ok(Ok(value)) => assert_eq!(value, n),
                        Ok(Err(JoinError::Abandoned)) => {}
                        other => panic!("the task neither ran nor was abandoned: {other:?}"),
                    }
                }
            }
        }
    });
}

/// A pool that is dropped while one of its workers waits for something external ends when that
/// comes, whichever of its workers the drop wakes.
#[test]
fn a_pool_drains_while_a_worker_of_it_waits_inside_a_task() {
    within(LIMIT, || {
        for round in 0..50 {
            let (pool, threads) = counted_pool(3);
            let (end, external) = completer();
            let waiter = begin(&pool, move || external.join().unwrap());
            let dropper = thread::spawn(move || drop(pool));
            if round % 2 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            end.complete(round).unwrap();
            dropper.join().unwrap();
            assert_eq!(threads.alive(), 0);
            assert_eq!(waiter.join().unwrap(), round);
        }
    });
}
