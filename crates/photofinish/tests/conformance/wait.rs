//! Rows W and B: `wait`.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use photofinish::{Finished, JoinError, JoinHandle, Until, Waited, completer, wait, wait_timeout};

use crate::support::{Gate, LIMIT, completers, eventually, pool, within};

fn indices<T>(done: &[Finished<T>]) -> Vec<usize> {
    done.iter().map(|finished| finished.index).collect()
}

/// What a wait came to: the indices of those that are done, and how many are pending.
fn split<T>(waited: &Waited<JoinHandle<T>>) -> (Vec<usize>, usize) {
    (indices(&waited.done), waited.pending.len())
}

/// A cancelled task is done, and ends a wait for the first; deviates: CPython waits on, because it
/// tells waiters of a cancellation only when a worker comes across the task.
#[test]
fn w2_a_cancelled_task_is_done() {
    within(LIMIT, || {
        let (_ends, handles) = completers::<u8>(2);
        handles[0].cancel();
        assert_eq!(split(&wait(handles, Until::First)), (vec![0], 1));
    });
}

/// A wait for the first ends when one finishes; same as CPython.
#[test]
fn w2_the_first_to_finish_ends_the_wait() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(2);
        let fast = ends.pop().unwrap();
        let feeder = thread::spawn(move || fast.complete(1).unwrap());
        let waited = wait(handles, Until::First);
        assert_eq!(split(&waited), (vec![1], 1));
        feeder.join().unwrap();
        ends.pop().unwrap().complete(0).unwrap();
        assert_eq!(split(&wait(waited.pending, Until::All)), (vec![0], 0));
    });
}

/// With some that are done already, all of those are told at once; same as CPython, which leaves
/// cancelled ones out.
#[test]
fn w3_all_that_were_done_before_are_done() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(3);
        let _blocked = ends.pop().unwrap();
        ends.pop().unwrap().complete(7).unwrap();
        handles[0].cancel();
        assert_eq!(split(&wait(handles, Until::First)), (vec![0, 1], 1));
    });
}

/// A wait for the first error ends at the failure; same as CPython.
#[test]
fn w4_the_first_error_ends_the_wait() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(3);
        let _blocked = ends.pop().unwrap();
        let (failing, ok) = (ends.pop().unwrap(), ends.pop().unwrap());
        let feeder = thread::spawn(move || {
            ok.complete(0).unwrap();
            failing.panic(Box::new("failed"));
        });
        assert_eq!(split(&wait(handles, Until::FirstError)), (vec![0, 1], 1));
        feeder.join().unwrap();
    });
}

/// Those that are done already, cancelled ones among them, are told with the failure; same as
/// CPython but for its second state of cancelled tasks.
#[test]
fn w5_a_cancelled_task_is_done_and_no_error() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(4);
        let _blocked = ends.pop().unwrap();
        let failing = ends.pop().unwrap();
        handles[1].cancel();
        ends.remove(0).complete(0).unwrap();
        let feeder = thread::spawn(move || failing.panic(Box::new("failed")));
        let waited = wait(handles, Until::FirstError);
        assert_eq!(split(&waited), (vec![0, 1, 2], 1));
        assert!(matches!(waited.done[1].outcome, Err(JoinError::Cancelled)));
        feeder.join().unwrap();
    });
}

/// One that has failed before the call ends the wait at once; same as CPython.
#[test]
fn w6_one_that_failed_before_ends_the_wait_at_once() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<u8>(2);
        drop(ends.pop());
        let waited = wait(handles, Until::FirstError);
        assert_eq!(split(&waited), (vec![1], 1));
        assert!(matches!(waited.done[0].outcome, Err(JoinError::Abandoned)));
    });
}

/// Failures and cancellations count as completed; same as CPython.
#[test]
fn w7_all_includes_failed_and_cancelled_tasks() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(4);
        handles[0].cancel();
        ends.remove(1).panic(Box::new("failed"));
        drop(ends.remove(1));
        let last = ends.pop().unwrap();
        let feeder = thread::spawn(move || last.complete(3).unwrap());
        assert_eq!(split(&wait(handles, Until::All)), (vec![0, 1, 2, 3], 0));
        feeder.join().unwrap();
    });
}

