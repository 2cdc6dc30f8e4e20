//! Eight threads complete, one or two consume.

use std::time::Duration;

use photofinish_protocol::sync::Arc;
use photofinish_protocol::sync::hint;
use photofinish_protocol::{
    Cancelled, Completer, CompletionSet, Finished, JoinError, JoinHandle, as_completed, completer,
    task,
};
use shuttle::rand::{Rng, thread_rng};

use crate::harness::{explore, join_all, spawn};
use crate::value::Value;

pub(crate) const PRODUCERS: usize = 8;
/// How long it is does not matter: deadlines pass at random.
const SOON: Duration = Duration::from_millis(1);

pub(crate) fn completers() -> (Vec<Completer<Value>>, Vec<JoinHandle<Value>>) {
    (0..PRODUCERS).map(|_| completer()).unzip()
}

/// Each on a thread of its own, the completers complete with their numbers.
pub(crate) fn complete_all(completers: Vec<Completer<Value>>) {
    for (number, completer) in completers.into_iter().enumerate() {
        spawn(move || completer.complete(Value::new(number)).expect("nobody cancels"));
    }
}

/// The same, by threads that have something in common besides, which the last of them drops.
pub(crate) fn complete_all_sharing(completers: Vec<Completer<Value>>, shared: Value) {
    let shared = Arc::new(shared);
    for (number, completer) in completers.into_iter().enumerate() {
        let shared = Arc::clone(&shared);
        spawn(move || {
            completer.complete(Value::new(number)).expect("nobody cancels");
            drop(shared);
        });
    }
}

pub(crate) fn number(finished: &Finished<Value>) -> usize {
    finished.outcome.as_ref().expect("the task returned").number()
}

/// Asserts that each of `0..PRODUCERS` is there once.
pub(crate) fn assert_complete(mut numbers: Vec<usize>) {
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..PRODUCERS), "each task is yielded once");
}

#[test]
fn a_consumer_that_parks_is_woken_for_every_task() {
    explore("park_unpark", 30_000, || {
        let (completers, handles) = completers();
        let results = as_completed(handles).spin(Duration::ZERO);
        complete_all(completers);
        let indices = results.map(|finished| {
            assert_eq!(finished.index, number(&finished));
            finished.index
        });
        assert_complete(indices.collect());
    });
}

#[test]
fn tasks_that_complete_while_they_are_attached_are_each_yielded_once() {
    explore("attach_race", 30_000, || {
        let (completers, handles) = completers();
        complete_all(completers);
        let indices = as_completed(handles).map(|finished| {
            assert_eq!(finished.index, number(&finished));
            finished.index
        });
        assert_complete(indices.collect());
    });
}

#[test]
fn two_sets_each_get_their_own() {
    explore("two_sets", 15_000, || {
        let (for_one, one) = completers();
        let (for_two, two) = completers();
        for (number, (first, second)) in for_one.into_iter().zip(for_two).enumerate() {
            spawn(move || {
                first.complete(Value::new(number)).expect("nobody cancels");
                second.complete(Value::new(number + 100)).expect("nobody cancels");
            });
        }
        let consume = |handles: Vec<JoinHandle<Value>>, offset: usize| {
            let mut set = CompletionSet::new();
            let mut numbers = Vec::new();
            // Half are added before the first is taken, half one by one.
            let mut handles = handles.into_iter();
            set.extend(handles.by_ref().take(PRODUCERS / 2));
            while let Some(finished) = set.next_finished() {
                assert_eq!(finished.index + offset, number(&finished));
                numbers.push(finished.index);
                set.extend(handles.next());
            }
            assert_complete(numbers);
        };
        let other = spawn(move || consume(two, 100));
        consume(one, 0);
        join_all([other]);
    });
}

#[test]
fn cancelled_tasks_run_or_are_cancelled_and_come_once() {
    explore("cancel_storm", 15_000, || {
        let mut handles = Vec::new();
        let mut runnables = Vec::new();
        for number in 0..PRODUCERS {
            let captured = Value::new(number);
            let (runnable, handle) = task(move || captured);
            runnables.push(runnable);
            handles.push(handle);
        }
        let cancel = |reversed: bool| {
            let mut cancellers: Vec<_> = handles.iter().map(JoinHandle::canceller).collect();
            if reversed {
                cancellers.reverse();
            }
            move || {
                let now = |cancelled| usize::from(matches!(cancelled, Cancelled::Now));
                cancellers.iter().map(|canceller| now(canceller.cancel())).sum::<usize>()
            }
        };
        let cancelled = [cancel(false), cancel(true)].map(shuttle::thread::spawn);
        for runnable in runnables {
            spawn(|| runnable.run());
        }
        let mut lost = 0;
        let indices = as_completed(handles).map(|finished| {
            match finished.outcome {
                Ok(value) => assert_eq!(value.number(), finished.index),
                Err(JoinError::Cancelled) => lost += 1,
                Err(other) => panic!("neither returned nor cancelled: {other}"),
            }
            finished.index
        });
        assert_complete(indices.collect());
        let won: usize = cancelled.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        assert_eq!(won, lost, "each cancellation was one canceller's");
    });
}

#[test]
fn time_outs_lose_no_task() {
    explore("time_out_storm", 15_000, || {
        let (for_set, in_set) = completers();
        let (for_joins, to_join) = completers();
        for (number, (first, second)) in for_set.into_iter().zip(for_joins).enumerate() {
            spawn(move || {
                first.complete(Value::new(number)).expect("nobody cancels");
                second.complete(Value::new(number)).expect("nobody cancels");
            });
        }
        let joiner = spawn(move || {
            for (number, mut handle) in to_join.into_iter().enumerate() {
                let mut patience: u32 = thread_rng().gen_range(0..4);
                let outcome = loop {
                    if patience == 0 {
                        break handle.join();
                    }
                    match handle.join_timeout(SOON) {
                        Ok(outcome) => break outcome,
                        Err(again) => handle = again,
                    }
                    patience -= 1;
                };
                assert_eq!(outcome.expect("the task returned").number(), number);
            }
        });
        let mut numbers = Vec::new();
        let mut handles = in_set;
        // Each round takes some and then waits for the rest as if it had just come.
        while !handles.is_empty() {
            let mut results = as_completed(handles).timeout(SOON);
            let in_time = results.by_ref().filter_map(Result::ok);
            numbers.extend(in_time.map(|finished| number(&finished)));
            handles = results.into_inner().into_unfinished();
            hint::spin_loop();
        }
        assert_complete(numbers);
        join_all([joiner]);
    });
}

#[test]
fn an_iterator_dropped_meanwhile_leaves_nothing_behind() {
    explore("drop_iterator", 30_000, || {
        let (completers, handles) = completers();
        complete_all_sharing(completers, Value::new(PRODUCERS));
        let mut results = as_completed(handles);
        let wanted = thread_rng().gen_range(0..PRODUCERS);
        let taken: Vec<usize> = results.by_ref().take(wanted).map(|f| number(&f)).collect();
        assert_eq!(taken.len(), wanted);
        drop(results);
    });
}
