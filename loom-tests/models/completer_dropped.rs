//! Whoever was to complete a task drops its part: the task is delivered as abandoned, and nobody
//! waits for ever.

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Value, Witness, live_values, model, spawn};
use photofinish_protocol::{JoinError, as_completed, completer, task};

#[test]
fn a_task_whose_completer_is_dropped_is_yielded_as_abandoned() {
    static BEFORE: Witness = Witness::new("the completer was gone before the task was attached");
    static AFTER: Witness = Witness::new("the task was attached before the completer went");
    model("completer_dropped", Unbounded, &[&BEFORE, &AFTER], || {
        let (completer, handle) = completer::<Value>();
        let (gone, attached) = (Mark::new(), Mark::new());
        let (goes, is_attached) = (gone.clone(), attached.clone());
        spawn(move || {
            AFTER.seen_if(is_attached.is_set());
            drop(completer);
            goes.set();
        });
        let mut results = as_completed([handle]);
        BEFORE.seen_if(gone.is_set());
        attached.set();
        let finished = results.next().unwrap();
        assert!(matches!(finished.outcome, Err(JoinError::Abandoned)));
        assert!(results.next().is_none());
    });
}

#[test]
fn a_runnable_dropped_unrun_drops_its_capture_before_the_task_is_delivered() {
    static BEFORE: Witness = Witness::new("the runnable was gone before the join");
    static AFTER: Witness = Witness::new("the join began before the runnable went");
    model("runnable_dropped", Unbounded, &[&BEFORE, &AFTER], || {
        let captured = Value::new(1);
        let (runnable, handle) = task(move || captured);
        spawn(move || drop(runnable));
        let outcome = match handle.try_join() {
            Ok(outcome) => {
                BEFORE.seen();
                outcome
            }
            Err(handle) => {
                AFTER.seen();
                handle.join()
            }
        };
        assert!(matches!(outcome, Err(JoinError::Abandoned)));
        assert_eq!(live_values(), 0);
    });
}
