//! What users of other systems know: each test shows a feature of one of them, by our name for it
//! or by the idiom that stands for it.

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{
    Cancelled, CompletionSet, DeadlineSet, JoinError, Until, as_completed, as_completed_keyed,
    completer, wait,
};
use support::{Drops, Gate, LIMIT, completers, pool, within};

/// dask: `as_completed.add`, from the loop's own body.
#[test]
fn dask_add_while_iterating() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        set.submit(&pool, || 3_u32);
        let mut seen = Vec::new();
        while let Some(finished) = set.next_finished() {
            let number = finished.outcome.unwrap();
            seen.push(number);
            if number > 0 {
                set.add(pool.submit(move || number - 1));
            }
        }
        assert_eq!(seen, [3, 2, 1, 0]);
    });
}

/// dask: `as_completed.update`, many at once.
#[test]
fn dask_update_is_extend() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set: CompletionSet<_> = (0..3).map(|n| pool.submit(move || n)).collect();
        set.extend((3..6).map(|n| pool.submit(move || n)));
        let mut numbers: Vec<_> = set.drain().map(|done| done.outcome.unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        assert_eq!((set.remaining(), set.total()), (0, 6));
    });
}

/// dask: `as_completed.batches`.
#[test]
fn dask_batches_hold_all_that_is_ready_and_at_least_one() {
    within(LIMIT, || {
        let (ends, handles) = completers(4);
        let mut set = CompletionSet::from_iter(handles);
        let mut ends = ends.into_iter();
        for end in ends.by_ref().take(3) {
            end.complete(()).unwrap();
        }
        let mut batch = set.next_batch();
        assert_eq!(batch.len(), 3);
        batch.clear();
        let last = ends.next().unwrap();
        let feeder = thread::spawn(move || last.complete(()).unwrap());
        assert_eq!(set.next_batch_into(&mut batch), 1);
        assert_eq!(set.next_batch_into(&mut batch), 0);
        feeder.join().unwrap();
    });
}

/// dask: `as_completed.clear` forgets all; here what has not begun is cancelled, too.
#[test]
fn dask_clear_forgets_all_tasks_and_the_set_goes_on() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(3);
        let mut set = CompletionSet::from_iter(handles);
        assert!(ends[0].start());
        ends.pop().unwrap().complete(2).unwrap();
        assert_eq!(set.clear(), 1, "one has begun, one is done, and one is neither");
        assert!(set.is_empty() && set.next_finished().is_none());
        // What is done later does not come back.
        ends.remove(0).complete(0).unwrap();
        let (end, handle) = completer();
        set.add(handle);
        end.complete(9).unwrap();
        assert_eq!(set.next_finished().unwrap().outcome.unwrap(), 9);
        assert!(set.next_finished().is_none());
    });
}

/// dask: `has_ready`, `is_empty`, `count`.
#[test]
fn dask_looks_do_not_wait() {
    let (mut ends, handles) = completers(2);
    let mut set = CompletionSet::from_iter(handles);
    assert!(set.try_next().is_none() && !set.is_empty());
    ends.pop().unwrap().complete(1).unwrap();
    assert_eq!(set.try_next().unwrap().index, 1);
    assert_eq!(set.remaining(), 1);
}

/// dask, and tokio where it cannot: adding from other threads while one waits.
#[test]
fn adders_feed_a_set_from_many_threads_and_its_end_is_theirs() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        let adder = set.adder();
        let feeders: Vec<_> = (0..4_u64)
            .map(|feeder| {
                let (adder, handle) = (adder.clone(), pool.handle());
                thread::spawn(move || {
                    for n in 0..500 {
                        adder.submit(&handle, move || 1_000 * feeder + n);
                    }
                })
            })
            .collect();
        drop(adder);
        let mut numbers: Vec<_> = set.drain().map(|done| done.outcome.unwrap()).collect();
        numbers.sort_unstable();
        let expected = (0..4).flat_map(|feeder| (0..500).map(move |n| 1_000 * feeder + n));
        assert!(numbers.iter().copied().eq(expected), "{} numbers", numbers.len());
        feeders.into_iter().for_each(|feeder| feeder.join().unwrap());
    });
}

