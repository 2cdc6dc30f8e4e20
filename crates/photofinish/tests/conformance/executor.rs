//! Rows E, and the rows X about submitting.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use photofinish::{
    BuildError, Cancelled, Handle, JoinError, Pool, Rejected, WorkerLost, as_completed,
};

use crate::support::{Drops, Gate, LIMIT, begin, eventually, pool, within};

/// A bound of nothing, or of more than can be counted, is refused.
#[test]
fn p1_a_bound_that_makes_no_sense_is_refused() {
    let build = |tasks| Pool::builder().workers(1).queue_capacity(tasks).build().map(drop);
    assert!(matches!(build(0), Err(BuildError::NoCapacity)));
    assert!(matches!(build(usize::MAX), Err(BuildError::TooMuchCapacity { .. })));
}

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

/// Submitting never blocks, and the queue is unbounded and first come, first served; same as
/// CPython, unless a bound is asked for.
#[test]
fn x1_an_unbounded_pool_takes_everything_at_once() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let (order, come) = channel();
        for n in 0..10_000 {
            let order = order.clone();
            drop(pool.try_submit(move || order.send(n)).expect("it takes everything"));
        }
        drop(order);
        assert_eq!(pool.metrics().queued, 10_000);
        gate.open();
        assert!(come.into_iter().eq(0..10_000));
        running.join().unwrap();
    });
}

/// A pool that is broken says so, even if it was shut down as well, and one that was shut down says
/// that, even if it is full; same order as CPython, typed.
#[test]
fn x2_what_a_rejected_submission_says_first() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).queue_capacity(1).build().unwrap();
        let handle = pool.handle();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let queued = pool.submit(|| 1);
        assert!(matches!(pool.try_submit(|| 2), Err(Rejected::Full(_))));
        let owner = thread::spawn(move || pool.shutdown_now());
        assert!(matches!(queued.join(), Err(JoinError::Cancelled)));
        assert!(matches!(handle.try_submit(|| 2), Err(Rejected::ShutDown(_))));
        gate.open();
        owner.join().unwrap();
        running.join().unwrap();

        let pool = Pool::builder().workers(1).queue_capacity(1).build().unwrap();
        let handle = pool.handle();
        pool.submit(photofinish::lose_this_worker).join().unwrap();
        let is_broken = || matches!(handle.try_submit(|| 2), Err(Rejected::Broken(..)));
        eventually("the pool is broken", is_broken);
        pool.shutdown_now();
        assert!(is_broken());
    });
}

/// The closure of a rejected submission comes back whole.
#[test]
fn x2_a_rejected_closure_comes_back_unrun_and_undropped() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        drop(pool);
        let drops = Drops::default();
        let token = drops.token();
        let rejected = handle.try_submit(move || drop(token)).unwrap_err();
        assert_eq!(format!("{rejected:?}"), "ShutDown(..)");
        assert_eq!(drops.count(), 0);
        (rejected.into_inner())();
        assert_eq!(drops.count(), 1);
    });
}

/// One submitter fills the pool, and five come after it, one after the other. Tells the order in which their tasks run,
/// if each has come to wait within `patience`, and some order otherwise.
fn order_of_submitters(patience: Duration) -> Vec<usize> {
    let pool = Arc::new(Pool::builder().workers(1).queue_capacity(1).build().unwrap());
    let gate = Gate::default();
    let running = gate.hold_a_worker(&pool);
    let (order, come) = channel();
    let submit = |n| {
        let (pool, order) = (Arc::clone(&pool), order.clone());
        thread::spawn(move || pool.submit(move || order.send(n).unwrap()).join().unwrap())
    };
    let mut submitters = vec![submit(0)];
    eventually("one is queued", || pool.metrics().queued == 1);
    for n in 1..6 {
        submitters.push(submit(n));
        thread::sleep(patience);
    }
    assert_eq!(pool.metrics().queued, 1);
    assert!(matches!(pool.try_submit(|| ()), Err(Rejected::Full(_))));
    gate.open();
    drop(order);
    let come = come.into_iter().collect();
    submitters.into_iter().for_each(|submitter| submitter.join().unwrap());
    running.join().unwrap();
    come
}

/// A bounded queue makes submitters wait instead of eating memory, and lets in first who came
/// first; deviates: CPython has no bound.
#[test]
fn p1_a_full_pool_makes_submitters_wait_in_their_order() {
    within(LIMIT, || {
        // Nothing tells that a thread has come to wait: the busier the machine, the longer it takes.
        let in_order = [20, 200, 2_000, 20_000].into_iter().any(|milliseconds| {
            order_of_submitters(Duration::from_millis(milliseconds)) == [0, 1, 2, 3, 4, 5]
        });
        assert!(in_order, "who came first is not let in first");
    });
}

