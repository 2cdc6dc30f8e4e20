//! A task completes while its handle is put into an iterator. Whichever is first, the task is
//! yielded once, with what the completer wrote.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Mark, Value, Witness, live_values, model, spawn};
use photofinish_protocol::{as_completed, completer};

use super::number;

#[test]
fn a_task_that_completes_while_it_is_attached_is_yielded_once() {
    static FINISHED: Witness = Witness::new("the task was finished when it was attached");
    static ATTACHED: Witness = Witness::new("the task was attached before it completed");
    static BETWEEN: Witness = Witness::new("the attach returned in the middle of the completion");
    model("attach_vs_complete_one", Unbounded, &[&FINISHED, &ATTACHED, &BETWEEN], || {
        let (completer, handle) = completer();
        let (begun, completed, attached) = (Mark::new(), Mark::new(), Mark::new());
        let marks = (begun.clone(), completed.clone(), attached.clone());
        spawn(move || {
            let (begun, completed, attached) = marks;
            ATTACHED.seen_if(attached.is_set());
            begun.set();
            completer.complete(Value::new(7)).unwrap();
            completed.set();
        });
        let mut results = as_completed([handle]);
        attached.set();
        FINISHED.seen_if(completed.is_set());
        BETWEEN.seen_if(begun.is_set() && !completed.is_set());
        let finished = results.next().unwrap();
        assert_eq!((finished.index, number(finished.outcome)), (0, 7));
        assert_eq!(live_values(), 0);
        assert!(results.next().is_none());
    });
}

#[test]
fn two_tasks_that_complete_while_they_are_attached_are_each_yielded_once() {
    static EARLY: Witness = Witness::new("both tasks had completed when the second was attached");
    static MIXED: Witness = Witness::new("only the second had completed when it was attached");
    static LATE: Witness = Witness::new("neither had completed when both were attached");
    static REVERSED: Witness = Witness::new("the second task was yielded first");
    let witnesses = [&EARLY, &MIXED, &LATE, &REVERSED];
    model("attach_vs_complete_two", Preemptions(2), &witnesses, || {
        let (first, a) = completer();
        let (second, b) = completer();
        let (one, two) = (Mark::new(), Mark::new());
        let (one_done, two_done) = (one.clone(), two.clone());
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            one_done.set();
        });
        spawn(move || {
            second.complete(Value::new(1)).unwrap();
            two_done.set();
        });
        let results = as_completed([a, b]);
        EARLY.seen_if(one.is_set() && two.is_set());
        MIXED.seen_if(!one.is_set() && two.is_set());
        LATE.seen_if(!one.is_set() && !two.is_set());
        let mut order = Vec::new();
        for finished in results {
            assert_eq!(finished.index, number(finished.outcome) as usize);
            order.push(finished.index);
        }
        REVERSED.seen_if(order == [1, 0]);
        order.sort_unstable();
        assert_eq!(order, [0, 1]);
    });
}
