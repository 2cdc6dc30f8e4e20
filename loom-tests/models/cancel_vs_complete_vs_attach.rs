//! One thread completes a task, another cancels it, and a third attaches it meanwhile: the
//! canceller or the completer delivers, whoever won, and finds the destination whole.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{Cancelled, Canceller, Completer, as_completed, completer};

use super::is_cancelled;

fn contend(completer: Completer<Value>, canceller: Canceller) -> Mark {
    let cancelled = Mark::new();
    let cancels = cancelled.clone();
    let completed = Mark::new();
    let completes = completed.clone();
    spawn(move || {
        if completer.complete(Value::new(7)).is_ok() {
            completes.set();
        }
    });
    spawn(move || {
        if canceller.cancel() == Cancelled::Now {
            cancels.set();
            assert!(!completed.is_set(), "the task was completed and cancelled");
        }
    });
    cancelled
}

#[test]
fn an_attached_task_is_yielded_once_by_whoever_ends_it() {
    static CANCELLED: Witness = Witness::new("the canceller delivered");
    static RETURNED: Witness = Witness::new("the completer delivered");
    static EARLY: Witness = Witness::new("the task was cancelled before it was attached");
    let witnesses = [&CANCELLED, &RETURNED, &EARLY];
    model("cancel_vs_complete_vs_attach", Preemptions(2), &witnesses, || {
        let (completer, handle) = completer();
        let cancelled = contend(completer, handle.canceller());
        let mut results = as_completed([handle]);
        EARLY.seen_if(cancelled.is_set());
        let was_cancelled = is_cancelled(results.next().unwrap().outcome);
        assert!(results.next().is_none());
        CANCELLED.seen_if(was_cancelled);
        RETURNED.seen_if(!was_cancelled);
    });
}

#[test]
fn an_iterator_dropped_meanwhile_leaves_it_to_whoever_ends_the_task() {
    static CANCELLED: Witness =
        Witness::new("the task had been cancelled when the iterator was gone");
    static LATE: Witness =
        Witness::new("the task had not been cancelled when the iterator was gone");
    model("cancel_vs_complete_vs_drop", Preemptions(2), &[&CANCELLED, &LATE], || {
        let (completer, handle) = completer();
        let canceller = handle.canceller();
        let results = as_completed([handle]);
        let cancelled = contend(completer, canceller);
        drop(results);
        CANCELLED.seen_if(cancelled.is_set());
        LATE.seen_if(!cancelled.is_set());
    });
}
