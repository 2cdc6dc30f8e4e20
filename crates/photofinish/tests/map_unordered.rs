//! `map_unordered`: a function applied to many inputs, results in the order in which they are done.

mod support;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use futures::StreamExt;
use futures::executor::block_on;
use photofinish::JoinError;
use support::{Drops, Gate, LIMIT, assert_all_workers_run, eventually, pool, within};

#[test]
fn every_input_comes_back_once_whatever_the_buffer() {
    within(LIMIT, || {
        for workers in [1, 2, 3] {
            let pool = pool(workers);
            // A buffer of few inputs hands each over by itself.
            for (buffer, inputs) in
                [(1, 300), (2, 300), (3, 300), (7, 1_000), (16, 1_000), (64, 5_000), (1_000, 5_000)]
            {
                let results = pool.map_unordered(0..inputs, |n| n * 2).buffer(buffer);
                let mut seen = vec![false; inputs];
                for mapped in results {
                    assert_eq!(mapped.outcome.unwrap(), 2 * mapped.index);
                    assert!(!std::mem::replace(&mut seen[mapped.index], true));
                }
                assert!(seen.iter().all(|seen| *seen));
            }
        }
    });
}

#[test]
fn no_more_inputs_are_pulled_than_were_yielded_and_the_buffer_holds() {
    within(LIMIT, || {
        let pool = pool(2);
        for buffer in [1, 3, 64] {
            // The inputs are an iterator that is not `Send`, and that does not end.
            let pulled = Rc::new(Cell::new(0));
            let counting = Rc::clone(&pulled);
            let inputs = (0..).inspect(move |_| counting.set(counting.get() + 1));
            let mut results = pool.map_unordered(inputs, |n: usize| n).buffer(buffer);
            assert_eq!(pulled.get(), 0, "nothing is pulled before the first item is asked for");
            for yielded in 0..1_000 {
                assert!(results.next().is_some());
                assert!(pulled.get() <= yielded + buffer);
                assert_eq!(results.under_way(), pulled.get() - yielded - 1);
            }
        }
    });
}

#[test]
fn what_is_done_first_is_yielded_first() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let waiting = gate.clone();
        let mut results = pool.map_unordered(0..4, move |n| {
            if n == 0 {
                waiting.wait();
            }
        });
        let mut order: Vec<_> = results.by_ref().take(3).map(|mapped| mapped.index).collect();
        order.sort_unstable();
        assert_eq!(order, [1, 2, 3]);
        gate.open();
        assert_eq!(results.next().unwrap().index, 0);
        assert!(results.next().is_none());
        assert!(results.next().is_none(), "the iterator is fused");
    });
}

#[test]
fn a_long_item_among_short_ones_holds_up_no_more_than_were_claimed_with_it() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let waiting = gate.clone();
        let results = pool.map_unordered(0..10_000, move |n| {
            if n == 5_000 {
                waiting.wait();
            }
        });
        let mut results = results.buffer(64);
        let before: Vec<_> = results.by_ref().take(10_000 - 16).map(|it| it.index).collect();
        assert!(!before.contains(&5_000));
        gate.open();
        assert_eq!(results.count(), 16);
    });
}

#[test]
fn items_that_meet_each_other_find_all_workers() {
    within(LIMIT, || {
        let pool = pool(4);
        for buffer in [4, 8, 64] {
            let meeting = Arc::new(Barrier::new(4));
            let results = pool.map_unordered(0..400, move |_| meeting.wait().is_leader());
            let leaders = results.buffer(buffer).filter(|mapped| *mapped.outcome.as_ref().unwrap());
            assert_eq!(leaders.count(), 100);
        }
    });
}

#[test]
fn a_panic_is_the_items_and_the_iteration_goes_on() {
    within(LIMIT, || {
        let pool = pool(2);
        let results = pool.map_unordered(0..100, |n| assert!(n % 10 != 3, "{n} is unlucky"));
        let failed = results.filter_map(|mapped| Some((mapped.index, mapped.outcome.err()?)));
        let mut failed: Vec<_> = failed.collect();
        failed.sort_unstable_by_key(|(index, _)| *index);
        assert_eq!(failed.len(), 10);
        for (index, error) in failed {
            assert_eq!(index % 10, 3);
            let JoinError::Panicked(panic) = error else { panic!("not a panic: {error}") };
            assert_eq!(panic.message(), format!("{index} is unlucky"));
        }
        assert_all_workers_run(&pool);
    });
}

#[test]
fn a_panic_of_the_inputs_is_the_callers_and_what_was_pulled_is_still_yielded() {
    within(LIMIT, || {
        let pool = pool(1);
        let inputs = (0..10).inspect(|n| assert_ne!(*n, 5, "no more inputs"));
        let mut results = pool.map_unordered(inputs, |n| n).buffer(8);
        assert!(catch_unwind(AssertUnwindSafe(|| results.next())).is_err());
        let mut rest: Vec<_> = results.map(|mapped| mapped.outcome.unwrap()).collect();
        rest.sort_unstable();
        assert_eq!(rest, [0, 1, 2, 3, 4, 6, 7, 8, 9]);
    });
}

