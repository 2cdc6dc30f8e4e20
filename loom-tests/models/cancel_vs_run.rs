//! A task is cancelled while it is begun. Exactly one of them wins, and what the closure had
//! captured is dropped once, before anybody learns of the end.

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Value, Witness, live_values, model, spawn};
use photofinish_protocol::{Cancelled, TaskContext, as_completed, completer, task};

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
            Cancelled::Requested | Cancelled::NoLonger => {
                LOST.seen();
                assert_eq!(number(handle.join()), 2);
                assert_eq!(live_values(), 0);
            }
            Cancelled::Before => unreachable!("nobody else cancels"),
        }
    });
}

/// What the canceller writes before it asks. The checker watches it.
struct Note(loom::cell::Cell<u32>);

// SAFETY: the model reads it only where the request says that it has been written, and the checker
// reports a race.
unsafe impl Sync for Note {}
// SAFETY: as above.
unsafe impl Send for Note {}

impl Note {
    fn write(&self, number: u32) {
        self.0.set(number);
    }

    fn read(&self) -> u32 {
        self.0.get()
    }
}

#[test]
fn a_running_task_that_sees_a_request_sees_what_was_done_before_it() {
    static SEEN: Witness = Witness::new("the task saw the request");
    static MISSED: Witness = Witness::new("the request came after the look");
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    let witnesses = [&SEEN, &MISSED, &CANCELLED];
    model("cancel_requested", Unbounded, &witnesses, || {
        let note = loom::sync::Arc::new(Note(loom::cell::Cell::new(0)));
        let read = loom::sync::Arc::clone(&note);
        let (runnable, handle) = task(move || {
            let context = TaskContext::current().expect("this is a task");
            let seen = context.is_cancel_requested();
            if seen {
                assert_eq!(read.read(), 7);
            }
            seen
        });
        spawn(|| runnable.run());
        note.write(7);
        let cancelled = handle.cancel();
        match handle.join() {
            Ok(seen) => {
                assert!(!cancelled.is_cancelled());
                SEEN.seen_if(seen);
                MISSED.seen_if(!seen && cancelled == Cancelled::Requested);
            }
            Err(_) => {
                assert_eq!(cancelled, Cancelled::Now);
                CANCELLED.seen();
            }
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
        LOST.seen_if(!cancelled.is_cancelled());
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
        LOST.seen_if(!cancelled.is_cancelled());
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
        RUNNING.seen_if(cancelled == Cancelled::Requested);
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
                assert_eq!(cancelled, Cancelled::Requested);
                assert_eq!(number(handle.join()), 7);
            }
        }
    });
}
