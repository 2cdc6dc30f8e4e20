//! An async consumer is polled with one waker, and then with another, while its task completes. If
//! the pusher woke the task that polled first, and not the one that polled last, nobody would poll
//! again.

use std::task::Poll;

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Alarm, Value, Witness, model, poll, spawn};
use photofinish_protocol::{as_completed, completer};

use super::{completed_elsewhere, next, number};

#[test]
fn of_two_wakers_that_await_a_task_the_last_is_woken() {
    static AT_ONCE: Witness = Witness::new("the task was finished when it was first polled");
    static BETWEEN: Witness = Witness::new("the task finished before it was polled again");
    static WOKEN: Witness = Witness::new("the task finished after it was polled again");
    let witnesses: [&'static Witness; 3] = [&AT_ONCE, &BETWEEN, &WOKEN];
    model("waker_reregistration_handle", Unbounded, &witnesses, || {
        let mut handle = completed_elsewhere(7);
        let (first, last) = (Alarm::new(), Alarm::new());
        if let Poll::Ready(outcome) = poll(&mut handle, &first) {
            AT_ONCE.seen();
            return assert_eq!(number(outcome), 7);
        }
        if let Poll::Ready(outcome) = poll(&mut handle, &last) {
            BETWEEN.seen();
            return assert_eq!(number(outcome), 7);
        }
        last.await_ring(0);
        let Poll::Ready(outcome) = poll(&mut handle, &last) else {
            panic!("the waker that polled last was woken for nothing");
        };
        assert_eq!(number(outcome), 7);
        assert_eq!((first.rings(), last.rings()), (0, 1), "a push wakes the last one only");
        WOKEN.seen();
    });
}

#[test]
fn a_stream_that_changes_its_waker_misses_no_task() {
    static NONE: Witness = Witness::new("neither task had completed when the waker changed");
    static ONE: Witness = Witness::new("one task had completed when the waker changed");
    model("waker_reregistration_stream", Preemptions(2), &[&NONE, &ONE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut stream = as_completed([a, b]).into_stream();
        spawn(move || first.complete(Value::new(0)).unwrap());
        spawn(move || second.complete(Value::new(1)).unwrap());
        let mut indices = Vec::new();
        while stream.remaining() > 0 {
            // Each round polls with a waker of its own.
            let alarm = Alarm::new();
            match poll(&mut next(&mut stream), &alarm) {
                Poll::Ready(finished) => {
                    let finished = finished.unwrap();
                    assert_eq!(number(finished.outcome) as usize, finished.index);
                    indices.push(finished.index);
                }
                Poll::Pending => {
                    NONE.seen_if(indices.is_empty());
                    ONE.seen_if(indices.len() == 1);
                    alarm.await_ring(0);
                }
            }
        }
        indices.sort_unstable();
        assert_eq!(indices, [0, 1]);
    });
}
