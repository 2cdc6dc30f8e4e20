//! Several iterators over the same tasks, and several handles of a task in one iterator: each
//! iterator yields each task, exactly once.

use photofinish_loom_tests::Bound::{Preemptions, Unbounded};
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::{AsCompleted, SharedHandle, as_completed, completer};

fn indices_and_numbers(results: AsCompleted<SharedHandle<Value>>) -> Vec<(usize, u32)> {
    results.map(|finished| (finished.index, finished.outcome().unwrap().number())).collect()
}

#[test]
fn two_iterators_over_one_task_see_it_both() {
    model("two_as_completed_one", Preemptions(2), &[], || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        let results = as_completed([handle.clone()]);
        spawn(move || completer.complete(Value::new(7)).unwrap());
        spawn(move || assert_eq!(indices_and_numbers(as_completed([handle])), [(0, 7)]));
        assert_eq!(indices_and_numbers(results), [(0, 7)]);
    });
}

#[test]
fn two_iterators_over_two_tasks_see_both() {
    static EARLY: Witness = Witness::new("both had finished before the second iterator began");
    static LATE: Witness = Witness::new("none had finished when the second iterator began");
    model("two_as_completed_two", Preemptions(2), &[&EARLY, &LATE], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let handles = [a.shared(), b.shared()];
        let results = as_completed(handles.clone());
        spawn(move || {
            first.complete(Value::new(0)).unwrap();
            second.complete(Value::new(1)).unwrap();
        });
        EARLY.seen_if(handles.iter().all(SharedHandle::is_finished));
        LATE.seen_if(!handles.iter().any(SharedHandle::is_finished));
        // If the first finishes while the iterator is made, the second may have finished before.
        let mut seen = indices_and_numbers(as_completed(handles));
        seen.sort_unstable();
        assert_eq!(seen, [(0, 0), (1, 1)]);
        assert_eq!(indices_and_numbers(results), [(0, 0), (1, 1)]);
    });
}

#[test]
fn two_handles_of_one_task_in_one_iterator_are_one() {
    model("duplicate_handles_one", Unbounded, &[], || {
        let (completer, handle) = completer();
        let handle = handle.shared();
        spawn(move || completer.complete(Value::new(7)).unwrap());
        let results = as_completed([handle.clone(), handle]);
        assert_eq!(results.remaining(), 1);
        assert_eq!(indices_and_numbers(results), [(0, 7)]);
    });
}

#[test]
fn a_duplicate_between_two_tasks_keeps_the_place_of_the_first() {
    model("duplicate_handles_two", Preemptions(2), &[], || {
        let (first, a) = completer();
        let (second, b) = completer();
        let (a, b) = (a.shared(), b.shared());
        spawn(move || first.complete(Value::new(0)).unwrap());
        spawn(move || second.complete(Value::new(1)).unwrap());
        let results = as_completed([a.clone(), a, b.clone(), b]);
        assert_eq!(results.remaining(), 2);
        let mut seen = indices_and_numbers(results);
        seen.sort_unstable();
        assert_eq!(seen, [(0, 0), (2, 1)]);
    });
}
