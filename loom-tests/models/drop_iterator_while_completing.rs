//! An iterator is dropped while its tasks complete. Late completers find the queue closed and
//! settle in the consumer's place; the last of them frees it. Nothing leaks, and every value is
//! dropped once.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{Completer, as_completed, completer};

use super::number;

fn complete(completer: Completer<Value>, number: u32) -> Mark {
    let completed = Mark::new();
    let completes = completed.clone();
    spawn(move || {
        completer.complete(Value::new(number)).unwrap();
        completes.set();
    });
    completed
}

#[test]
fn an_iterator_dropped_while_a_task_completes_leaks_nothing() {
    static COMPLETED: Witness = Witness::new("the task had completed when the iterator was gone");
    static LATE: Witness = Witness::new("the task was still to come when the iterator was gone");
    model("drop_iterator_while_completing_one", Unbounded, &[&COMPLETED, &LATE], || {
        let (completer, handle) = completer();
        let results = as_completed([handle]);
        let completed = complete(completer, 7);
        drop(results);
        COMPLETED.seen_if(completed.is_set());
        LATE.seen_if(!completed.is_set());
    });
}

#[test]
fn an_iterator_dropped_while_two_tasks_complete_leaks_nothing() {
    static BOTH: Witness = Witness::new("both tasks had completed when the iterator was gone");
    static ONE: Witness = Witness::new("one task had completed when the iterator was gone");
    static NONE: Witness = Witness::new("both tasks were still to come when the iterator was gone");
    model("drop_iterator_while_completing_two", Unbounded, &[&BOTH, &ONE, &NONE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let results = as_completed([a, b]);
        let one = complete(first, 0);
        let two = complete(second, 1);
        drop(results);
        BOTH.seen_if(one.is_set() && two.is_set());
        ONE.seen_if(one.is_set() != two.is_set());
        NONE.seen_if(!one.is_set() && !two.is_set());
    });
}

#[test]
fn an_iterator_dropped_after_its_first_result_leaks_nothing() {
    static FIRST: Witness = Witness::new("the first task was yielded");
    static SECOND: Witness = Witness::new("the second task was yielded");
    static LATE: Witness = Witness::new("a task was still to come when the iterator was gone");
    model("drop_iterator_after_one", Preemptions(3), &[&FIRST, &SECOND, &LATE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]);
        let marks = [complete(first, 0), complete(second, 1)];
        let finished = results.next().unwrap();
        FIRST.seen_if(finished.index == 0);
        SECOND.seen_if(finished.index == 1);
        assert_eq!(number(finished.outcome) as usize, finished.index);
        drop(results);
        LATE.seen_if(!marks[1 - finished.index].is_set());
    });
}

#[test]
fn an_iterator_dropped_after_a_vain_attempt_to_cancel_leaks_nothing() {
    static WON: Witness = Witness::new("the task was cancelled");
    static LOST: Witness = Witness::new("the task could not be cancelled any more");
    model("drop_iterator_after_cancel", Unbounded, &[&WON, &LOST], || {
        let (completer, handle) = completer();
        let canceller = handle.canceller();
        let results = as_completed([handle]);
        spawn(move || drop(completer.complete(Value::new(7))));
        let cancelled = canceller.cancel().is_cancelled();
        WON.seen_if(cancelled);
        LOST.seen_if(!cancelled);
        drop(results);
        drop(canceller);
    });
}
