//! `submit_batch`: many tasks at once, from outside and from inside the pool, bounded or not, and
//! what becomes of a batch that is cut off.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier};
use std::thread;

use photofinish::{CompletionSet, Handle, JoinError, Pool, Rejected, as_completed};
use support::{Drops, Gate, LIMIT, eventually, pool, within};

/// Submits a batch from outside, and one from inside a task.
fn from_both_sides<R: Send + 'static>(
    pool: &Pool,
    submit: impl Fn(&Handle) -> R + Clone + Send + 'static,
) -> [R; 2] {
    let handle = pool.handle();
    let outside = submit(&handle);
    let inside = pool.submit(move || submit(&handle));
    [outside, inside.join().unwrap()]
}

#[test]
fn handles_come_in_the_order_of_the_closures() {
    within(LIMIT, || {
        let pool = pool(2);
        let sums = from_both_sides(&pool, |handle| {
            let tasks = handle.submit_batch((0..1_000).map(|n| move || n));
            assert_eq!(tasks.len(), 1_000);
            let results = tasks.into_iter().map(|task| task.join().unwrap());
            assert!(results.eq(0..1_000));
        });
        assert_eq!(sums, [(), ()]);
    });
}

#[test]
fn an_empty_batch_is_nothing() {
    within(LIMIT, || {
        let pool = pool(1);
        let batches = from_both_sides(&pool, |handle| {
            handle.submit_batch(std::iter::empty::<fn() -> i32>()).len()
        });
        assert_eq!(batches, [0, 0]);
        eventually("the task from inside has finished", || pool.metrics().finished == 1);
        assert_eq!(pool.metrics().queued, 0);
    });
}

#[test]
fn a_large_batch_arrives_whole() {
    within(LIMIT, || {
        let pool = pool(2);
        let tasks = pool.submit_batch((0..200_000_u64).map(|n| move || n));
        let mut seen = vec![false; tasks.len()];
        for finished in as_completed(tasks) {
            assert_eq!(finished.outcome.unwrap(), finished.index as u64);
            assert!(!std::mem::replace(&mut seen[finished.index], true));
        }
        assert!(seen.into_iter().all(|seen| seen));
    });
}

#[test]
fn tasks_from_outside_begin_in_the_order_of_the_closures() {
    within(LIMIT, || {
        let pool = pool(1);
        let turn = Arc::new(AtomicUsize::new(0));
        let tasks = pool.submit_batch((0..500).map(|_| {
            let turn = Arc::clone(&turn);
            move || turn.fetch_add(1, SeqCst)
        }));
        assert!(tasks.into_iter().map(|task| task.join().unwrap()).eq(0..500));
    });
}

/// The first task is not held back until the last closure is there.
#[test]
fn the_first_task_begins_while_the_closures_still_come() {
    within(LIMIT, || {
        let pool = pool(2);
        from_both_sides(&pool, |handle| {
            let began = Gate::default();
            let closures = (0..10).map(|n| {
                if n == 1 {
                    began.wait();
                }
                let began = began.clone();
                move || began.open()
            });
            let tasks = handle.submit_batch(closures);
            tasks.into_iter().for_each(|task| task.join().unwrap());
        });
    });
}

/// The tasks need all workers at once, or none of them returns.
#[test]
fn a_batch_wakes_as_many_workers_as_it_has_work_for() {
    within(LIMIT, || {
        let pool = pool(3);
        eventually("all workers sleep", || pool.metrics().sleeping == 3);
        from_both_sides(&pool, |handle| {
            let meeting = Arc::new(Barrier::new(3));
            let tasks = handle.submit_batch((0..3).map(|_| {
                let meeting = Arc::clone(&meeting);
                move || {
                    meeting.wait();
                }
            }));
            tasks.into_iter().for_each(|task| task.join().unwrap());
        });
    });
}

