//! The pool's roles: what stands still when a submitter or a worker stops for ever.
//!
//! That a task is *begun* is promised to nobody who waits for a stopped thread, so these models
//! observe instead of demanding: when nothing moves any more they note which tasks have not
//! arrived, and `cargo freeze` prints it for each place where the thread stood. One thing they do
//! demand: a task whose body has returned on another thread has arrived. Then the thread goes on,
//! and the rest arrives too.

use std::sync::Arc;

use photofinish::{JoinHandle, Pool, Runnable, Spawn, as_completed, task};
use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Progress, Standstills, Value, model, spawn, until_nothing_moves};
use photofinish_protocol::sync::hooks::{open_gate, play_by_effects};

use super::number;

/// The one thread that plays a role.
const FROZEN: usize = 0;

/// A task that tells how far it has come.
struct Watched {
    name: &'static str,
    progress: Progress,
    handle: JoinHandle<Value>,
}

fn watched(name: &'static str) -> (Runnable, Watched) {
    watched_around(name, || ())
}

/// The same, with `inside` in its body.
fn watched_around(
    name: &'static str,
    inside: impl FnOnce() + Send + 'static,
) -> (Runnable, Watched) {
    let progress = Progress::new();
    let told = progress.clone();
    let body = move || {
        inside();
        Value::new(1)
    };
    let (runnable, handle) = task(move || told.run(body));
    (runnable, Watched { name, progress, handle })
}

/// Two workers, and the first of them plays the role.
fn pool_of_a_player() -> Pool {
    let start = |worker| {
        if worker == 0 {
            play_by_effects(FROZEN);
        }
    };
    Pool::builder().workers(2).on_thread_start(start).build().expect("the model's threads start")
}

/// Awaits `tasks`, which `submit` submits, and notes what stands still with the frozen thread.
fn watch<const N: usize>(seen: &Standstills, tasks: [Watched; N], submit: impl FnOnce()) {
    let about = tasks.each_ref().map(|task| (task.name, task.progress.clone()));
    let mut results = as_completed(tasks.map(|task| task.handle));
    submit();
    until_nothing_moves();
    let mut arrived = [false; N];
    while let Some(finished) = results.try_next() {
        arrived[finished.index] = true;
        number(finished.outcome);
    }
    let missing = about.iter().zip(arrived).filter(|(_, arrived)| !arrived);
    let missing: Vec<_> = missing.map(|((name, task), _)| (*name, task.stage())).collect();
    seen.count(&missing);
    open_gate();
    for finished in results {
        number(finished.outcome);
    }
}

/// Explores a model in which one thread plays `role`.
fn stopped(
    name: &'static str,
    role: &str,
    execution: impl Fn(&Standstills) + Send + Sync + 'static,
) {
    let seen = Arc::new(Standstills::new());
    let notes = Arc::clone(&seen);
    model(name, Preemptions(0), &[], move || execution(&notes));
    seen.report(role);
}

/// Lets the calling thread submit `task` as the submitter that may stop.
fn submit_elsewhere(pool: &Pool, task: Runnable) {
    let handle = pool.handle();
    spawn(move || {
        play_by_effects(FROZEN);
        handle.spawn(task);
    });
}

fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().expect("the model's threads start")
}

#[test]
fn a_submitter_that_stops_while_others_submit() {
    stopped("freeze_submitter", "submitter", |seen| {
        let pool = pool(1);
        let (own, first) = watched("its own task");
        let (others, second) = watched("another's task");
        watch(seen, [first, second], || {
            submit_elsewhere(&pool, own);
            pool.spawn(others);
        });
    });
}

#[test]
fn a_submitter_that_has_stopped_before_others_submit() {
    stopped("freeze_submitter_before_others", "submitter", |seen| {
        let pool = pool(2);
        let (own, first) = watched("its own task");
        let (others, second) = watched("another's task");
        let (others_too, third) = watched("another's task");
        watch(seen, [first, second, third], || {
            submit_elsewhere(&pool, own);
            until_nothing_moves();
            pool.spawn(others);
            pool.spawn(others_too);
        });
    });
}

#[test]
fn a_worker_that_stops_among_the_tasks_of_others() {
    stopped("freeze_worker", "worker", |seen| {
        let pool = pool_of_a_player();
        let (one, first) = watched("a task");
        let (other, second) = watched("a task");
        watch(seen, [first, second], || {
            pool.spawn(one);
            pool.spawn(other);
        });
    });
}

#[test]
fn a_worker_that_has_stopped_before_others_submit() {
    stopped("freeze_worker_before_others", "worker", |seen| {
        let pool = pool_of_a_player();
        let (one, first) = watched("a task");
        let (other, second) = watched("a task");
        watch(seen, [first, second], || {
            pool.spawn(one);
            until_nothing_moves();
            pool.spawn(other);
        });
    });
}

#[test]
fn a_worker_that_stops_while_two_share_what_a_task_submits() {
    stopped("freeze_thief", "worker", |seen| {
        let pool = pool_of_a_player();
        let handle = pool.handle();
        let (inner, first) = watched("a task");
        let (outer, second) = watched_around("a task", move || handle.spawn(inner));
        watch(seen, [first, second], || pool.spawn(outer));
    });
}

/// One of two submitters who want the same room.
#[test]
fn a_submitter_that_stops_on_its_way_into_a_bounded_pool() {
    stopped("freeze_submitter_to_a_bounded_pool", "submitter, bounded", |seen| {
        let builder = Pool::builder().workers(1).queue_capacity(1);
        let pool = builder.build().expect("the model's threads start");
        let (own, first) = watched("its own task");
        let (others, second) = watched("another's task");
        watch(seen, [first, second], || {
            submit_elsewhere(&pool, own);
            let handle = pool.handle();
            spawn(move || handle.spawn(others));
        });
    });
}