/// When the time is up there is no error, only the split; same as CPython.
#[test]
fn w8_a_timeout_is_no_error() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(2);
        ends.remove(0).complete(7).unwrap();
        let began = Instant::now();
        let waited = wait_timeout(handles, Until::All, Duration::from_millis(50));
        assert!(began.elapsed() >= Duration::from_millis(50));
        assert_eq!(split(&waited), (vec![0], 1));
        assert!(!waited.pending[0].is_finished());
    });
}

/// A hundred tasks that are released at once are all done: no completion is lost; same as CPython.
#[test]
fn w9_a_hundred_released_at_once_are_all_done() {
    within(LIMIT, || {
        let pool = pool(4);
        let gate = Gate::default();
        let held: Vec<_> = (0..4).map(|_| gate.hold_a_worker(&pool)).collect();
        let tasks: Vec<_> = (0..100).map(|number| pool.submit(move || number)).collect();
        let opener = thread::spawn({
            let gate = gate.clone();
            move || gate.open()
        });
        let waited = wait(tasks, Until::All);
        assert_eq!((waited.done.len(), waited.pending.len()), (100, 0));
        assert!(waited.done.iter().all(|done| matches!(done.outcome, Ok(n) if n == done.index)));
        opener.join().unwrap();
        drop(held);
    });
}

/// What is done comes in the order in which it finished; CPython gives a set, which has none.
#[test]
fn b1_what_is_done_comes_in_the_order_of_completion() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let (ends, handles) = completers(3);
        let waiter = pool.submit(move || {
            // The only worker comes to this when it waits, and by then for all of them.
            let feeder = handle.submit(|| {
                for (n, end) in ends.into_iter().enumerate().rev() {
                    end.complete(n).unwrap();
                }
            });
            let waited = wait(handles, Until::All);
            feeder.join().unwrap();
            indices(&waited.done)
        });
        assert_eq!(waiter.join().unwrap(), [2, 1, 0]);
    });
}

/// A wait whose time is up never fails, even with nothing done; same as CPython.
#[test]
fn b2_no_time_at_all_tells_what_is_done() {
    let (mut ends, handles) = completers(2);
    ends.pop().unwrap().complete(1).unwrap();
    assert_eq!(split(&wait_timeout(handles, Until::First, Duration::ZERO)), (vec![1], 1));
    drop(ends);
}

/// A wait for the first may tell more than one; same as CPython.
#[test]
fn b3_a_wait_for_the_first_tells_all_that_is_ready() {
    let (ends, handles) = completers(3);
    for (n, end) in ends.into_iter().enumerate() {
        end.complete(n).unwrap();
    }
    assert_eq!(split(&wait(handles, Until::First)), (vec![0, 1, 2], 0));
}

/// If nobody fails, a wait for the first error is one for all; a cancellation does not end it; same
/// as CPython.
#[test]
fn b4_without_an_error_the_first_error_is_all() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(2);
        handles[0].cancel();
        let last = ends.pop().unwrap();
        let feeder = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            last.complete(1).unwrap();
        });
        assert_eq!(split(&wait(handles, Until::FirstError)), (vec![0, 1], 0));
        feeder.join().unwrap();
    });
}

/// With a failure there already, all that is done is told, what stands behind it too; same as
/// CPython.
#[test]
fn b5_one_failed_before_tells_all_that_is_done() {
    let (mut ends, handles) = completers(3);
    drop(ends.remove(0));
    ends.remove(0).complete(1).unwrap();
    assert_eq!(split(&wait(handles, Until::FirstError)), (vec![0, 1], 1));
}

