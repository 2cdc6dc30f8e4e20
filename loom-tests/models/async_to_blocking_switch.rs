//! One consumer waits as an async task and then as a blocked thread, and the other way round. If
//! the task were delivered to the way that it has left, it would sleep for ever.

use std::task::Poll;
use std::time::Duration;

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Alarm, Value, Witness, block_on, model, poll, spawn};
use photofinish_protocol::{CompletionSet, completer};

use super::{completed_elsewhere, next, number};

#[test]
fn a_handle_that_was_polled_can_be_joined() {
    static POLLED: Witness = Witness::new("the poll gave the outcome");
    static RUNG: Witness = Witness::new("the waker was woken, and the join found the outcome");
    static JOINED: Witness = Witness::new("the join gave the outcome, and no waker was woken");
    let witnesses: [&'static Witness; 3] = [&POLLED, &RUNG, &JOINED];
    model("async_to_blocking_switch_handle", Unbounded, &witnesses, || {
        let mut handle = completed_elsewhere(7);
        let alarm = Alarm::new();
        if let Poll::Ready(outcome) = poll(&mut handle, &alarm) {
            POLLED.seen();
            return assert_eq!(number(outcome), 7);
        }
        assert_eq!(number(handle.join()), 7);
        RUNG.seen_if(alarm.rings() > 0);
        JOINED.seen_if(alarm.rings() == 0);
    });
}

#[test]
fn a_handle_whose_join_timed_out_can_be_awaited() {
    static JOINED: Witness = Witness::new("the join gave the outcome");
    static AWAITED: Witness = Witness::new("the await gave the outcome");
    model("async_after_a_join_that_timed_out", Unbounded, &[&JOINED, &AWAITED], || {
        let handle = completed_elsewhere(7);
        let outcome = match handle.join_timeout(Duration::ZERO) {
            Ok(outcome) => {
                JOINED.seen();
                outcome
            }
            Err(handle) => {
                AWAITED.seen();
                block_on(handle)
            }
        };
        assert_eq!(number(outcome), 7);
    });
}

#[test]
fn a_set_is_streamed_blocked_on_and_streamed_again() {
    static AT_ONCE: Witness = Witness::new("the task was there when it was polled");
    static BLOCKED: Witness = Witness::new("the blocking wait gave the task");
    static STREAMED: Witness = Witness::new("the second stream gave the task");
    let witnesses: [&'static Witness; 3] = [&AT_ONCE, &BLOCKED, &STREAMED];
    model("async_to_blocking_switch_set", Unbounded, &witnesses, || {
        let (completer, handle) = completer();
        let mut set: CompletionSet<_> = [handle].into_iter().collect();
        spawn(move || completer.complete(Value::new(7)).unwrap());
        let alarm = Alarm::new();
        let finished = if let Poll::Ready(finished) = poll(&mut next(&mut set.stream()), &alarm) {
            AT_ONCE.seen();
            finished
        } else if let Ok(finished) = set.next_timeout(Duration::ZERO) {
            BLOCKED.seen();
            finished
        } else {
            STREAMED.seen();
            block_on(next(&mut set.stream()))
        };
        assert_eq!(number(finished.unwrap().outcome), 7);
        assert!(set.is_empty());
    });
}