/// However much was sent to a set that never looks, dropping it neither leaks nor recurses.
#[test]
fn a_set_that_never_looked_drops_all_that_adders_sent() {
    within(LIMIT, || {
        const MANY: usize = 200_000;
        let drops = Drops::default();
        let mut set = CompletionSet::new();
        let adder = set.adder();
        for _ in 0..MANY {
            let (end, handle) = completer();
            adder.clone().add(handle);
            end.complete(drops.token()).unwrap();
        }
        drop(set);
        assert_eq!(drops.count(), MANY);
        let (end, handle) = completer();
        adder.add(handle);
        end.complete(drops.token()).unwrap();
        assert_eq!(drops.count(), MANY + 1);
    });
}

/// A set whose only hope is an adder ends its wait in time, too.
#[test]
fn a_set_with_an_adder_alone_times_out() {
    within(LIMIT, || {
        let mut set = CompletionSet::<u8>::new();
        let adder = set.adder();
        let timed_out = set.next_timeout(Duration::from_millis(10)).unwrap_err();
        assert_eq!((timed_out.unfinished(), timed_out.total()), (0, 0));
        assert!(set.try_next().is_none());
        drop(adder);
        assert!(set.next_timeout(LIMIT).unwrap().is_none());
    });
}

/// tokio: `JoinSet::try_join_next`.
#[test]
fn tokio_try_join_next_is_try_next() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let held = gate.hold_a_worker(&pool);
        let mut set = CompletionSet::new();
        set.submit(&pool, || 5);
        assert!(set.try_next().is_none());
        gate.open();
        held.join().unwrap();
        let finished = loop {
            match set.try_next() {
                Some(finished) => break finished,
                None => thread::yield_now(),
            }
        };
        assert_eq!(finished.outcome.unwrap(), 5);
        assert!(set.try_next().is_none());
    });
}

/// tokio: `JoinSet::abort_all`, and an `AbortHandle` for one.
#[test]
fn tokio_abort_is_cancel_and_the_aborted_are_told() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let held = gate.hold_a_worker(&pool);
        let mut set = CompletionSet::new();
        let ids: Vec<_> = (0..3).map(|n| set.submit(&pool, move || n)).collect();
        assert_eq!(set.cancel(ids[1]), Some(Cancelled::Now));
        assert_eq!(set.cancel(ids[1]), Some(Cancelled::Before));
        let first = set.next_finished().unwrap();
        assert_eq!(first.id, ids[1]);
        assert!(matches!(first.outcome, Err(JoinError::Cancelled)));
        assert_eq!(set.cancel(ids[1]), None);
        assert_eq!(set.cancel_all(), 2);
        assert_eq!(set.drain().filter(|done| done.outcome.is_err()).count(), 2);
        gate.open();
        held.join().unwrap();
    });
}

/// tokio: `JoinSet::detach_all`.
#[test]
fn tokio_detach_all_lets_the_tasks_go_on() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let held = gate.hold_a_worker(&pool);
        let ran = Arc::new(());
        let mut set = CompletionSet::new();
        for _ in 0..3 {
            let ran = Arc::clone(&ran);
            set.submit(&pool, move || drop(ran));
        }
        set.detach_all();
        assert!(set.is_empty() && set.next_finished().is_none());
        assert_eq!(Arc::strong_count(&ran), 4, "nobody has been cancelled");
        gate.open();
        held.join().unwrap();
        drop(pool);
        assert_eq!(Arc::strong_count(&ran), 1);
        assert!(set.next_finished().is_none());
    });
}

