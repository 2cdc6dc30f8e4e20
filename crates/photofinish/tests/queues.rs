//! What lies in a worker's own queues: it is counted, stolen, and ended with the pool, though the
//! worker itself is occupied.

mod support;

use std::thread;

use photofinish::{JoinHandle, Pool};

use support::{Gate, LIMIT, begin, eventually, pool, within};

/// Occupies the only worker, which has fetched so many tasks, until the gate opens.
fn fetched(pool: &Pool, many: usize, gate: &Gate) -> (JoinHandle<()>, Vec<JoinHandle<usize>>) {
    let first = Gate::default();
    let before = first.hold_a_worker(pool);
    let waits = gate.clone();
    let running = pool.submit(move || waits.wait());
    let tasks = (0..many).map(|n| pool.submit(move || n)).collect();
    first.open();
    before.join().unwrap();
    eventually("the worker has begun", || running.is_running());
    (running, tasks)
}

#[test]
fn what_a_worker_has_fetched_is_counted() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let (running, tasks) = fetched(&pool, 5, &gate);
        let counted = pool.metrics();
        gate.open();
        assert_eq!((counted.queued, counted.running), (5, 1));
        running.join().unwrap();
        assert!(tasks.into_iter().map(|task| task.join().unwrap()).eq(0..5));
    });
}

#[test]
fn what_a_task_has_submitted_is_counted_and_stolen() {
    within(LIMIT, || {
        let (pool, gate, handed) = (pool(2), Gate::default(), Gate::default());
        let other = gate.hold_a_worker(&pool);
        let before = pool.metrics().steals;
        let (handle, waits) = (pool.handle(), handed.clone());
        let submits = begin(&pool, move || {
            let tasks: Vec<_> = (0..3).map(|n| handle.submit(move || n)).collect();
            waits.wait();
            tasks
        });
        eventually("three tasks are queued", || pool.metrics().queued == 3);
        gate.open();
        other.join().unwrap();
        eventually("the other worker steals them", || pool.metrics().steals == before + 3);
        assert_eq!(pool.metrics().queued, 0);
        handed.open();
        let tasks = submits.join().unwrap();
        assert!(tasks.into_iter().map(|task| task.join().unwrap()).eq(0..3));
    });
}

#[test]
fn what_an_occupied_worker_has_fetched_is_cancelled_at_once() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let (running, tasks) = fetched(&pool, 5, &gate);
        let shutdown = thread::spawn(|| pool.shutdown_now());
        eventually("all are cancelled", || tasks.iter().all(JoinHandle::is_cancelled));
        gate.open();
        running.join().unwrap();
        let shutdown = shutdown.join().unwrap();
        assert_eq!((shutdown.cancelled, shutdown.awaited), (5, 1));
    });
}

#[test]
fn what_a_task_submits_to_its_halted_pool_is_cancelled_at_once() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let (handle, waits) = (pool.handle(), gate.clone());
        let submits = begin(&pool, move || {
            waits.wait();
            let one = handle.submit(|| 0).is_cancelled();
            let several = handle.submit_batch((1..4).map(|n| move || n));
            (one, several.iter().all(JoinHandle::is_cancelled))
        });
        let before = pool.submit(|| 0);
        let shutdown = thread::spawn(|| pool.shutdown_now());
        eventually("the pool is halted", || before.is_cancelled());
        gate.open();
        assert_eq!(submits.join().unwrap(), (true, true));
        assert_eq!(shutdown.join().unwrap().cancelled, 5);
    });
}
