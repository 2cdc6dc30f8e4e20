//! A callback is given to a handle while its task completes, is cancelled or abandoned: it is called
//! once, with the outcome, and what it has captured is dropped once.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{JoinError, JoinHandle, completer, task};

use super::{completed_elsewhere, is_cancelled};

/// Gives the handle a callback that tells what it was called with, and waits to be told.
fn told(handle: JoinHandle<Value>) -> Result<Value, JoinError> {
    let (teller, told) = completer();
    let captured = Value::new(1);
    handle.on_complete(move |outcome| {
        assert_eq!(captured.number(), 1);
        let Ok(()) = teller.complete(outcome) else { unreachable!("nobody cancels the telling") };
    });
    told.join().expect("a callback is called, and does not panic")
}

#[test]
fn a_callback_added_during_completion_is_called_once() {
    static HERE: Witness = Witness::new("the callback was called where it was added");
    static THERE: Witness = Witness::new("the callback was called where the task completed");
    model("on_complete_vs_complete", Unbounded, &[&HERE, &THERE], || {
        let handle = completed_elsewhere(7);
        let adds = Mark::new();
        let (adding, captured) = (adds.clone(), Value::new(1));
        let (teller, told) = photofinish_protocol::completer();
        handle.on_complete(move |outcome| {
            assert_eq!(captured.number(), 1);
            teller.complete((outcome.unwrap().number(), !adding.is_set())).unwrap();
        });
        adds.set();
        let (number, during) = told.join().unwrap();
        assert_eq!(number, 7);
        HERE.seen_if(during);
        THERE.seen_if(!during);
    });
}

#[test]
fn a_callback_is_called_whether_the_task_runs_or_is_cancelled() {
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static RETURNED: Witness = Witness::new("the task returned");
    model("on_complete_vs_cancel", Preemptions(2), &[&CANCELLED, &RETURNED], || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || Value::new(captured.number() + 1));
        let canceller = handle.canceller();
        spawn(|| runnable.run());
        spawn(move || {
            canceller.cancel();
        });
        let cancelled = is_cancelled(told(handle));
        CANCELLED.seen_if(cancelled);
        RETURNED.seen_if(!cancelled);
    });
}

#[test]
fn a_callback_is_called_when_the_task_is_abandoned() {
    model("on_complete_vs_abandon", Unbounded, &[], || {
        let (completer, handle) = completer();
        spawn(move || drop(completer));
        assert!(matches!(told(handle), Err(JoinError::Abandoned)));
    });
}
