//! Runner, handle and cancellers let a task go on different threads: the last of them frees it,
//! once, and the outcome with it if nobody has taken that.

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{Completer, JoinHandle, completer, task};

#[test]
fn the_last_of_runner_handle_and_canceller_frees_the_task() {
    static RUNNER: Witness = Witness::new("the runner was last");
    static HANDLE: Witness = Witness::new("the handle was last");
    static CANCELLER: Witness = Witness::new("the canceller was last");
    let witnesses = [&RUNNER, &HANDLE, &CANCELLER];
    model("last_owner_frees_once", Unbounded, &witnesses, || {
        let captured = Value::new(1);
        let (runnable, handle): (_, JoinHandle<Value>) =
            task(move || Value::new(captured.number() + 1));
        let canceller = handle.canceller();
        let gone = [Mark::new(), Mark::new(), Mark::new()];
        let marks = gone.clone();
        spawn(move || {
            runnable.run();
            RUNNER.seen_if(marks[1].is_set() && marks[2].is_set());
            marks[0].set();
        });
        let marks = gone.clone();
        spawn(move || {
            drop(canceller);
            CANCELLER.seen_if(marks[0].is_set() && marks[1].is_set());
            marks[2].set();
        });
        drop(handle);
        HANDLE.seen_if(gone[0].is_set() && gone[2].is_set());
        gone[1].set();
    });
}

#[test]
fn the_last_canceller_frees_a_value_that_nobody_took() {
    static HERE: Witness = Witness::new("this thread's canceller was last");
    static THERE: Witness = Witness::new("the other thread's canceller was last");
    model("last_canceller_frees_the_value", Unbounded, &[&HERE, &THERE], || {
        let (completer, handle): (Completer<Value>, _) = completer();
        let here = handle.canceller();
        let there = here.clone();
        drop(handle);
        let (first, second) = (Mark::new(), Mark::new());
        let (first_gone, second_gone) = (first.clone(), second.clone());
        spawn(move || {
            completer.complete(Value::new(7)).unwrap();
            drop(there);
            THERE.seen_if(first.is_set());
            second_gone.set();
        });
        drop(here);
        HERE.seen_if(second.is_set());
        first_gone.set();
    });
}
