//! The consumer goes to sleep while its tasks complete. If a push came between the consumer's
//! last look and its sleep and woke nobody, the model would deadlock.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Crossing, Mark, Value, Witness, model, spawn};
use photofinish_protocol::{CompletionSet, as_completed, completer};

use super::{Threads, ThreadsThatCross, number};

#[test]
fn a_push_while_the_consumer_falls_asleep_wakes_it() {
    static READY: Witness = Witness::new("the task was delivered before the wait began");
    static WAITED: Witness = Witness::new("the wait began before the task was delivered");
    model("park_unpark_lost_wakeup_one", Unbounded, &[&READY, &WAITED], || {
        let mut set = CompletionSet::new();
        let delivered = Crossing::new();
        set.submit(&ThreadsThatCross(delivered.clone()), || Value::new(7));
        delivered.pass();
        let ready = set.try_next();
        READY.seen_if(ready.is_some());
        WAITED.seen_if(ready.is_none());
        let finished = ready.or_else(|| set.next_finished()).unwrap();
        assert_eq!((finished.index, number(finished.outcome)), (0, 7));
        assert!(set.next_finished().is_none());
    });
}

#[test]
fn a_consumer_that_sleeps_twice_is_woken_twice() {
    static BETWEEN: Witness = Witness::new("one task was taken before the other completed");
    static TOGETHER: Witness = Witness::new("both tasks had completed when the first was taken");
    model("park_unpark_lost_wakeup_twice", Unbounded, &[&BETWEEN, &TOGETHER], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let mut results = as_completed([a, b]);
        let (taken, done) = (Mark::new(), Mark::new());
        let (is_taken, are_done) = (taken.clone(), done.clone());
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            BETWEEN.seen_if(is_taken.is_set());
            second.complete(Value::new(1)).unwrap();
            are_done.set();
        });
        let first = results.next().unwrap();
        TOGETHER.seen_if(done.is_set());
        taken.set();
        let second = results.next().unwrap();
        // One thread completed them one after the other: that is the order of the pushes.
        assert_eq!((first.index, second.index), (0, 1));
        assert_eq!((number(first.outcome), number(second.outcome)), (0, 1));
    });
}

#[test]
fn two_pushes_while_the_consumer_falls_asleep_both_arrive() {
    static IN_ORDER: Witness = Witness::new("the first task was yielded first");
    static REVERSED: Witness = Witness::new("the second task was yielded first");
    model("park_unpark_lost_wakeup_two", Preemptions(2), &[&IN_ORDER, &REVERSED], || {
        let mut set = CompletionSet::new();
        set.submit(&Threads, || Value::new(0));
        set.submit(&Threads, || Value::new(1));
        let first = set.next_finished().unwrap();
        let second = set.next_finished().unwrap();
        assert_eq!(first.index + second.index, 1);
        let numbers = (number(first.outcome), number(second.outcome));
        assert_eq!(numbers, (first.index as u32, second.index as u32));
        assert!(set.next_finished().is_none());
        IN_ORDER.seen_if(numbers == (0, 1));
        REVERSED.seen_if(numbers == (1, 0));
    });
}
