//! Every task is delivered exactly once, in the order of completion.

mod support;

use std::collections::HashSet;

use photofinish::{CompletionSet, as_completed};

use support::{Gate, pool};

#[test]
fn a_million_tasks_through_as_completed_arrive_exactly_once() {
    const TASKS: usize = 1_000_000;
    let pool = pool(2);
    let tasks: Vec<_> = (0..TASKS).map(|n| pool.submit(move || n)).collect();
    let mut seen = vec![false; TASKS];
    for finished in as_completed(tasks) {
        let value = finished.outcome.expect("the task returns");
        assert_eq!(finished.index, value);
        assert!(!std::mem::replace(&mut seen[value], true), "task {value} came twice");
    }
    assert!(seen.iter().all(|&seen| seen), "a task never came");
}

#[test]
fn a_million_tasks_through_a_completion_set_arrive_exactly_once() {
    const TASKS: usize = 1_000_000;
    const WINDOW: usize = 1_000;
    let pool = pool(2);
    let mut set = CompletionSet::new();
    let mut seen = HashSet::new();
    for n in 0..TASKS {
        if set.remaining() == WINDOW {
            let finished = set.next_finished().expect("the window is full");
            assert!(seen.insert(finished.outcome.expect("the task returns")));
        }
        set.submit(&pool, move || n);
    }
    while let Some(finished) = set.next_finished() {
        assert!(seen.insert(finished.outcome.expect("the task returns")));
    }
    assert_eq!(seen.len(), TASKS);
}

#[test]
fn results_come_in_the_order_of_completion_not_of_submission() {
    let pool = pool(4);
    let gates = [(); 4].map(|()| Gate::default());
    let tasks = gates.clone().map(|gate| pool.submit(move || gate.wait()));
    let mut results = as_completed(tasks);
    for index in [1, 3, 2, 0] {
        gates[index].open();
        assert_eq!(results.next().unwrap().index, index);
    }
}

#[test]
fn nested_waits_on_one_worker_do_not_deadlock() {
    fn fib(handle: photofinish::Handle, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (a, b) = (handle.clone(), handle.clone());
        let one = handle.submit(move || fib(a, n - 1));
        let other = handle.submit(move || fib(b, n - 2));
        one.join().unwrap() + other.join().unwrap()
    }
    for workers in [1, 2, 4] {
        let pool = pool(workers);
        let handle = pool.handle();
        assert_eq!(pool.submit(move || fib(handle, 16)).join().unwrap(), 987);
    }
}