#[test]
fn workers_that_fall_asleep_before_the_batch_is_complete_are_woken_when_it_is() {
    within(LIMIT, || {
        let pool = pool(2);
        let closures = (0..10).map(|n| {
            if n == 1 {
                eventually("all workers sleep", || pool.metrics().sleeping == 2);
            }
            move || n
        });
        let tasks = pool.submit_batch(closures);
        assert!(tasks.into_iter().map(|task| task.join().unwrap()).eq(0..10));
    });
}

#[test]
fn a_bounded_pool_takes_a_batch_no_faster_than_it_has_room() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).queue_capacity(3).build().unwrap();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let pulled = Arc::new(AtomicUsize::new(0));
        let submitter = {
            let (handle, pulled) = (pool.handle(), Arc::clone(&pulled));
            thread::spawn(move || {
                handle.submit_batch((0..100).map(|n| {
                    pulled.fetch_add(1, SeqCst);
                    move || n
                }))
            })
        };
        // The fourth closure waits for room.
        eventually("the queue is full", || pulled.load(SeqCst) == 4);
        assert!(matches!(pool.try_submit(|| ()), Err(Rejected::Full(_))));
        assert_eq!((pool.metrics().queued, pulled.load(SeqCst)), (3, 4));
        gate.open();
        let tasks = submitter.join().unwrap();
        assert!(tasks.into_iter().map(|task| task.join().unwrap()).eq(0..100));
        running.join().unwrap();
    });
}

/// A worker that waited for room could wait for itself.
#[test]
fn a_batch_from_inside_a_bounded_pool_goes_over_its_bound() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).queue_capacity(2).build().unwrap();
        let handle = pool.handle();
        let sum = pool.submit(move || {
            let tasks = handle.submit_batch((0..50).map(|n| move || n));
            tasks.into_iter().map(|task| task.join().unwrap()).sum::<i32>()
        });
        assert_eq!(sum.join().unwrap(), 1_225);
    });
}

/// The handles are lost to the panic, so the tasks are detached: they run, and nothing leaks.
#[test]
fn what_was_given_before_the_closures_panic_runs() {
    within(LIMIT, || {
        for capacity in [None, Some(2)] {
            let builder = Pool::builder().workers(2);
            let builder = capacity.into_iter().fold(builder, |b, most| b.queue_capacity(most));
            let pool = builder.build().unwrap();
            // Before the first, in the middle of what is published together, and after that.
            for given in [0, 1, 40, 150] {
                let drops = Drops::default();
                let ran = Arc::new(AtomicUsize::new(0));
                let counters = (drops.clone(), Arc::clone(&ran));
                let messages = from_both_sides(&pool, move |handle| {
                    let closures = (0..200).map(|n| {
                        assert_ne!(n, given, "no more closures");
                        let (token, ran) = (counters.0.token(), Arc::clone(&counters.1));
                        move || {
                            ran.fetch_add(1, SeqCst);
                            drop(token);
                        }
                    });
                    let cut_off = catch_unwind(AssertUnwindSafe(|| handle.submit_batch(closures)));
                    *cut_off.unwrap_err().downcast::<String>().unwrap()
                });
                assert!(messages.iter().all(|message| message.contains("no more closures")));
                eventually("all that was given runs", || ran.load(SeqCst) == 2 * given);
                eventually("nothing is left", || drops.count() == 2 * given);
            }
        }
    });
}

#[test]
fn a_batch_for_a_pool_that_has_ended_is_abandoned_whole() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        drop(pool);
        let drops = Drops::default();
        let tasks = handle.submit_batch((0..100).map(|_| {
            let token = drops.token();
            move || drop(token)
        }));
        assert_eq!(drops.count(), 100);
        assert_eq!(tasks.len(), 100);
        for task in tasks {
            assert!(matches!(task.join(), Err(JoinError::Abandoned)));
        }
    });
}