/// tokio: `JoinSet::join_all`; here nobody's panic is thrown at the one who waits.
#[test]
fn tokio_join_all_tells_failures_as_values() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(2);
        ends.pop().unwrap().complete(1).unwrap();
        drop(ends);
        let all = CompletionSet::from_iter(handles).join_all();
        assert_eq!(all.iter().filter(|done| done.outcome.is_ok()).count(), 1);
        assert_eq!(all.len(), 2);
    });
}

/// tokio-util: `JoinMap`; a set gives identities, and a map of them gives keys.
#[test]
fn join_map_is_a_map_of_identities() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut set = CompletionSet::new();
        let mut keys = HashMap::new();
        for word in ["one", "two", "three"] {
            keys.insert(set.submit(&pool, move || word.len()), word);
        }
        while let Some(finished) = set.next_finished() {
            let word = keys.remove(&finished.id).unwrap();
            assert_eq!(finished.outcome.unwrap(), word.len());
        }
        assert!(keys.is_empty());
    });
}

/// Java: `ExecutorCompletionService.take` and `poll`, with and without a time.
#[test]
fn java_take_and_poll() {
    within(LIMIT, || {
        let mut service = CompletionSet::new();
        let (end, handle) = completer();
        service.add(handle);
        assert!(service.try_next().is_none(), "poll()");
        assert!(service.next_timeout(Duration::from_millis(1)).is_err(), "poll(time)");
        end.complete(4).unwrap();
        assert_eq!(service.next_finished().unwrap().outcome.unwrap(), 4, "take()");
        // In Java this take would wait for ever.
        assert!(service.next_finished().is_none());
    });
}

/// .NET: `Task.WhenEach` over tasks that have finished and tasks that have not.
#[test]
fn net_when_each_is_as_completed() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(3);
        ends.remove(1).complete(1).unwrap();
        let mut results = as_completed(handles);
        assert_eq!(results.next().unwrap().index, 1);
        ends.remove(1).complete(2).unwrap();
        ends.remove(0).complete(0).unwrap();
        let rest: Vec<_> = results.map(|finished| finished.index).collect();
        assert_eq!(rest, [2, 0]);
    });
}

/// .NET: `Task.WhenAny` in a loop, which is quadratic there; the pending ones come back.
#[test]
fn net_when_any_in_a_loop_is_wait_for_the_first() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut pending: Vec<_> = (0..20).map(|n| pool.submit(move || n)).collect();
        let mut sum = 0;
        while !pending.is_empty() {
            let waited = wait(pending, Until::First);
            sum += waited.done.into_iter().map(|done| done.outcome.unwrap()).sum::<i32>();
            pending = waited.pending;
        }
        assert_eq!(sum, (0..20).sum());
    });
}

/// A key goes in and comes out, moved and never compared, with errors too.
#[test]
fn keys_come_back_with_results_errors_and_handles() {
    within(LIMIT, || {
        struct Key(usize);
        let (mut ends, handles) = completers::<u8>(3);
        let keyed = handles.into_iter().enumerate().map(|(n, handle)| (Key(10 * n), handle));
        let mut results = as_completed_keyed(keyed);
        assert_eq!(results.len(), 3);
        drop(ends.remove(1));
        let (key, finished) = results.next().unwrap();
        assert!(matches!(finished.outcome, Err(JoinError::Abandoned)));
        assert_eq!((key.0, finished.index), (10, 1));
        let mut results = results.timeout(Duration::ZERO);
        assert!(results.next().unwrap().is_err());
        assert!(results.next().is_none());
        let rest: Vec<_> = results.into_inner().into_unfinished();
        assert_eq!(rest.iter().map(|(key, _)| key.0).collect::<Vec<_>>(), [0, 20]);
    });
}

