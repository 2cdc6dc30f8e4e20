//! The owner of a buffer and a thief take from it at once: each task goes to one of them.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model};
use photofinish_protocol::inbox::Batch;
use photofinish_protocol::run_buffer::RunBuffer;
use photofinish_protocol::sync::thread;
use photofinish_protocol::{JoinHandle, Runnable, task};

/// As small as shows what a thief leaves.
type Buffer = RunBuffer<2>;

fn numbered(number: u32) -> (Runnable, JoinHandle<Value>) {
    let captured = Value::new(number);
    task(move || Value::new(captured.number()))
}

fn run(tasks: impl Iterator<Item = Runnable>) -> usize {
    tasks.map(Runnable::run).count()
}

fn own(buffer: &Buffer) -> usize {
    run(std::iter::from_fn(|| buffer.pop()))
}

fn all_have_run(handles: Vec<JoinHandle<Value>>) {
    for (handle, number) in handles.into_iter().zip(1..) {
        let value = handle.try_join().expect("the task has run").expect("and returned");
        assert_eq!(value.number(), number);
    }
}

#[test]
fn each_task_is_taken_once_by_the_owner_or_the_thief() {
    static STOLEN: Witness = Witness::new("the thief had a task");
    static KEPT: Witness = Witness::new("the owner had both");
    static EARLY: Witness = Witness::new("the thief came before the fill");
    model("steal_vs_pop", Unbounded, &[&STOLEN, &KEPT, &EARLY], || {
        let buffer = Buffer::new();
        let thief = buffer.thief();
        let other = thread::spawn(move || {
            EARLY.seen_if(thief.is_empty());
            run(thief.steal(2))
        });
        let (runnables, handles): (Batch, Vec<_>) = (1..=2).map(numbered).unzip();
        buffer.fill(runnables);
        KEPT.seen_if(own(&buffer) == 2);
        STOLEN.seen_if(other.join().unwrap() == 1);
        all_have_run(handles);
    });
}

#[test]
fn a_buffer_that_is_filled_again_under_a_slow_thief_loses_nothing() {
    static LATER: Witness = Witness::new("the thief had a task of the second filling");
    model("steal_vs_refill", Preemptions(3), &[&LATER], || {
        let buffer = Buffer::new();
        let (first, mut handles): (Batch, Vec<_>) = (1..=2).map(numbered).unzip();
        buffer.fill(first);
        let thief = buffer.thief();
        let other = thread::spawn(move || run(thief.steal(1)));
        let before = own(&buffer);
        let (runnable, handle) = numbered(3);
        handles.push(handle);
        buffer.fill(Batch::from_iter([runnable]));
        let after = own(&buffer);
        assert_eq!(before + after + other.join().unwrap(), 3);
        LATER.seen_if(after == 0);
        all_have_run(handles);
    });
}
