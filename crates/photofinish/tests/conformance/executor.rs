//! Rows E, and the rows X about submitting.

use std::sync::Arc;

use photofinish::{BuildError, Handle, Pool, as_completed};

use crate::support::{Drops, Gate, LIMIT, eventually, pool, within};

/// What is submitted is run, and its result comes back; same as CPython.
#[test]
fn e1_submit_gives_the_result() {
    within(LIMIT, || {
        assert_eq!(pool(2).submit(|| 2_u32.pow(8)).join().unwrap(), 256);
    });
}

/// A task whose handle was discarded is dropped with its captures and its result soon after it
/// ran, though its worker has nothing else to do; same as CPython.
#[test]
fn e18_an_idle_worker_keeps_nothing_of_its_last_task() {
    within(LIMIT, || {
        let pool = pool(1);
        let (drops, alive) = (Drops::default(), Arc::new(()));
        let (captured, result) = (drops.token(), drops.token());
        let observer = Arc::downgrade(&alive);
        drop(pool.submit(move || {
            let _captured = (captured, alive);
            result
        }));
        eventually("captures and result are dropped", || drops.count() == 2);
        assert!(observer.upgrade().is_none());
    });
}

/// A pool of no workers is refused, and says so; same as CPython. Less than none cannot be said.
#[test]
fn e19_a_pool_of_no_workers_is_refused() {
    let error = Pool::builder().workers(0).build().unwrap_err();
    assert!(matches!(error, BuildError::NoWorkers));
    assert_eq!(error.to_string(), "a pool needs at least 1 worker, and 0 were asked for");
}

/// Tasks from outside begin in the order of their submission; same as CPython's queue.
#[test]
fn x1_the_queue_is_first_in_first_out() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let tasks: Vec<_> = (0..1_000).map(|_| pool.submit(|| ())).collect();
        let results = as_completed(tasks);
        gate.open();
        let order: Vec<_> = results.map(|finished| finished.index).collect();
        assert_eq!(order, (0..1_000).collect::<Vec<_>>());
        blocker.join().unwrap();
    });
}

/// One worker, and a task that waits for a task it submits to its own pool; deviates: CPython's
/// documentation shows it as a deadlock, a worker of photofinish runs the other task meanwhile.
#[test]
fn x19_a_task_may_wait_for_a_task_of_its_own_pool() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let outer = pool.submit(move || handle.submit(|| 5_u32.pow(2)).join().unwrap() + 1);
        assert_eq!(outer.join().unwrap(), 26);
    });
}

/// All workers wait for tasks of their own pool at once; deviates as above.
#[test]
fn x19_all_workers_may_wait_at_once() {
    fn tree(pool: &Handle, depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        let branch = || {
            let pool = pool.clone();
            pool.clone().submit(move || tree(&pool, depth - 1))
        };
        as_completed([branch(), branch(), branch()]).map(|f| f.outcome.unwrap()).sum()
    }
    within(LIMIT, || {
        let pool = pool(2);
        let roots: Vec<_> = (0..8)
            .map(|_| {
                let handle = pool.handle();
                pool.submit(move || tree(&handle, 5))
            })
            .collect();
        assert!(roots.into_iter().all(|root| root.join().unwrap() == 3_u32.pow(5)));
    });
}
