//! A set is fed from other threads while one waits for it. An adder is a chain of tasks, so what is
//! raced here is one task's completion against the attachment of the next.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Crossing, Value, Witness, block_on, model, spawn};
use photofinish_protocol::{Adder, CompletionSet, completer};

use super::{next, number};

/// Adds a task and completes it.
fn add(adder: &Adder<Value>, value: u32) {
    let (completer, handle) = completer();
    adder.add(handle);
    completer.complete(Value::new(value)).unwrap();
}

/// Does `sends` on another thread. Where it crosses ours, whoever comes second finds 1.
fn elsewhere(sends: impl FnOnce() + Send + 'static) -> Crossing {
    let crossing = Crossing::new();
    let crosses = crossing.clone();
    spawn(move || {
        sends();
        crosses.pass();
    });
    crossing
}

/// A set whose adder adds 7 on another thread, and goes.
fn fed_elsewhere() -> (CompletionSet<Value>, Crossing) {
    let mut set = CompletionSet::new();
    let adder = set.adder();
    let crossing = elsewhere(move || {
        add(&adder, 7);
        drop(adder);
    });
    (set, crossing)
}

#[test]
fn what_an_adder_adds_arrives_and_its_end_ends_the_set() {
    static SENT: Witness = Witness::new("all had been sent before the first look");
    static RACED: Witness = Witness::new("the set looked while the adder was sending");
    model("adder_vs_next", Preemptions(2), &[&SENT, &RACED], || {
        let (mut set, crossing) = fed_elsewhere();
        let gone = crossing.pass() == 1;
        SENT.seen_if(gone);
        RACED.seen_if(!gone);
        assert_eq!(number(set.next_finished().unwrap().outcome), 7);
        assert!(set.next_finished().is_none());
    });
}

#[test]
fn an_async_consumer_hears_of_what_is_added() {
    model("adder_vs_poll", Preemptions(2), &[], || {
        let mut set = CompletionSet::new();
        let adder = set.adder();
        spawn(move || add(&adder, 7));
        assert_eq!(number(block_on(next(&mut set.stream())).unwrap().outcome), 7);
        assert!(block_on(next(&mut set.stream())).is_none());
    });
}

#[test]
fn a_set_with_a_clone_left_does_not_end() {
    static SENT: Witness = Witness::new("the adder had gone before the first look");
    static RACED: Witness = Witness::new("the set looked while the adder was sending");
    model("adder_and_its_clone", Preemptions(1), &[&SENT, &RACED], || {
        let mut set = CompletionSet::new();
        let adder = set.adder();
        let clone = adder.clone();
        let crossing = elsewhere(move || {
            add(&adder, 0);
            drop(adder);
        });
        add(&clone, 1);
        drop(clone);
        let gone = crossing.pass() == 1;
        SENT.seen_if(gone);
        RACED.seen_if(!gone);
        let first = number(set.next_finished().unwrap().outcome);
        let second = number(set.next_finished().unwrap().outcome);
        assert_eq!(first + second, 1);
        assert!(set.next_finished().is_none());
    });
}

#[test]
fn what_is_sent_to_a_set_that_is_dropped_is_dropped_once() {
    static SENT: Witness = Witness::new("all had been sent before the set was dropped");
    static RACED: Witness = Witness::new("the set was dropped while the adder was sending");
    model("adder_vs_drop_of_the_set", Preemptions(2), &[&SENT, &RACED], || {
        let (set, crossing) = fed_elsewhere();
        let gone = crossing.pass() == 1;
        SENT.seen_if(gone);
        RACED.seen_if(!gone);
        drop(set);
    });
}

#[test]
fn handles_taken_back_while_an_adder_sends_are_there_or_dropped() {
    static TAKEN: Witness = Witness::new("the added task was taken back");
    static MISSED: Witness = Witness::new("the added task came too late");
    model("adder_vs_into_unfinished", Preemptions(2), &[&TAKEN, &MISSED], || {
        let mut set = CompletionSet::new();
        let adder = set.adder();
        let crossing = elsewhere(move || add(&adder, 7));
        crossing.pass();
        let mut handles = set.into_unfinished();
        TAKEN.seen_if(handles.len() == 1);
        MISSED.seen_if(handles.is_empty());
        if let Some(handle) = handles.pop() {
            assert_eq!(number(handle.join()), 7);
        }
    });
}

#[test]
fn an_adder_that_is_dropped_wakes_the_set_that_waits_for_nothing_else() {
    static PARKED: Witness = Witness::new("the set waited before the adder was dropped");
    static GONE: Witness = Witness::new("the adder was dropped before the set waited");
    model("adder_dropped_vs_next", Unbounded, &[&PARKED, &GONE], || {
        let mut set = CompletionSet::<Value>::new();
        let adder = set.adder();
        let crossing = elsewhere(move || drop(adder));
        let gone = crossing.pass() == 1;
        GONE.seen_if(gone);
        PARKED.seen_if(!gone);
        assert!(set.next_finished().is_none());
    });
}