#[test]
fn dropping_the_iterator_cancels_what_has_not_begun_and_waits_for_nothing() {
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, begun) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
        let (waiting, counter, drops) = (gate.clone(), Arc::clone(&begun), Drops::default());
        let tokens = {
            let drops = drops.clone();
            (0..10).map(move |_| drops.token())
        };
        let results = pool.map_unordered(tokens, move |token| {
            counter.fetch_add(1, SeqCst);
            waiting.wait();
            token
        });
        let results = results.buffer(10).start();
        eventually("the first item begins", || begun.load(SeqCst) == 1);
        drop(results);
        assert!(drops.count() <= 9, "the item that runs keeps its input");
        gate.open();
        eventually("all inputs and the result are dropped", || drops.count() == 10);
        assert_all_workers_run(&pool);
        assert_eq!(begun.load(SeqCst), 1);
    });
}

#[test]
fn whatever_panics_when_it_is_dropped_is_dropped_once_and_harms_nobody() {
    within(LIMIT, || {
        for yielded in [0, 1, 30, 100] {
            let pool = pool(2);
            let drops = Drops::default();
            let tokens = {
                let drops = drops.clone();
                (0..100).map(move |_| drops.panicking_token())
            };
            let results = pool.map_unordered(tokens, |token| token).buffer(40).start();
            let mut results = results;
            let kept: Vec<_> = results.by_ref().take(yielded).collect();
            let all = yielded + results.under_way();
            drop(results);
            eventually("what nobody took is dropped", || drops.count() == all - yielded);
            kept.into_iter().for_each(std::mem::forget);
            assert_all_workers_run(&pool);
        }
    });
}

#[test]
fn a_worker_that_iterates_does_the_items_itself_if_nobody_else_does() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let total = pool.submit(move || {
            let inner = handle.clone();
            let results = handle.map_unordered(0..20_u64, move |n| {
                let results = inner.map_unordered(0..n, |m| m);
                results.map(|mapped| mapped.outcome.unwrap()).sum::<u64>()
            });
            results.map(|mapped| mapped.outcome.unwrap()).sum::<u64>()
        });
        assert_eq!(total.join().unwrap(), (0..20).map(|n| n * (n.max(1) - 1) / 2).sum());
    });
}

#[test]
fn an_endless_iteration_leaves_the_workers_to_others_too() {
    within(LIMIT, || {
        let pool = pool(1);
        let mut results = pool.map_unordered(0_u64.., |n| n).buffer(1_000);
        let other = pool.submit(|| ());
        let done = results.by_ref().take(1_000_000).any(|_| other.is_finished());
        assert!(done, "a task from outside is run between the items");
        drop(results);
        other.try_join().expect("it has finished").unwrap();
    });
}

#[test]
fn what_is_asked_of_a_pool_that_has_ended_is_abandoned() {
    within(LIMIT, || {
        let pool = pool(2);
        let mut results = pool.map_unordered(0_u32.., |n| n).buffer(4);
        assert!(results.next().unwrap().outcome.is_ok());
        drop(pool);
        let last = results.take(20).last().unwrap();
        assert!(matches!(last.outcome, Err(JoinError::Abandoned)), "{last:?}");
    });
}

#[test]
fn a_timeout_is_told_once_and_what_is_under_way_goes_on() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let waiting = gate.clone();
        let mut results = pool.map_unordered([false, true], move |waits| {
            if waits {
                waiting.wait();
            }
        });
        assert_eq!(results.next().unwrap().index, 0);
        let mut results = results.timeout(Duration::from_millis(20));
        let timed_out = results.next().unwrap().unwrap_err();
        assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 2));
        assert!(results.next().is_none());
        let mut results = results.into_inner();
        assert!(results.next_timeout(Duration::ZERO).is_err());
        assert!(results.try_next().is_none());
        gate.open();
        assert_eq!(results.next().unwrap().index, 1);
        assert!(results.next_timeout(Duration::ZERO).unwrap().is_none());
    });
}

#[test]
fn an_async_task_receives_every_item_once() {
    within(LIMIT, || {
        let pool = pool(2);
        let stream = pool.map_unordered(0..10_000_u64, |n| n).buffer(100).into_stream();
        let sum = stream.map(|mapped| mapped.outcome.unwrap()).fold(0, async |sum, n| sum + n);
        assert_eq!(block_on(sum), 10_000 * 9_999 / 2);
    });
}

#[test]
fn empty_inputs_end_at_once() {
    within(LIMIT, || {
        let pool = pool(1);
        let mut results = pool.map_unordered([] as [u8; 0], |n| n);
        assert_eq!(results.size_hint(), (0, Some(0)));
        assert!(results.next().is_none());
    });
}