/// Shared handles have keys as well, each iterator its own; a task that is given twice has the first.
#[test]
fn keys_come_back_with_shared_handles() {
    within(LIMIT, || {
        let (ends, handles) = completers(3);
        let handles: Vec<_> = handles.into_iter().map(|handle| handle.shared()).collect();
        let keyed =
            |keys: [&'static str; 3]| as_completed_keyed(keys.into_iter().zip(handles.clone()));
        let (mut numbers, letters) = (keyed(["1", "2", "3"]), keyed(["a", "b", "c"]));
        for (n, end) in ends.into_iter().enumerate().rev() {
            end.complete(n).unwrap();
        }
        let (key, finished) = numbers.try_next().unwrap();
        assert_eq!((key, *finished.outcome().unwrap()), ("3", 2));
        let rest = numbers.into_unfinished();
        assert_eq!(rest.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["1", "2"]);
        assert!(letters.map(|(key, _)| key).eq(["c", "b", "a"]));

        let twice = [("first", handles[0].clone()), ("second", handles[0].clone())];
        assert!(as_completed_keyed(twice).map(|(key, _)| key).eq(["first"]));
    });
}

/// CompletableFuture: `orTimeout`, each task with a time of its own.
#[test]
fn each_task_is_overdue_at_its_own_time_and_goes_on() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(3);
        let mut set = DeadlineSet::new();
        let begun = Instant::now();
        for (handle, milliseconds) in handles.into_iter().zip([3_600_000, 40, 20]) {
            set.add(handle, begun + Duration::from_millis(milliseconds));
        }
        let order: Vec<_> = (0..2)
            .map(|_| set.next_finished().unwrap().expect_err("the time of this one is up"))
            .collect();
        assert_eq!([order[0].index, order[1].index], [2, 1]);
        assert_eq!(set.remaining(), 1);
        for end in ends.drain(..) {
            end.complete(5).unwrap();
        }
        let late: i32 = order.into_iter().map(|overdue| overdue.handle.join().unwrap()).sum();
        assert_eq!(late, 10);
        assert_eq!(set.next_finished().unwrap().unwrap().outcome.unwrap(), 5);
        assert!(set.next_finished().is_none());
    });
}

/// The time that a task waits for a worker counts too.
#[test]
fn a_task_that_no_worker_has_begun_is_overdue() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let blocker = gate.hold_a_worker(&pool);
        let mut set = DeadlineSet::new();
        set.submit_within(&pool, LIMIT, || 1);
        set.submit_within(&pool, Duration::from_millis(20), || 2);
        let overdue = set.next_finished().unwrap().expect_err("its time is up");
        assert_eq!(overdue.index, 1);
        assert!(set.try_next().is_none(), "the time of the other is not");
        gate.open();
        blocker.join().unwrap();
        assert_eq!(overdue.handle.join().unwrap(), 2);
        assert_eq!(set.next_finished().unwrap().unwrap().outcome.unwrap(), 1);
    });
}

/// What has finished is never overdue, however late it is asked for.
#[test]
fn a_task_that_finished_is_not_overdue() {
    within(LIMIT, || {
        let (ends, handles) = completers(2);
        let mut set = DeadlineSet::new();
        for handle in handles {
            set.add_within(handle, Duration::ZERO);
        }
        for (n, end) in ends.into_iter().enumerate() {
            end.complete(n).unwrap();
        }
        thread::sleep(Duration::from_millis(5));
        assert!((0..2).all(|n| set.next_finished().unwrap().unwrap().index == n));
        assert!(set.try_next().is_none());
    });
}

/// A set that lives long does not keep the deadlines of those that have gone.
#[test]
fn deadlines_of_tasks_that_are_gone_are_not_waited_for() {
    within(LIMIT, || {
        let mut set = DeadlineSet::new();
        for n in 0..10_000 {
            let (end, handle) = completer();
            set.add_within(handle, Duration::from_secs(3_600));
            end.complete(n).unwrap();
            assert_eq!(set.next_finished().unwrap().unwrap().outcome.unwrap(), n);
        }
        assert!(set.is_empty() && set.next_finished().is_none());
    });
}
