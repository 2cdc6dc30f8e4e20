//! Rows S, and the rows X about shutting down: a pool ends by being dropped.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use photofinish::{Cancelled, JoinError, Pool, as_completed};

use crate::support::{
    Gate, LIMIT, Threads, begin, counted_pool, eventually, on_all_workers, pool, within,
};

/// Submitting after the shutdown is refused; same as CPython, but as the task's error.
#[test]
fn s1_submitting_after_the_end_is_refused() {
    within(LIMIT, || {
        let pool = pool(2);
        let handle = pool.handle();
        drop(pool);
        assert!(matches!(handle.submit(|| 1).join(), Err(JoinError::Abandoned)));
    });
}

/// Fifty slow tasks, and a shutdown at once: it returns, and every task has its result; same as
/// CPython.
#[test]
fn s4_a_drop_right_after_submitting_loses_no_result() {
    within(LIMIT, || {
        let pool = pool(5);
        let nap = || thread::sleep(Duration::from_millis(10));
        let tasks: Vec<_> = (0..50).map(|_| pool.submit(nap)).collect();
        drop(pool);
        assert!(tasks.into_iter().all(|task| matches!(task.try_join(), Ok(Ok(())))));
    });
}

/// Everything that has not begun is cancelled, what runs is finished, and nothing is left pending;
/// same as CPython, but with the numbers.
#[test]
fn s5_shutting_down_now_leaves_no_task_pending() {
    within(LIMIT, || {
        let pool = pool(5);
        let gate = Gate::default();
        let running: Vec<_> = (0..5).map(|_| gate.hold_a_worker(&pool)).collect();
        let queued: Vec<_> = (0..44).map(|n| pool.submit(move || n)).collect();
        let last = pool.submit(|| 44);
        let opener = {
            let gate = gate.clone();
            thread::spawn(move || {
                // The queue is emptied while the workers are still held.
                eventually("all that is queued is cancelled", || last.is_cancelled());
                gate.open();
            })
        };
        let shutdown = pool.shutdown_now();
        opener.join().unwrap();
        assert_eq!((shutdown.cancelled, shutdown.awaited), (45, 5));
        assert!(running.into_iter().all(|task| matches!(task.try_join(), Ok(Ok(())))));
        for task in queued {
            assert!(matches!(task.try_join(), Ok(Err(JoinError::Cancelled))));
        }
    });
}

/// Not waiting for a pool with a running task: the task completes, and nothing hangs; same as
/// CPython, as long as the process lives.
#[test]
fn s6_a_detached_pool_completes_its_running_task() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        pool.detach();
        assert!(!running.is_finished());
        gate.open();
        running.join().unwrap();
        eventually("the thread ends", || threads.alive() == 0);
    });
}

/// A task cancelled right after its submission does not hang the shutdown; same as CPython.
#[test]
fn s7_a_drop_with_a_cancelled_task_returns() {
    within(LIMIT, || {
        for _ in 0..200 {
            let pool = pool(2);
            let task = pool.submit(|| 1);
            let cancelled = task.cancel();
            drop(pool);
            match task.join() {
                Ok(1) => assert!(!cancelled.is_cancelled()),
                Err(JoinError::Cancelled) => assert_eq!(cancelled, Cancelled::Now),
                other => panic!("the task neither ran nor was cancelled: {other:?}"),
            }
        }
    });
}

/// Blocking tasks have as many threads as there are workers, and after the shutdown none; same
/// as CPython, but the threads start with the pool.
#[test]
fn s8_all_threads_have_ended_when_the_drop_returns() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(3);
        let gate = Gate::default();
        let blockers: Vec<_> = (0..3).map(|_| gate.hold_a_worker(&pool)).collect();
        assert_eq!(threads.alive(), 3);
        gate.open();
        drop(pool);
        assert_eq!((threads.alive(), threads.ever()), (0, 3));
        assert!(blockers.into_iter().all(|task| matches!(task.try_join(), Ok(Ok(())))));
    });
}

