//! Submitters push while others take: each task goes to one of them, ready to be run, in the order
//! in which its submitter pushed it, and none is left behind.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model};
use photofinish_protocol::inbox::{Batch, Inbox};
use photofinish_protocol::sync::{Arc, thread};
use photofinish_protocol::{JoinHandle, Runnable, task};

/// A task that returns `number`.
fn numbered(number: u32) -> (Runnable, JoinHandle<Value>) {
    let captured = Value::new(number);
    task(move || Value::new(captured.number()))
}

/// Runs what there is, `most` at a time, until there is nothing, as everybody does who takes. How
/// many tasks that were.
fn run_all(inbox: &Inbox, most: usize) -> usize {
    let mut ran = 0;
    loop {
        ran += inbox.take(most).map(Runnable::run).count();
        if inbox.is_empty() {
            return ran;
        }
    }
}

fn expect<const N: usize>(handles: [JoinHandle<Value>; N], numbers: [u32; N]) {
    for (handle, number) in handles.into_iter().zip(numbers) {
        let value = handle.try_join().expect("nobody is left behind").expect("it returns");
        assert_eq!(value.number(), number);
    }
}

#[test]
fn a_task_that_is_pushed_while_another_thread_takes_is_run_once() {
    static HERE: Witness = Witness::new("the pusher ran the task itself");
    static THERE: Witness = Witness::new("the other thread ran the task");
    model("push_vs_take", Unbounded, &[&HERE, &THERE], || {
        let inbox = Arc::new(Inbox::new());
        let (runnable, handle) = numbered(3);
        let there = Arc::clone(&inbox);
        let other = thread::spawn(move || THERE.seen_if(run_all(&there, 1) == 1));
        inbox.push(runnable);
        HERE.seen_if(run_all(&inbox, 1) == 1);
        other.join().unwrap();
        expect([handle], [3]);
    });
}

#[test]
fn whoever_finds_the_rest_held_may_leave_it_to_the_one_who_holds_it() {
    static LEFT: Witness = Witness::new("a pusher left its task to the other");
    static TWO: Witness = Witness::new("one thread ran both");
    model("left_to_the_holder", Preemptions(3), &[&LEFT, &TWO], || {
        let inbox = Arc::new(Inbox::new());
        let (mine, a) = numbered(1);
        let (yours, b) = numbered(2);
        let there = Arc::clone(&inbox);
        let other = thread::spawn(move || {
            there.push(yours);
            run_all(&there, 1)
        });
        inbox.push(mine);
        let here = run_all(&inbox, 1);
        let there = other.join().unwrap();
        LEFT.seen_if(here == 0 || there == 0);
        TWO.seen_if(here == 2 || there == 2);
        expect([a, b], [1, 2]);
    });
}

#[test]
fn two_who_take_share_the_tasks_and_the_order_is_kept() {
    static SHARED: Witness = Witness::new("each of the two ran a task");
    model("two_takers", Preemptions(3), &[&SHARED], || {
        let inbox = Arc::new(Inbox::new());
        let (runnables, handles): (Batch, Vec<_>) = (1..=3).map(numbered).unzip();
        inbox.push_batch(runnables);
        let there = Arc::clone(&inbox);
        let other = thread::spawn(move || run_one(&there));
        let here = run_one(&inbox);
        let there = other.join().unwrap();
        SHARED.seen_if(here && there);
        let ran = usize::from(here) + usize::from(there);
        for (place, handle) in handles.iter().enumerate() {
            assert_eq!(handle.is_finished(), place < ran, "the oldest go first");
        }
    });
}

fn run_one(inbox: &Inbox) -> bool {
    inbox.take(1).map(Runnable::run).count() == 1
}

#[test]
fn two_who_push_lose_nothing() {
    static BETWEEN: Witness = Witness::new("the other's task came first");
    model("two_pushers", Unbounded, &[&BETWEEN], || {
        let inbox = Arc::new(Inbox::new());
        let (first, a) = numbered(1);
        let (second, b) = numbered(2);
        let there = Arc::clone(&inbox);
        let other = thread::spawn(move || there.push(second));
        inbox.push(first);
        run_one(&inbox);
        BETWEEN.seen_if(b.is_finished());
        other.join().unwrap();
        run_all(&inbox, 2);
        expect([a, b], [1, 2]);
    });
}

#[test]
fn a_count_takes_nothing_and_keeps_nobody_from_taking() {
    static WHILE: Witness = Witness::new("a task came while others lay there");
    static HELD: Witness = Witness::new("somebody took just then");
    model("count_vs_take", Preemptions(3), &[&WHILE, &HELD], || {
        let inbox = Arc::new(Inbox::new());
        let (runnables, mut handles): (Batch, Vec<_>) = (1..=3).map(numbered).unzip();
        inbox.push_batch(runnables);
        let (late, handle) = numbered(4);
        handles.push(handle);
        let there = Arc::clone(&inbox);
        let other = thread::spawn(move || {
            run_one(&there);
            there.push(late);
            run_one(&there);
        });
        let count = inbox.count();
        assert!(count <= 3, "of four tasks one at least has been taken, or is not there yet");
        WHILE.seen_if(count == 3 && handles[0].is_finished());
        HELD.seen_if(count == 0);
        other.join().unwrap();
        run_all(&inbox, 4);
        for (handle, number) in handles.into_iter().zip(1..) {
            expect([handle], [number]);
        }
    });
}
