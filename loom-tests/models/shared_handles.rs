//! Many wait for one task. Whoever comes before the outcome is told, whoever comes after it finds
//! it, and nobody is lost in between; the value is dropped once, after the last handle.

use std::time::Duration;

use photofinish_loom_tests::Alarm;
use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Mark, Value, Witness, block_on, live_values, model, poll, spawn};
use photofinish_protocol::sync::Arc;
use photofinish_protocol::{Cancelled, JoinError, SharedHandle, as_completed, completer, task};

/// The number that the task returned, read on this thread.
fn number(outcome: Result<&Value, &JoinError>) -> u32 {
    outcome.expect("the task returned").number()
}

/// A shared handle whose task another thread completes with 7.
fn completed_elsewhere() -> SharedHandle<Value> {
    let (completer, handle) = completer();
    let handle = handle.shared();
    spawn(move || completer.complete(Value::new(7)).unwrap());
    handle
}

#[test]
fn a_wait_that_begins_while_the_task_completes_ends() {
    static FOUND: Witness = Witness::new("the outcome was there before the wait");
    static WAITED: Witness = Witness::new("the wait began before the outcome was there");
    model("shared_wait_vs_complete", Unbounded, &[&FOUND, &WAITED], || {
        let handle = completed_elsewhere();
        let found = handle.try_result().is_some();
        FOUND.seen_if(found);
        WAITED.seen_if(!found);
        assert_eq!(number(handle.result()), 7);
        assert!(handle.is_finished());
    });
}

#[test]
fn two_who_wait_see_the_same_value() {
    model("shared_waiters_vs_complete", Preemptions(2), &[], || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        let other = handle.clone();
        spawn(move || completer.complete(Value::new(7)).unwrap());
        spawn(move || assert_eq!(number(other.result()), 7));
        assert_eq!(number(handle.result()), 7);
    });
}

#[test]
fn a_wait_for_a_task_that_is_cancelled_ends() {
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static RETURNED: Witness = Witness::new("the task returned");
    model("shared_wait_vs_cancel", Preemptions(2), &[&CANCELLED, &RETURNED], || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || Value::new(captured.number() + 1));
        let handle = handle.shared();
        let other = handle.clone();
        spawn(|| runnable.run());
        spawn(move || {
            if other.cancel() == Cancelled::Now {
                assert!(other.is_finished());
            }
        });
        match handle.result() {
            Ok(value) => assert_eq!(value.number(), 2),
            Err(JoinError::Cancelled) => assert_eq!(live_values(), 0),
            Err(error) => panic!("neither returned nor cancelled: {error}"),
        }
        let cancelled = handle.is_cancelled();
        CANCELLED.seen_if(cancelled);
        RETURNED.seen_if(!cancelled);
    });
}

#[test]
fn a_waiter_that_leaves_while_the_task_completes_leaves_nothing_behind() {
    static LEFT: Witness = Witness::new("the wait timed out");
    static TOLD: Witness = Witness::new("the task completed in time");
    model("shared_waiter_leaves_vs_complete", Preemptions(3), &[&LEFT, &TOLD], || {
        let handle = completed_elsewhere();
        match handle.result_timeout(Duration::from_millis(1)) {
            Some(outcome) => {
                TOLD.seen();
                assert_eq!(number(outcome), 7);
            }
            None => LEFT.seen(),
        }
        drop(handle);
    });
}

#[test]
fn the_last_of_handle_and_task_drops_the_value_once() {
    static BEFORE: Witness = Witness::new("the last handle left before the outcome was there");
    static AFTER: Witness = Witness::new("the outcome was there before the last handle left");
    model("shared_last_handle_vs_complete", Unbounded, &[&BEFORE, &AFTER], || {
        let handle = completed_elsewhere();
        let finished = handle.is_finished();
        BEFORE.seen_if(!finished);
        AFTER.seen_if(finished);
        drop(handle);
    });
}

#[test]
fn a_spare_waiter_serves_a_wait_on_another_thread() {
    static TIMED_OUT: Witness = Witness::new("a wait here timed out, and one there was told");
    model("shared_spare_elsewhere", Preemptions(2), &[&TIMED_OUT], || {
        let handle = Arc::new(completed_elsewhere());
        let other = Arc::clone(&handle);
        let left = Mark::new();
        let has_left = left.clone();
        spawn(move || {
            let before = has_left.is_set();
            assert_eq!(number(other.result()), 7);
            TIMED_OUT.seen_if(before);
        });
        if handle.result_timeout(Duration::from_millis(1)).is_none() {
            left.set();
        }
    });
}

#[test]
fn an_await_of_a_task_that_completes_is_woken() {
    static READY: Witness = Witness::new("the first poll was ready");
    static PENDING: Witness = Witness::new("the first poll was pending, and the second wait ended");
    model("shared_await_vs_complete", Preemptions(2), &[&READY, &PENDING], || {
        let handle = completed_elsewhere();
        let mut first = handle.wait();
        let ready = poll(&mut first, &Alarm::new()).is_ready();
        READY.seen_if(ready);
        drop(first);
        assert_eq!(number(block_on(handle.wait())), 7);
        PENDING.seen_if(!ready);
    });
}

#[test]
fn a_callback_added_during_completion_finds_the_outcome() {
    static HERE: Witness = Witness::new("the callback was called where it was added");
    static THERE: Witness = Witness::new("the callback was called where the task completed");
    model("shared_callback_vs_complete", Preemptions(3), &[&HERE, &THERE], || {
        let handle = completed_elsewhere();
        let adds = Mark::new();
        let (adding, captured) = (adds.clone(), Value::new(1));
        let (teller, told) = completer();
        handle.on_complete(move |outcome| {
            assert_eq!(captured.number(), 1);
            teller.complete((number(outcome), !adding.is_set())).unwrap();
        });
        drop(handle);
        adds.set();
        let (number, during) = told.join().expect("a callback finds the outcome");
        assert_eq!(number, 7);
        HERE.seen_if(during);
        THERE.seen_if(!during);
    });
}

#[test]
fn a_callback_may_wait_for_one_who_was_told_before_it() {
    static CALLED: Witness = Witness::new("the callback was called where the task completed");
    model("shared_callback_comes_last", Preemptions(2), &[&CALLED], || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        let (reached, reach) = photofinish_protocol::completer();
        let waits = handle.clone();
        let adds = Mark::new();
        let added = adds.clone();
        handle.on_complete(move |outcome| {
            assert_eq!(number(outcome), 7);
            CALLED.seen_if(added.is_set());
            // Only the one who waits for the same task completes this.
            reach.join().unwrap();
        });
        adds.set();
        spawn(move || completer.complete(Value::new(7)).unwrap());
        assert_eq!(number(waits.result()), 7);
        reached.complete(()).unwrap();
    });
}

#[test]
fn handles_given_back_during_completion_can_be_waited_for_anew() {
    static BEFORE: Witness = Witness::new("the handle came back before the outcome was there");
    static AFTER: Witness = Witness::new("the outcome was there before the handle came back");
    let witnesses = [&BEFORE, &AFTER];
    model("shared_into_unfinished_vs_complete", Preemptions(2), &witnesses, || {
        let handle = completed_elsewhere();
        let handles = as_completed([handle.clone(), handle]).into_unfinished();
        assert_eq!(handles.len(), 1);
        let finished = handles[0].is_finished();
        BEFORE.seen_if(!finished);
        AFTER.seen_if(finished);
        let mut results = as_completed(handles);
        assert_eq!(number(results.next().unwrap().outcome()), 7);
    });
}