/// Leaving the block that holds the pool shuts it down and waits; same as CPython's `with`.
#[test]
fn s9_leaving_the_scope_waits_for_everything() {
    within(LIMIT, || {
        let (results, threads) = {
            let (pool, threads) = counted_pool(5);
            let tasks: Vec<_> = (-5_i32..5).map(|n| pool.submit(move || n.abs())).collect();
            (tasks, threads)
        };
        assert_eq!(threads.alive(), 0);
        let results: Vec<_> = results.into_iter().map(|task| task.join().unwrap()).collect();
        assert_eq!(results, [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]);
    });
}

/// A pool that is dropped while its results are still wanted does all queued work first, and its
/// threads end; same as CPython.
#[test]
fn s10_dropping_the_pool_drains_the_queue() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let tasks: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
        let dropper = thread::spawn(move || drop(pool));
        assert!(tasks.iter().all(|task| !task.is_finished()));
        gate.open();
        dropper.join().unwrap();
        assert_eq!(threads.alive(), 0);
        blocker.join().unwrap();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.join().unwrap(), n);
        }
    });
}

/// A pool that nobody waits for finishes all queued work, its threads end by themselves, and the
/// results can be read afterwards; same as CPython.
#[test]
fn s11_a_detached_pool_drains_and_its_threads_end_by_themselves() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(3);
        let handle = pool.handle();
        let tasks: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
        let nested = pool.submit(move || handle.submit(|| 100));
        pool.detach();
        let sum: i32 = tasks.into_iter().map(|task| task.join().unwrap()).sum();
        assert_eq!(sum, 4_950);
        assert_eq!(nested.join().unwrap().join().unwrap(), 100);
        eventually("all threads end", || threads.alive() == 0);
    });
}

fn names_of_the_workers(pool: &Pool) -> HashSet<String> {
    let name = || thread::current().name().expect("workers have names").to_owned();
    on_all_workers(pool, name).into_iter().collect()
}

/// A prefix names the threads; deviates in form: `prefix-0`, not `prefix_0`.
#[test]
fn s12_thread_names_are_the_prefix_and_a_number() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(5).thread_name("SpecialPool").build().unwrap();
        let expected = (0..5).map(|n| format!("SpecialPool-{n}")).collect();
        assert_eq!(names_of_the_workers(&pool), expected);
    });
}

/// Unless told otherwise, names are unique per pool; same as CPython, in its own form.
#[test]
fn s13_default_thread_names_are_unique_to_the_pool() {
    within(LIMIT, || {
        let (one, other) = (pool(3), pool(3));
        let (names, others) = (names_of_the_workers(&one), names_of_the_workers(&other));
        assert_eq!((names.len(), others.len()), (3, 3));
        assert!(names.is_disjoint(&others));
        for name in names.iter().chain(&others) {
            let numbers = name.strip_prefix("photofinish-").expect("they begin with the library");
            let (pool, worker) = numbers.split_once('-').expect("pool, dash, worker");
            assert!(pool.parse::<usize>().is_ok() && worker.parse::<usize>().is_ok());
        }
    });
}

/// Shutting down now with one task just submitted: no error and no hang, and the task either ran
/// or was cancelled; same as CPython.
#[test]
fn s14_a_task_just_submitted_runs_or_is_cancelled_by_the_shutdown() {
    within(LIMIT, || {
        for _ in 0..200 {
            let pool = pool(2);
            let task = pool.submit(|| 1);
            let shutdown = pool.shutdown_now();
            match task.try_join().expect("it has finished") {
                Ok(1) => assert_eq!(shutdown.cancelled, 0),
                Err(JoinError::Cancelled) => assert_eq!(shutdown.cancelled, 1),
                other => panic!("the task neither ran nor was cancelled: {other:?}"),
            }
        }
    });
}

/// Tasks that a shutdown cancels are yielded at once, to whoever is waiting and to whoever comes
/// later; deviates: in CPython `wait` and `as_completed` hang for ever (rows P4 and P5 as well).
#[test]
fn c2_tasks_cancelled_by_the_shutdown_are_yielded() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let early: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
        let late: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
        let mut results = as_completed(early);
        let waiter = thread::spawn(move || {
            let all = results.all(|task| matches!(task.outcome, Err(JoinError::Cancelled)));
            all && results.remaining() == 0
        });
        let owner = thread::spawn(move || pool.shutdown_now());
        // Seen although the running task still holds the only worker.
        assert!(waiter.join().unwrap());
        assert!(as_completed(late).all(|task| matches!(task.outcome, Err(JoinError::Cancelled))));
        assert!(!running.is_finished());
        gate.open();
        let shutdown = owner.join().unwrap();
        assert_eq!((shutdown.cancelled, shutdown.awaited), (20, 1));
        running.join().unwrap();
    });
}