#[test]
fn a_batch_for_a_broken_pool_fails_with_the_cause() {
    within(LIMIT, || {
        let pool = pool(1);
        pool.submit(photofinish::lose_this_worker).join().unwrap();
        let is_broken = || matches!(pool.try_submit(|| ()), Err(Rejected::Broken(..)));
        eventually("the pool is broken", is_broken);
        for task in pool.submit_batch((0..100).map(|n| move || n)) {
            assert!(matches!(task.join(), Err(JoinError::Broken(_))));
        }
    });
}

/// Half of the batch comes before the shutdown, half of it after.
#[test]
fn a_batch_that_meets_a_shutdown_is_cancelled_whole() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let mut owned = Some(pool);
        let mut owner = None;
        let closures = (0..200).map(|n| {
            if n == 100 {
                let pool = owned.take().expect("it comes by once");
                owner = Some(thread::spawn(move || pool.shutdown_now()));
                let is_shut_down =
                    || matches!(handle.try_submit(|| ()), Err(Rejected::ShutDown(_)));
                eventually("the pool is shut down", is_shut_down);
            }
            move || n
        });
        let tasks = handle.submit_batch(closures);
        assert_eq!(tasks.len(), 200);
        for finished in as_completed(tasks) {
            assert!(matches!(finished.outcome, Err(JoinError::Cancelled)));
        }
        gate.open();
        let shutdown = owner.expect("the batch came by").join().unwrap();
        assert!(shutdown.cancelled >= 200, "{shutdown:?}");
        running.join().unwrap();
    });
}

/// Whoever has a task of the pool still running may submit as long as it does.
#[test]
fn a_batch_that_meets_the_drop_of_the_pool_runs_whole() {
    within(LIMIT, || {
        let pool = pool(1);
        let (handle, gate, dropping) = (pool.handle(), Gate::default(), Gate::default());
        let (opened, begun) = (gate.clone(), dropping.clone());
        let outer = pool.submit(move || {
            opened.wait();
            let closures = (0..200).map(|n| {
                if n == 100 {
                    begun.wait();
                }
                move || n
            });
            let tasks = handle.submit_batch(closures);
            tasks.into_iter().map(|task| task.join().unwrap()).sum::<i32>()
        });
        let owner = thread::spawn(move || {
            gate.open();
            dropping.open();
            drop(pool);
        });
        assert_eq!(outer.join().unwrap(), 19_900);
        owner.join().unwrap();
    });
}

#[test]
fn a_batch_into_a_set_has_indices_that_follow_each_other() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        set.submit(&pool, || 1_000);
        assert_eq!(set.submit_batch(&pool, (1..=300).map(|n| move || n)), 300);
        assert_eq!(set.submit_batch(&pool, std::iter::empty::<fn() -> usize>()), 0);
        assert_eq!((set.remaining(), set.total()), (301, 301));
        while let Some(finished) = set.next_finished() {
            let expected = if finished.index == 0 { 1_000 } else { finished.index };
            assert_eq!(finished.outcome.unwrap(), expected);
        }
    });
}

/// The set has its tasks, so nothing is lost to the panic.
#[test]
fn a_set_keeps_what_was_given_before_the_closures_panic() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        let closures = (0..200_usize).map(|n| {
            assert_ne!(n, 150, "no more closures");
            move || n
        });
        let cut_off = catch_unwind(AssertUnwindSafe(|| set.submit_batch(&pool, closures)));
        assert!(cut_off.is_err());
        assert_eq!(set.remaining(), 150);
        let results = std::iter::from_fn(|| set.next_finished());
        assert_eq!(results.map(|finished| finished.outcome.unwrap()).sum::<usize>(), 11_175);
    });
}

#[test]
fn a_batch_into_a_set_from_a_pool_that_has_ended_is_abandoned() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        pool.shutdown();
        let mut set = CompletionSet::new();
        assert_eq!(set.submit_batch(&handle, (0..5).map(|n| move || n)), 5);
        let results = std::iter::from_fn(|| set.next_finished());
        let outcomes: Vec<_> = results.map(|finished| finished.outcome).collect();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(JoinError::Abandoned))));
        assert_eq!(outcomes.len(), 5);
    });
}
