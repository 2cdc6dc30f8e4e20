//! A consumer times out on one thread and waits again on another. If the task were delivered to
//! the thread that the consumer has left, the other one would sleep for ever.

use std::time::Duration;

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::{CompletionSet, as_completed, completer};

use super::{Threads, number};

#[test]
fn a_set_that_timed_out_here_is_woken_where_it_waits_next() {
    static HERE: Witness = Witness::new("the task completed in time for the first thread");
    static THERE: Witness = Witness::new("the second thread received the task");
    model("consumer_changes_thread_set", Unbounded, &[&HERE, &THERE], || {
        let mut set = CompletionSet::new();
        set.submit(&Threads, || Value::new(7));
        match set.next_timeout(Duration::ZERO) {
            Ok(finished) => {
                HERE.seen();
                assert_eq!(number(finished.unwrap().outcome), 7);
            }
            Err(_) => spawn(move || {
                assert_eq!(number(set.next_finished().unwrap().outcome), 7);
                assert!(set.is_empty());
                THERE.seen();
            }),
        }
    });
}

#[test]
fn an_iterator_that_timed_out_here_is_woken_where_it_waits_next() {
    static HERE: Witness = Witness::new("a task completed in time for the first thread");
    static THERE: Witness = Witness::new("the second thread received both tasks");
    model("consumer_changes_thread_iterator", Preemptions(3), &[&HERE, &THERE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]).timeout(Duration::ZERO);
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        let here = results.next().unwrap().is_ok();
        HERE.seen_if(here);
        let results = results.into_inner();
        spawn(move || {
            let numbers: Vec<_> = results.map(|finished| number(finished.outcome)).collect();
            assert_eq!(numbers, if here { vec![1] } else { vec![0, 1] });
            THERE.seen_if(!here);
        });
    });
}
