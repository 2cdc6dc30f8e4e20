//! Eight threads share tasks: they wait in all the ways there are, leave too early, add callbacks and
//! cancel, while somebody completes.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use photofinish_protocol::sync::Arc;
use photofinish_protocol::{
    JoinError, JoinHandle, SharedHandle, Until, as_completed, as_completed_keyed, completer, task,
    wait,
};
use shuttle::rand::{Rng, thread_rng};

use crate::delivery::{PRODUCERS, complete_all, completers};
use crate::harness::{explore, join_all, spawn};
use crate::value::Value;

/// How long it is does not matter: deadlines pass at random.
const SOON: Duration = Duration::from_millis(1);

/// Waits for the task in some way, gives up sometimes, and tells how it ended.
fn consume(handle: SharedHandle<Value>) -> Option<Result<usize, ()>> {
    let tell = |outcome: Result<&Value, &JoinError>| match outcome {
        Ok(value) => Ok(value.number()),
        Err(JoinError::Cancelled) => Err(()),
        Err(other) => panic!("neither returned nor cancelled: {other}"),
    };
    match thread_rng().gen_range(0..5) {
        0 => Some(tell(handle.result())),
        1 => {
            // What this leaves behind is used by the next wait.
            let early = handle.result_timeout(SOON).map(tell);
            let late = tell(handle.result());
            assert!(early.is_none_or(|early| early == late));
            Some(late)
        }
        2 => {
            let mut results = as_completed([handle.clone(), handle]).timeout(SOON);
            results.next().expect("an item or its time").ok().map(|done| tell(done.outcome()))
        }
        3 => {
            let finished = as_completed([handle]).next().expect("there is one");
            Some(tell(finished.outcome()))
        }
        _ => {
            handle.result_timeout(SOON);
            None
        }
    }
}

#[test]
fn whoever_shares_a_task_sees_its_outcome() {
    explore("shared_waiters", 8_000, || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        let consumers = (0..PRODUCERS).map(|_| {
            let handle = handle.clone();
            spawn(move || assert!(consume(handle).is_none_or(|outcome| outcome == Ok(7))))
        });
        let consumers = consumers.collect::<Vec<_>>();
        drop(handle);
        completer.complete(Value::new(7)).expect("nobody cancels");
        join_all(consumers);
    });
}

#[test]
fn whoever_shares_a_task_that_is_cancelled_sees_the_same_as_all_others() {
    explore("shared_cancel", 8_000, || {
        let captured = Value::new(7);
        let (runnable, handle) = task(move || captured);
        let handle = handle.shared();
        let sums = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let consumers = (0..PRODUCERS).map(|number| {
            let handle = handle.clone();
            let [returned, cancelled] = sums.clone();
            spawn(move || {
                if number == 0 {
                    handle.cancel();
                }
                match consume(handle) {
                    Some(Ok(number)) => assert_eq!(returned.fetch_add(number, SeqCst) % 7, 0),
                    Some(Err(())) => {
                        cancelled.fetch_add(1, SeqCst);
                    }
                    None => {}
                }
            })
        });
        let consumers = consumers.collect::<Vec<_>>();
        drop(handle);
        runnable.run();
        join_all(consumers);
        let [returned, cancelled] = sums.map(|sum| sum.load(SeqCst));
        assert!(returned == 0 || cancelled == 0, "{returned} and {cancelled}");
    });
}

#[test]
fn each_callback_is_called_once_wherever_it_is_added() {
    explore("shared_callbacks", 8_000, || {
        let (completer, handle) = completer::<Value>();
        let handle = handle.shared();
        let calls = Arc::new(AtomicUsize::new(0));
        let adders = (0..PRODUCERS).map(|number| {
            let (handle, calls) = (handle.clone(), Arc::clone(&calls));
            spawn(move || {
                let captured = Value::new(number);
                let again = handle.clone();
                handle.on_complete(move |outcome| {
                    assert_eq!((outcome.unwrap().number(), captured.number()), (7, number));
                    // One that is added by a callback is called at once.
                    let nested = Arc::clone(&calls);
                    again.on_complete(move |_| {
                        nested.fetch_add(1, SeqCst);
                    });
                    calls.fetch_add(1, SeqCst);
                });
            })
        });
        let adders = adders.collect::<Vec<_>>();
        completer.complete(Value::new(7)).expect("nobody cancels");
        join_all(adders);
        assert_eq!(handle.result().expect("it returned").number(), 7);
        assert_eq!(calls.load(SeqCst), 2 * PRODUCERS);
    });
}

/// The callback of a unique handle, against a completer and a canceller.
#[test]
fn each_task_calls_its_callback_once_whether_it_runs_or_is_cancelled() {
    explore("callbacks", 8_000, || {
        let told = Arc::new(AtomicUsize::new(0));
        let threads = (0..PRODUCERS / 2).flat_map(|number| {
            let captured = Value::new(number);
            let (runnable, handle) = task(move || captured);
            let canceller = handle.canceller();
            let told = Arc::clone(&told);
            let callback = move |outcome: Result<Value, JoinError>| {
                match outcome {
                    Ok(value) => assert_eq!(value.number(), number),
                    Err(error) => assert!(matches!(error, JoinError::Cancelled)),
                }
                told.fetch_add(1, SeqCst);
            };
            let adder = move || handle.on_complete(callback);
            let canceller = move || {
                canceller.cancel();
            };
            [spawn(adder), spawn(canceller), spawn(|| runnable.run())]
        });
        join_all(threads.collect::<Vec<_>>());
        assert_eq!(told.load(SeqCst), PRODUCERS / 2);
    });
}

/// Several iterate over the same tasks, in different ways; each sees each task once.
#[test]
fn all_who_iterate_over_the_same_tasks_see_each_of_them() {
    explore("shared_iterators", 4_000, || {
        let (completers, handles) = completers();
        let handles: Vec<_> = handles.into_iter().map(JoinHandle::shared).collect();
        let one = handles.clone();
        let other = handles.clone();
        let all = |mut numbers: Vec<usize>| {
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..PRODUCERS));
        };
        let consumers = [
            spawn(move || all(as_completed(one).map(|done| done.index).collect())),
            spawn(move || {
                let results = as_completed_keyed((0..).zip(other));
                all(results.map(|(key, _)| key).collect());
            }),
        ];
        complete_all(completers);
        let mut numbers = Vec::new();
        let mut pending = handles;
        while !pending.is_empty() {
            let waited = wait(pending, Until::First);
            let outcomes = waited.done.iter().map(|done| done.outcome().expect("it returned"));
            numbers.extend(outcomes.map(Value::number));
            pending = waited.pending;
        }
        all(numbers);
        join_all(consumers);
    });
}