/// Nothing to wait for is done at once, in every mode; same as CPython.
#[test]
fn b6_nothing_is_done_at_once() {
    within(LIMIT, || {
        for until in [Until::First, Until::FirstError, Until::All] {
            let nothing: [JoinHandle<u8>; 0] = [];
            assert_eq!(split(&wait(nothing, until)), (vec![], 0));
            let nothing: [JoinHandle<u8>; 0] = [];
            assert_eq!(split(&wait_timeout(nothing, until, Duration::ZERO)), (vec![], 0));
        }
    });
}

/// The time counts from the call, before the input is looked at; deviates: in CPython it begins
/// after all locks were taken.
#[test]
fn b8_the_deadline_counts_from_the_call() {
    within(LIMIT, || {
        const TIMEOUT: Duration = Duration::from_millis(100);
        // A busy machine may hold one wait up. If the time began anew, every one would be too long.
        eventually("the time does not begin anew", || {
            let (_end, handle) = completer::<u8>();
            let slow_input = std::iter::once_with(|| {
                thread::sleep(TIMEOUT);
                handle
            });
            let began = Instant::now();
            let waited = wait_timeout(slow_input, Until::All, TIMEOUT);
            assert_eq!(split(&waited), (vec![], 1));
            began.elapsed() < 2 * TIMEOUT
        });
    });
}

/// Each task is either done or pending, whatever finishes meanwhile; CPython reads its lists while
/// they change.
#[test]
fn b9_each_task_is_done_or_pending_whatever_finishes_meanwhile() {
    within(LIMIT, || {
        let pool = pool(2);
        for _ in 0..200 {
            let counted = Arc::new(());
            let tasks: Vec<_> = (0..8)
                .map(|_| {
                    let token = Arc::clone(&counted);
                    pool.submit(move || token)
                })
                .collect();
            let waited = wait(tasks, Until::First);
            assert!(!waited.done.is_empty());
            assert_eq!(waited.done.len() + waited.pending.len(), 8);
            let rest = waited.pending.into_iter().map(|handle| handle.join().unwrap());
            assert_eq!(rest.count() + waited.done.iter().flat_map(|done| &done.outcome).count(), 8);
        }
    });
}

/// A shared handle that is given twice is waited for, and done, once; same as CPython.
#[test]
fn w1_duplicates_of_a_shared_handle_are_done_once() {
    within(LIMIT, || {
        let (mut ends, handles) = completers(2);
        let handles: Vec<_> = handles.into_iter().map(JoinHandle::shared).collect();
        let given = || handles.iter().flat_map(|handle| [handle.clone(), handle.clone()]);
        ends.remove(0).complete(7).unwrap();
        let waited = wait_timeout(given(), Until::All, Duration::ZERO);
        assert_eq!(waited.done.iter().map(|done| done.index).collect::<Vec<_>>(), [0]);
        assert_eq!(*waited.done[0].outcome().unwrap(), 7);
        assert_eq!(waited.pending.len(), 1);
        assert_eq!(waited.pending[0].id(), handles[1].id());
    });
}

/// Several threads may wait for the same tasks, each in its own way; the first error ends the wait
/// for that, and the others go on. Same as CPython.
#[test]
fn w4_the_first_error_of_shared_tasks_ends_the_waits_for_it() {
    within(LIMIT, || {
        let (mut ends, handles) = completers::<u8>(3);
        let handles: Vec<_> = handles.into_iter().map(JoinHandle::shared).collect();
        let waits = [Until::FirstError, Until::FirstError, Until::All].map(|until| {
            let handles = handles.clone();
            thread::spawn(move || {
                let waited = wait(handles, until);
                (waited.done.len(), waited.pending.len())
            })
        });
        ends.remove(0).complete(1).unwrap();
        drop(ends.remove(0));
        let [one, other, all] = waits;
        assert_eq!([one, other].map(|wait| wait.join().unwrap()), [(2, 1); 2]);
        assert!(!all.is_finished());
        ends.remove(0).complete(3).unwrap();
        assert_eq!(all.join().unwrap(), (3, 0));
    });
}
