//! Handles are taken back out of an iterator while their tasks complete. A handle whose delivery
//! is under way lives on outside the queue: its outcome may be taken at once, and the completer
//! that finds the queue closed must leave it alone.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::{as_completed, completer};

use super::{complete_and_mark, number};

#[test]
fn a_handle_taken_back_while_its_task_completes_gives_the_value() {
    static DELIVERED: Witness = Witness::new("the task had been delivered when it was taken back");
    static UNDER_WAY: Witness = Witness::new("the delivery was under way");
    static UNFINISHED: Witness = Witness::new("the task was unfinished when it was taken back");
    let witnesses = [&DELIVERED, &UNDER_WAY, &UNFINISHED];
    model("into_unfinished_vs_complete_one", Unbounded, &witnesses, || {
        let (completer, handle) = completer();
        let results = as_completed([handle]);
        let completed = complete_and_mark(completer, 7);
        let handle = results.into_unfinished().pop().unwrap();
        DELIVERED.seen_if(completed.is_set());
        match handle.try_join() {
            Ok(outcome) => {
                UNDER_WAY.seen_if(!completed.is_set());
                assert_eq!(number(outcome), 7);
            }
            Err(handle) => {
                UNFINISHED.seen();
                assert_eq!(number(handle.join()), 7);
            }
        }
    });
}

#[test]
fn two_handles_taken_back_while_their_tasks_complete_come_in_input_order() {
    static FINISHED: Witness = Witness::new("the second task was the only one finished");
    static UNFINISHED: Witness = Witness::new("neither task was finished");
    model("into_unfinished_vs_complete_two", Preemptions(2), &[&FINISHED, &UNFINISHED], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let results = as_completed([a, b]);
        spawn(move || first.complete(Value::new(0)).unwrap());
        spawn(move || second.complete(Value::new(1)).unwrap());
        let handles = results.into_unfinished();
        let finished: Vec<_> = handles.iter().map(|handle| handle.is_finished()).collect();
        FINISHED.seen_if(finished == [false, true]);
        UNFINISHED.seen_if(finished == [false, false]);
        let numbers: Vec<_> = handles.into_iter().map(|handle| number(handle.join())).collect();
        assert_eq!(numbers, [0, 1]);
    });
}

#[test]
fn a_handle_taken_back_and_dropped_elsewhere_is_freed_once() {
    static COMPLETED: Witness = Witness::new("the task had completed when the handle left");
    static LEFT: Witness = Witness::new("the handle left before the task had completed");
    model("into_unfinished_then_elsewhere", Unbounded, &[&COMPLETED, &LEFT], || {
        let (completer, handle) = completer();
        let results = as_completed([handle]);
        let completed = complete_and_mark(completer, 7);
        let handles = results.into_unfinished();
        spawn(move || {
            drop(handles);
            COMPLETED.seen_if(completed.is_set());
            LEFT.seen_if(!completed.is_set());
        });
    });
}

#[test]
fn a_handle_taken_back_and_dropped_leaves_the_delivery_to_settle_itself() {
    static COMPLETED: Witness = Witness::new("the task had completed when the handle left");
    static LEFT: Witness = Witness::new("the handle left before the task had completed");
    model("into_unfinished_then_drop", Unbounded, &[&COMPLETED, &LEFT], || {
        let (completer, handle) = completer();
        let results = as_completed([handle]);
        let completed = complete_and_mark(completer, 7);
        let handles = results.into_unfinished();
        drop(handles);
        COMPLETED.seen_if(completed.is_set());
        LEFT.seen_if(!completed.is_set());
    });
}