/// A shutdown can be waited for with a timeout; deviates: CPython can only wait for ever.
#[test]
fn p17_a_shutdown_with_a_timeout_tells_what_is_unfinished_and_the_work_goes_on() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(2);
        let gate = Gate::default();
        let running: Vec<_> = (0..2).map(|_| gate.hold_a_worker(&pool)).collect();
        let queued: Vec<_> = (0..7).map(|n| pool.submit(move || n)).collect();
        let unfinished = pool.shutdown_timeout(Duration::from_millis(5)).unwrap_err();
        assert_eq!((unfinished.queued, unfinished.running), (7, 2));
        let told = "the pool is not finished: 7 tasks queued, 2 running";
        assert_eq!(unfinished.to_string(), told);
        gate.open();
        assert_eq!(queued.into_iter().map(|task| task.join().unwrap()).sum::<i32>(), 21);
        drop(running);
        eventually("all threads end", || threads.alive() == 0);
    });
}

/// With enough time all threads have ended when it returns.
#[test]
fn p17_a_shutdown_with_enough_time_has_joined_the_threads() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(3);
        let tasks: Vec<_> = (0..50).map(|n| pool.submit(move || n)).collect();
        assert_eq!(pool.shutdown_timeout(LIMIT), Ok(()));
        assert_eq!(threads.alive(), 0);
        assert!(tasks.iter().all(|task| task.is_finished()));
    });
}

/// A shutdown returns when all pending tasks have run, not only those that were running; same
/// as CPython.
#[test]
fn x12_the_drop_returns_when_all_that_was_pending_has_run() {
    within(LIMIT, || {
        let ran = Arc::new(AtomicUsize::new(0));
        let pool = pool(2);
        for _ in 0..1_000 {
            let ran = Arc::clone(&ran);
            drop(pool.submit(move || ran.fetch_add(1, SeqCst)));
        }
        drop(pool);
        assert_eq!(ran.load(SeqCst), 1_000);
    });
}

/// What a running task submits after the shutdown is cancelled too, and a join inside it does not
/// hang; deviates: CPython raises an error from submit.
#[test]
fn x14_what_running_tasks_submit_after_the_shutdown_is_cancelled() {
    within(LIMIT, || {
        let pool = pool(2);
        let handle = pool.handle();
        let gate = Gate::default();
        let goes_on = gate.clone();
        let running = begin(&pool, move || {
            goes_on.wait();
            handle.submit(|| 1).join()
        });
        let queued = gate.hold_a_worker(&pool);
        let other = pool.submit(|| 2);
        let owner = thread::spawn(move || pool.shutdown_now());
        assert!(matches!(other.join(), Err(JoinError::Cancelled)));
        gate.open();
        assert!(matches!(running.join().unwrap(), Err(JoinError::Cancelled)));
        queued.join().unwrap();
        let shutdown = owner.join().unwrap();
        assert_eq!((shutdown.cancelled, shutdown.awaited), (2, 2));
    });
}

/// Whatever a shutdown runs of its user's, here the destructor of a capture, may use the pool;
/// deviates: CPython holds a lock meanwhile, and hangs.
#[test]
fn x15_a_destructor_that_submits_during_the_shutdown_does_not_hang() {
    struct Submits(photofinish::Handle);
    impl Drop for Submits {
        fn drop(&mut self) {
            assert!(matches!(self.0.submit(|| 1).join(), Err(JoinError::Cancelled)));
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let submits = Submits(pool.handle());
        let queued = pool.submit(move || drop(submits));
        let owner = thread::spawn(move || pool.shutdown_now());
        assert!(matches!(queued.join(), Err(JoinError::Cancelled)));
        gate.open();
        assert_eq!(owner.join().unwrap().cancelled, 2);
        running.join().unwrap();
    });
}

