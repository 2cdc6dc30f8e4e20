//! An await ends early, in every way there is, while its task completes: the outcome is taken or
//! dropped once, and so is the waker.

use std::task::Poll;

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{
    Alarm, Crossing, Mark, Value, Witness, live_values, model, poll, spawn,
};
use photofinish_protocol::{JoinHandle, as_completed, completer};

use super::number;

/// Polls the handle of a task that another thread completes. If it is pending, `give_up` gets it,
/// and whether the task has been delivered by the time `give_up` begins.
fn polled_once(
    name: &'static str,
    witnesses: &[&'static Witness],
    give_up: impl Fn(JoinHandle<Value>, bool) + Send + Sync + 'static,
) {
    model(name, Preemptions(3), witnesses, move || {
        let (completer, mut handle) = completer();
        let delivered = Crossing::new();
        let delivers = delivered.clone();
        spawn(move || {
            completer.complete(Value::new(7)).unwrap();
            delivers.pass();
        });
        match poll(&mut handle, &Alarm::new()) {
            Poll::Ready(outcome) => assert_eq!(number(outcome), 7),
            Poll::Pending => give_up(handle, delivered.pass() > 0),
        }
    });
}

#[test]
fn a_handle_dropped_while_it_is_awaited_frees_outcome_and_waker() {
    static BEFORE: Witness = Witness::new("the handle was dropped before the task completed");
    static AFTER: Witness = Witness::new("the handle was dropped after the task was delivered");
    polled_once("await_dropped_vs_complete", &[&BEFORE, &AFTER], |handle, delivered| {
        BEFORE.seen_if(!handle.is_finished());
        AFTER.seen_if(delivered);
        drop(handle);
    });
}

#[test]
fn a_handle_that_was_polled_can_go_into_an_iterator() {
    static BEFORE: Witness = Witness::new("the handle moved before the task completed");
    static AFTER: Witness = Witness::new("the handle moved after the task was delivered");
    polled_once("await_moved_vs_complete", &[&BEFORE, &AFTER], |handle, delivered| {
        BEFORE.seen_if(!handle.is_finished());
        AFTER.seen_if(delivered);
        assert_eq!(number(as_completed([handle]).next().unwrap().outcome), 7);
    });
}

#[test]
fn a_handle_that_was_polled_can_be_tried_and_polled_again() {
    static TAKEN: Witness = Witness::new("try_join gave the outcome before it was delivered");
    static AGAIN: Witness = Witness::new("try_join gave the handle back");
    polled_once("await_try_join_vs_complete", &[&TAKEN, &AGAIN], |handle, delivered| {
        let alarm = Alarm::new();
        match handle.try_join() {
            Ok(outcome) => {
                TAKEN.seen_if(!delivered);
                assert_eq!(number(outcome), 7);
            }
            Err(mut handle) => {
                AGAIN.seen();
                if let Poll::Ready(outcome) = poll(&mut handle, &alarm) {
                    return assert_eq!(number(outcome), 7);
                }
                alarm.await_ring(0);
                assert_eq!(number(handle.join()), 7);
            }
        }
    });
}

#[test]
fn a_handle_awaited_to_its_end_holds_the_task_but_no_value() {
    static FIRST: Witness = Witness::new("the handle was dropped before the canceller");
    static LAST: Witness = Witness::new("the handle was dropped after the canceller");
    model("awaited_vs_canceller", Unbounded, &[&FIRST, &LAST], || {
        let (completer, mut handle) = completer();
        let canceller = handle.canceller();
        completer.complete(Value::new(7)).unwrap();
        let dropped = Mark::new();
        let drops = dropped.clone();
        spawn(move || {
            assert!(!canceller.cancel().is_cancelled());
            drop(canceller);
            drops.set();
        });
        let Poll::Ready(outcome) = poll(&mut handle, &Alarm::new()) else {
            panic!("a task that has finished is ready");
        };
        drop(outcome);
        assert_eq!(live_values(), 0, "the value was taken out of the task");
        assert!(handle.is_finished());
        FIRST.seen_if(!dropped.is_set());
        LAST.seen_if(dropped.is_set());
        drop(handle);
    });
}
