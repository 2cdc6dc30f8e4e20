//! A stream is polled while its tasks complete. If a push came between the stream's last look and
//! its announcement and woke nobody, the model would deadlock.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use futures_core::Stream;
use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Alarm, Value, Witness, block_on, model, poll, spawn};
use photofinish_protocol::{CompletionSet, as_completed, completer};

use super::{Threads, next, number};

#[test]
fn a_push_while_a_stream_is_polled_wakes_it() {
    static READY: Witness = Witness::new("the task was delivered before the first poll");
    static PENDING: Witness = Witness::new("the first poll found nothing");
    model("stream_vs_push_one", Unbounded, &[&READY, &PENDING], || {
        let mut set = CompletionSet::new();
        set.submit(&Threads, || Value::new(7));
        let mut stream = set.stream();
        let alarm = Alarm::new();
        let first = poll(&mut next(&mut stream), &alarm);
        let finished = match first {
            Poll::Ready(finished) => {
                READY.seen();
                finished
            }
            Poll::Pending => {
                PENDING.seen();
                alarm.await_ring(0);
                let Poll::Ready(finished) = poll(&mut next(&mut stream), &alarm) else {
                    panic!("the stream was woken for nothing");
                };
                finished
            }
        };
        assert_eq!(number(finished.unwrap().outcome), 7);
        assert!(block_on(next(&mut stream)).is_none());
    });
}

#[test]
fn two_pushes_while_a_stream_is_polled_both_arrive() {
    static IN_ORDER: Witness = Witness::new("the first task was yielded first");
    static REVERSED: Witness = Witness::new("the second task was yielded first");
    model("stream_vs_push_two", Preemptions(2), &[&IN_ORDER, &REVERSED], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut stream = as_completed([a, b]).into_stream();
        spawn(move || first.complete(Value::new(0)).unwrap());
        spawn(move || second.complete(Value::new(1)).unwrap());
        let mut indices = Vec::new();
        block_on(poll_fn(|context| {
            while let Some(finished) = ready!(Pin::new(&mut stream).poll_next(context)) {
                assert_eq!(number(finished.outcome) as usize, finished.index);
                indices.push(finished.index);
            }
            Poll::Ready(())
        }));
        IN_ORDER.seen_if(indices == [0, 1]);
        REVERSED.seen_if(indices == [1, 0]);
        indices.sort_unstable();
        assert_eq!(indices, [0, 1]);
    });
}

#[test]
fn a_stream_dropped_while_a_task_completes_leaves_it_in_the_set() {
    static RUNG: Witness = Witness::new("the waker was woken");
    static SPARED: Witness = Witness::new("the waker was not woken");
    model("stream_dropped_vs_push", Unbounded, &[&RUNG, &SPARED], || {
        let mut set = CompletionSet::new();
        set.submit(&Threads, || Value::new(7));
        let alarm = Alarm::new();
        if poll(&mut next(&mut set.stream()), &alarm).is_pending() {
            RUNG.seen_if(alarm.rings() > 0);
            SPARED.seen_if(alarm.rings() == 0);
            assert_eq!(number(set.next_finished().unwrap().outcome), 7);
        }
    });
}