/// The same of a shutdown that cancels, and of one with a timeout: on a worker they return.
#[test]
fn x16_shutdowns_on_a_worker_of_the_pool_do_not_wait_for_it() {
    within(LIMIT, || {
        let (pool, threads) = counted_pool(1);
        let handle = pool.handle();
        let gate = Gate::default();
        let mine = gate.clone();
        let task = handle.submit(move || {
            mine.wait();
            pool.shutdown_timeout(LIMIT).unwrap_err()
        });
        gate.open();
        assert_eq!(task.join().unwrap().running, 1);
        eventually("the thread ends", || threads.alive() == 0);

        let (pool, threads) = counted_pool(1);
        let handle = pool.handle();
        let gate = Gate::default();
        let mine = gate.clone();
        let task = handle.submit(move || {
            mine.wait();
            pool.shutdown_now()
        });
        let queued: Vec<_> = (0..10).map(|n| handle.submit(move || n)).collect();
        gate.open();
        let shutdown = task.join().unwrap();
        assert_eq!((shutdown.cancelled, shutdown.awaited), (10, 0));
        for task in queued {
            assert!(matches!(task.join(), Err(JoinError::Cancelled)));
        }
        eventually("the thread ends", || threads.alive() == 0);
    });
}

/// A pool that is shut down by one of its own tasks does not wait for itself; deviates: CPython
/// raises an error, photofinish lets the last worker clean up.
#[test]
fn x16_a_pool_dropped_on_its_own_worker_does_not_join_itself() {
    within(LIMIT, || {
        for workers in [1, 3] {
            let (pool, threads) = counted_pool(workers);
            let (gate, ran) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
            let pool = Arc::new(pool);
            let (mine, waits) = (Arc::clone(&pool), gate.clone());
            let dropper = pool.submit(move || {
                waits.wait();
                drop(Arc::into_inner(mine).expect("the other has gone"));
                "survived"
            });
            for _ in 0..100 {
                let ran = Arc::clone(&ran);
                drop(pool.submit(move || ran.fetch_add(1, SeqCst)));
            }
            drop(pool);
            gate.open();
            assert_eq!(dropper.join().unwrap(), "survived");
            eventually("all threads end", || threads.alive() == 0);
            assert_eq!(ran.load(SeqCst), 100);
        }
    });
}

/// A shutdown by an unwinding panic cancels nothing, waits for everything, and swallows nothing;
/// same as CPython.
#[test]
fn x17_unwinding_through_the_scope_finishes_the_work() {
    within(LIMIT, || {
        let ran = Arc::new(AtomicUsize::new(0));
        let threads = Threads::default();
        let (counter, counting) = (Arc::clone(&ran), threads.clone());
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let builder = Pool::builder().workers(2);
            let pool = builder.on_thread_start(move |_| counting.enter()).build().unwrap();
            for _ in 0..100 {
                let counter = Arc::clone(&counter);
                drop(pool.submit(move || counter.fetch_add(1, SeqCst)));
            }
            panic!("the body fails");
        }));
        assert_eq!(*unwound.unwrap_err().downcast::<&str>().unwrap(), "the body fails");
        assert_eq!(ran.load(SeqCst), 100);
        assert_eq!(threads.alive(), 0);
    });
}

/// A task that runs when the main thread ends is completed, because the drop of the pool waits for
/// it; CPython waits at the exit of the interpreter. A process that exits without the drop cuts its
/// tasks off.
#[test]
#[cfg_attr(miri, ignore = "it starts a process")]
fn s2_the_end_of_main_completes_the_running_task() {
    const CHILD: &str = "PHOTOFINISH_S2_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let pool = pool(1);
        drop(pool.submit(|| {
            thread::sleep(Duration::from_millis(100));
            // Past the test harness, which keeps what a test prints.
            std::io::Write::write_all(&mut std::io::stdout(), b"the task has run\n").unwrap();
        }));
        return;
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shutdown::s2_the_end_of_main_completes_the_running_task"])
        .arg("--nocapture")
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success());
    assert!(String::from_utf8_lossy(&child.stdout).contains("the task has run"));
}
