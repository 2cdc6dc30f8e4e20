//! A wait gives up while its tasks complete. The time-out may come at any moment; whatever it
//! misses is yielded by the next wait, and nothing is yielded twice.

use std::time::Duration;

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::{as_completed, completer};

use super::number;

#[test]
fn what_a_time_out_missed_is_yielded_by_the_next_wait() {
    static IN_TIME: Witness = Witness::new("the task completed in time");
    static TIMED_OUT: Witness = Witness::new("the wait timed out");
    model("timeout_vs_complete_one", Unbounded, &[&IN_TIME, &TIMED_OUT], || {
        let (completer, handle) = completer();
        let mut results = as_completed([handle]).timeout(Duration::ZERO);
        spawn(move || completer.complete(Value::new(7)).unwrap());
        match results.next().unwrap() {
            Ok(finished) => {
                IN_TIME.seen();
                assert_eq!(number(finished.outcome), 7);
                assert!(results.next().is_none());
            }
            Err(timed_out) => {
                TIMED_OUT.seen();
                assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 1));
                assert!(results.next().is_none());
                let mut results = results.into_inner();
                assert_eq!(number(results.next().unwrap().outcome), 7);
                assert!(results.next().is_none());
            }
        }
    });
}

#[test]
fn of_two_tasks_each_is_yielded_once_before_or_after_the_time_out() {
    static BOTH: Witness = Witness::new("both tasks completed in time");
    static ONE: Witness = Witness::new("one task completed in time");
    static NONE: Witness = Witness::new("no task completed in time");
    model("timeout_vs_complete_two", Preemptions(2), &[&BOTH, &ONE, &NONE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]).timeout(Duration::ZERO);
        spawn(move || first.complete(Value::new(0)).unwrap());
        spawn(move || second.complete(Value::new(1)).unwrap());
        let mut numbers = Vec::new();
        let mut missed = 0;
        for result in results.by_ref() {
            match result {
                Ok(finished) => numbers.push(number(finished.outcome)),
                Err(timed_out) => missed = timed_out.unfinished(),
            }
        }
        assert_eq!(numbers.len() + missed, 2);
        BOTH.seen_if(missed == 0);
        ONE.seen_if(missed == 1);
        NONE.seen_if(missed == 2);
        numbers.extend(results.into_inner().map(|finished| number(finished.outcome)));
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1]);
    });
}

#[test]
fn a_handle_taken_back_after_a_time_out_gives_the_value() {
    static IN_TIME: Witness = Witness::new("the task completed in time");
    static FINISHED: Witness = Witness::new("the task was finished when its handle came back");
    static UNFINISHED: Witness = Witness::new("it was unfinished when its handle came back");
    let witnesses = [&IN_TIME, &FINISHED, &UNFINISHED];
    model("timeout_then_into_unfinished", Unbounded, &witnesses, || {
        let (completer, handle) = completer();
        let mut results = as_completed([handle]).timeout(Duration::ZERO);
        spawn(move || completer.complete(Value::new(7)).unwrap());
        if let Ok(finished) = results.next().unwrap() {
            IN_TIME.seen();
            assert_eq!(number(finished.outcome), 7);
            return;
        }
        let handle = results.into_inner().into_unfinished().pop().unwrap();
        let finished = handle.is_finished();
        FINISHED.seen_if(finished);
        UNFINISHED.seen_if(!finished);
        assert_eq!(number(handle.join()), 7);
    });
}

#[test]
fn an_iterator_dropped_after_a_time_out_leaks_nothing() {
    static IN_TIME: Witness = Witness::new("the task completed in time");
    static TIMED_OUT: Witness = Witness::new("the wait timed out");
    model("timeout_then_drop", Unbounded, &[&IN_TIME, &TIMED_OUT], || {
        let (completer, handle) = completer();
        let mut results = as_completed([handle]).timeout(Duration::ZERO);
        spawn(move || completer.complete(Value::new(7)).unwrap());
        let in_time = results.next().unwrap().is_ok();
        IN_TIME.seen_if(in_time);
        TIMED_OUT.seen_if(!in_time);
        drop(results);
    });
}
