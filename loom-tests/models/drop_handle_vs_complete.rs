//! A handle is dropped while its task completes. Whoever comes last drops the value and frees
//! the task, once.

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn};
use photofinish_protocol::{JoinHandle, completer, task};

use super::completed_elsewhere;

#[test]
fn a_handle_dropped_during_completion_drops_the_value_once() {
    static COMPLETED: Witness = Witness::new("the task completed before the handle left");
    static LEFT: Witness = Witness::new("the handle left before the task completed");
    model("drop_handle_vs_complete", Unbounded, &[&COMPLETED, &LEFT], || {
        let (completer, handle) = completer();
        let (completed, left) = (Mark::new(), Mark::new());
        let (completes, has_left) = (completed.clone(), left.clone());
        spawn(move || {
            LEFT.seen_if(has_left.is_set());
            completer.complete(Value::new(7)).unwrap();
            completes.set();
        });
        drop(handle);
        COMPLETED.seen_if(completed.is_set());
        left.set();
    });
}

#[test]
fn a_handle_dropped_while_the_task_runs_drops_capture_and_value_once() {
    static RAN: Witness = Witness::new("the task had run before the handle left");
    static LEFT: Witness = Witness::new("the handle left before the task ran");
    model("drop_handle_vs_run", Unbounded, &[&RAN, &LEFT], || {
        let captured = Value::new(1);
        let (ran, left) = (Mark::new(), Mark::new());
        let (runs, has_left) = (ran.clone(), left.clone());
        let (runnable, handle): (_, JoinHandle<Value>) = task(move || {
            LEFT.seen_if(has_left.is_set());
            Value::new(captured.number() + 1)
        });
        spawn(move || {
            runnable.run();
            runs.set();
        });
        drop(handle);
        RAN.seen_if(ran.is_set());
        left.set();
    });
}

#[test]
fn a_handle_that_joins_at_the_last_moment_takes_what_it_sees_finished() {
    static TAKEN: Witness = Witness::new("the value was taken");
    static LEFT: Witness = Witness::new("the handle left before the task completed");
    model("try_join_vs_complete", Unbounded, &[&TAKEN, &LEFT], || {
        let handle = completed_elsewhere(7);
        match handle.try_join() {
            Ok(outcome) => {
                TAKEN.seen();
                assert_eq!(outcome.unwrap().number(), 7);
            }
            Err(handle) => {
                LEFT.seen();
                drop(handle);
            }
        }
    });
}
