//! A task is cancelled while it is begun. Exactly one of them wins, and what the closure had
//! captured is dropped once, before anybody learns of the end.

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Value, Witness, live_values, model, spawn};
use photofinish_protocol::{Cancelled, as_completed, completer, task};

use super::{is_cancelled, number};

#[test]
fn a_cancelled_task_never_runs_and_a_running_one_is_not_cancelled() {
    static WON: Witness = Witness::new("the task was cancelled");
    static LOST: Witness = Witness::new("the task ran in spite of the attempt to cancel it");
    model("cancel_vs_run", Unbounded, &[&WON, &LOST], || {
        let captured = Value::new(1);
        let ran = Mark::new();
        let runs = ran.clone();
        let (runnable, handle) = task(move || {
            runs.set();
            Value::new(captured.number() + 1)
        });
        spawn(|| runnable.run());
        match handle.cancel() {
            Cancelled::Now => {
                WON.seen();
                assert_eq!(live_values(), 0);
                assert!(is_cancelled(handle.join()));
                assert!(!ran.is_set());
            }
            Cancelled::NoLonger => {
                LOST.seen();
                assert_eq!(number(handle.join()), 2);
                assert_eq!(live_values(), 0);
            }
            Cancelled::Before => unreachable!("nobody else cancels"),
        }
    });
}

#[test]
fn a_task_cancelled_and_left_is_freed_by_its_runner() {
    static WON: Witness = Witness::new("the task was cancelled");
    static LOST: Witness = Witness::new("the task ran in spite of the attempt to cancel it");
    model("cancel_and_drop_vs_run", Unbounded, &[&WON, &LOST], || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || Value::new(captured.number() + 1));
        spawn(|| runnable.run());
        let cancelled = handle.cancel();
        drop(handle);
        WON.seen_if(cancelled == Cancelled::Now);
        LOST.seen_if(cancelled == Cancelled::NoLonger);
    });
}

#[test]
fn an_attached_task_that_is_cancelled_while_it_is_begun_is_yielded_once() {
    static WON: Witness = Witness::new("the task was cancelled");
    static LOST: Witness = Witness::new("the task ran in spite of the attempt to cancel it");
    model("cancel_attached_vs_run", Unbounded, &[&WON, &LOST], || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || Value::new(captured.number() + 1));
        let canceller = handle.canceller();
        let mut results = as_completed([handle]);
        spawn(|| runnable.run());
        let cancelled = canceller.cancel();
        drop(canceller);
        let finished = results.next().unwrap();
        assert_eq!(is_cancelled(finished.outcome), cancelled == Cancelled::Now);
        assert!(results.next().is_none());
        WON.seen_if(cancelled == Cancelled::Now);
        LOST.seen_if(cancelled == Cancelled::NoLonger);
    });
}

#[test]
fn a_task_revoked_by_its_pool_while_it_is_cancelled_ends_as_cancelled_once() {
    static POOL: Witness = Witness::new("the pool revoked the task");
    static HANDLE: Witness = Witness::new("the handle cancelled the task");
    static RUNNING: Witness = Witness::new("the handle came while the pool was revoking");
    static BEFORE: Witness = Witness::new("the handle came after the pool had revoked");
    let witnesses = [&POOL, &HANDLE, &RUNNING, &BEFORE];
    model("cancel_vs_shutdown", Unbounded, &witnesses, || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || captured);
        let revoked = Mark::new();
        let revokes = revoked.clone();
        spawn(move || {
            if runnable.cancel() {
                POOL.seen();
                revokes.set();
            }
        });
        let cancelled = handle.cancel();
        HANDLE.seen_if(cancelled == Cancelled::Now);
        RUNNING.seen_if(cancelled == Cancelled::NoLonger);
        BEFORE.seen_if(cancelled == Cancelled::Before);
        assert!(is_cancelled(handle.join()));
        assert_eq!(live_values(), 0);
        assert!(!(revoked.is_set() && cancelled == Cancelled::Now), "both cancelled it");
    });
}

#[test]
fn a_completer_learns_that_its_task_was_cancelled_and_keeps_the_value() {
    static WON: Witness = Witness::new("the task was cancelled");
    static LOST: Witness = Witness::new("the task was completed");
    model("cancel_vs_complete", Unbounded, &[&WON, &LOST], || {
        let (completer, handle) = completer();
        spawn(move || match completer.complete(Value::new(7)) {
            Ok(()) => LOST.seen(),
            Err(value) => {
                WON.seen();
                assert_eq!(value.number(), 7);
            }
        });
        let cancelled = handle.cancel();
        match handle.try_join() {
            Ok(outcome) => {
                assert_eq!(is_cancelled(outcome), cancelled == Cancelled::Now);
            }
            Err(handle) => {
                assert_eq!(cancelled, Cancelled::NoLonger);
                assert_eq!(number(handle.join()), 7);
            }
        }
    });
}