/// A worker goes over the bound of its own pool rather than wait for itself.
#[test]
fn p1_a_worker_never_blocks_on_its_own_full_queue() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).queue_capacity(1).build().unwrap();
        let handle = pool.handle();
        let outer = pool.submit(move || {
            let inner: Vec<_> = (0..100).map(|n| handle.submit(move || n)).collect();
            let full = matches!(handle.try_submit(|| ()), Err(Rejected::Full(_)));
            (full, inner.into_iter().map(|task| task.join().unwrap()).sum::<i32>())
        });
        assert_eq!(outer.join().unwrap(), (true, 4_950));
    });
}

/// Submitters that wait for room are not left waiting by a shutdown.
#[test]
fn p1_submitters_that_wait_are_let_in_by_a_shutdown() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).queue_capacity(1).build().unwrap();
        let handle = pool.handle();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let queued = pool.submit(|| 0);
        let submitters: Vec<_> = (1..5)
            .map(|n| {
                let handle = handle.clone();
                thread::spawn(move || handle.submit(move || n).join())
            })
            .collect();
        let owner = thread::spawn(move || pool.shutdown_now());
        for submitter in submitters {
            assert!(matches!(submitter.join().unwrap(), Err(JoinError::Cancelled)));
        }
        assert!(matches!(queued.join(), Err(JoinError::Cancelled)));
        gate.open();
        assert_eq!(owner.join().unwrap().cancelled, 5);
        running.join().unwrap();
    });
}

/// A pool that has lost a worker fails all that is queued, with the cause, and says so to later
/// submitters; same as CPython, where a failed initializer does this. Here a failed initializer is
/// the error of the build.
#[test]
fn x7_a_lost_worker_breaks_the_pool() {
    within(LIMIT, || {
        let pool = pool(2);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let lose = Gate::default();
        let held = lose.clone();
        let lost = begin(&pool, move || {
            held.wait();
            photofinish::lose_this_worker();
        });
        let queued: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
        lose.open();
        lost.join().unwrap();
        for task in queued {
            let Err(JoinError::Broken(cause)) = task.join() else { panic!("it is not broken") };
            let cause = cause.downcast_ref::<WorkerLost>().expect("that is the cause");
            assert!(cause.worker() < 2 && !cause.message().is_empty());
        }
        assert!(matches!(pool.try_submit(|| 1), Err(Rejected::Broken(..))));
        assert!(matches!(pool.submit(|| 1).join(), Err(JoinError::Broken(_))));
        // What runs is finished.
        gate.open();
        running.join().unwrap();
    });
}

/// A cancelled task in the queue does not keep the ones behind it from failing when the pool
/// breaks; deviates: in CPython they stay pending for ever.
#[test]
fn x8_a_cancelled_task_in_a_broken_pool_hides_none_behind_it() {
    within(LIMIT, || {
        let pool = pool(1);
        let lose = Gate::default();
        let held = lose.clone();
        drop(begin(&pool, move || {
            held.wait();
            photofinish::lose_this_worker();
        }));
        let [a, b, c] = [1, 2, 3].map(|n| pool.submit(move || n));
        assert_eq!(b.cancel(), Cancelled::Now);
        lose.open();
        assert!(matches!(a.join(), Err(JoinError::Broken(_))));
        assert!(matches!(b.join(), Err(JoinError::Cancelled)));
        assert!(matches!(c.join(), Err(JoinError::Broken(_))));
    });
}

/// A hook runs on each thread when it stops; deviates: CPython has only an initializer.
#[test]
fn i1_each_thread_that_started_stops_once_and_a_panic_in_that_is_contained() {
    within(LIMIT, || {
        let stopped = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&stopped);
        let stop = move |worker| {
            seen.lock().unwrap().push(worker);
            assert!(worker != 1, "the finalizer of worker 1 fails");
        };
        let pool = Pool::builder().workers(3).on_thread_stop(stop).build().unwrap();
        assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
        assert!(stopped.lock().unwrap().is_empty());
        pool.shutdown();
        let mut stopped = std::mem::take(&mut *stopped.lock().unwrap());
        stopped.sort_unstable();
        assert_eq!(stopped, [0, 1, 2]);
    });
}
