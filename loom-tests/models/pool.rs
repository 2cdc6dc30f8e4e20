//! The pool: its real worker loop and idle protocol, over the double for the deques.
//!
//! The double hands a task over with Release and Acquire, and promises nothing to whoever finds
//! a queue empty; what keeps work from lying there with everybody asleep is the idle protocol
//! alone.

use loom::sync::{Arc, Notify};
use photofinish::{BuildError, Cancelled, JoinError, JoinHandle, Pool, as_completed, completer};
use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Mark, Value, Witness, model, spawn, until_nothing_moves};

use super::number;

fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().expect("the model's threads start")
}

#[test]
fn a_worker_that_goes_to_sleep_is_woken_for_what_is_submitted_meanwhile() {
    static EARLY: Witness = Witness::new("the task had finished when it was joined");
    static LATE: Witness = Witness::new("the task had not finished when it was joined");
    model("pool_sleep", Preemptions(2), &[&EARLY, &LATE], || {
        let pool = pool(1);
        let task = pool.submit(|| Value::new(1));
        let task = match task.try_join() {
            Ok(outcome) => {
                EARLY.seen();
                assert_eq!(number(outcome), 1);
                return;
            }
            Err(task) => task,
        };
        LATE.seen();
        assert_eq!(number(task.join()), 1);
    });
}

#[test]
fn a_worker_that_has_slept_is_woken_again() {
    model("pool_sleeps_twice", Preemptions(1), &[], || {
        let pool = pool(1);
        assert_eq!(number(pool.submit(|| Value::new(1)).join()), 1);
        assert_eq!(number(pool.submit(|| Value::new(2)).join()), 2);
    });
}

#[test]
fn two_workers_going_to_sleep_leave_no_task_behind() {
    model("inbox_vs_last_sleeper", Preemptions(0), &[], || {
        let pool = pool(2);
        let ran = Mark::new();
        let mark = ran.clone();
        drop(pool.submit(move || mark.set()));
        drop(pool);
        assert!(ran.is_set(), "the task lay there with everybody asleep");
    });
}

/// Submits two tasks that wait for each other. If one of them lies there while a worker sleeps,
/// its partner waits for ever.
fn submit_a_meeting(pool: &Pool) {
    let bells = Arc::new([Notify::new(), Notify::new()]);
    for (mine, other) in [(0, 1), (1, 0)] {
        let bells = Arc::clone(&bells);
        // The task blocks its worker: a wait of the pool's own would run the other task.
        drop(pool.submit(move || {
            bells[other].notify();
            bells[mine].wait();
        }));
    }
}

/// With two tasks in the queue the silence of submitters must not leave a worker asleep: one takes
/// a task out while the other lies down.
#[test]
#[ignore = "takes minutes: part of `just deep`"]
fn two_tasks_that_meet_each_other_find_a_worker_each() {
    model("tasks_that_meet", Preemptions(1), &[], || {
        let pool = pool(2);
        submit_a_meeting(&pool);
        drop(pool);
    });
}

/// A worker that is not counted as searching takes the two that meet as a batch. While the second
/// is on its way from queue to queue, the other worker runs the third, finds nothing and lies
/// down: it has to be told of what has arrived in the first one's queue.
#[test]
#[ignore = "takes minutes: part of `just deep`"]
fn two_tasks_that_meet_in_one_batch_find_a_worker_each() {
    model("tasks_that_meet_in_a_batch", Preemptions(1), &[], || {
        let pool = pool(2);
        let bell = Arc::new(Notify::new());
        let rung = Arc::clone(&bell);
        until_nothing_moves();
        drop(pool.submit(move || rung.wait()));
        until_nothing_moves();
        submit_a_meeting(&pool);
        drop(pool.submit(|| ()));
        bell.notify();
        drop(pool);
    });
}

#[test]
fn a_pool_that_is_dropped_finishes_what_is_queued() {
    static RAN: Witness = Witness::new("the task ran");
    model("pool_drains", Preemptions(2), &[&RAN], || {
        let pool = pool(1);
        let handle = pool.handle();
        let ran = Mark::new();
        let mark = ran.clone();
        // The first task submits the second while the pool drains.
        drop(pool.submit(move || drop(handle.submit(move || mark.set()))));
        drop(pool);
        assert!(ran.is_set(), "the pool ended before its work did");
        RAN.seen();
    });
}

#[test]
fn the_last_worker_to_rest_wakes_the_others_to_their_end() {
    model("pool_ends", Preemptions(1), &[], || drop(pool(2)));
}

#[test]
fn a_pool_that_cannot_be_built_leaves_no_worker_asleep() {
    model("pool_not_built", Preemptions(2), &[], || {
        let fail_on_second = |worker| {
            if worker == 1 {
                // Without the panic hook, which would print a line in every execution.
                std::panic::resume_unwind(Box::new("the second worker cannot start"));
            }
        };
        let built = Pool::builder().workers(2).on_thread_start(fail_on_second).build();
        assert!(matches!(built, Err(BuildError::InitializerPanicked { worker: 1, .. })));
    });
}

#[test]
fn a_submission_that_races_with_the_end_of_the_pool_runs_or_is_abandoned() {
    static RAN: Witness = Witness::new("the task ran");
    static ABANDONED: Witness = Witness::new("the task was abandoned");
    model("shutdown_vs_submit", Preemptions(2), &[&RAN, &ABANDONED], || {
        let pool = pool(1);
        let handle = pool.handle();
        spawn(move || drop(pool));
        match handle.submit(|| Value::new(3)).join() {
            Ok(value) => {
                assert_eq!(value.number(), 3);
                RAN.seen();
            }
            Err(JoinError::Abandoned) => ABANDONED.seen(),
            Err(other) => panic!("neither ran nor was abandoned: {other}"),
        }
    });
}

/// How a task came to its end in a pool that is halted.
fn ran(outcome: Result<Value, JoinError>, number: u32) -> bool {
    match outcome {
        Ok(value) => {
            assert_eq!(value.number(), number);
            true
        }
        Err(JoinError::Cancelled) => false,
        Err(other) => panic!("neither ran nor was cancelled: {other}"),
    }
}

#[test]
fn a_submission_that_races_with_a_halt_runs_or_is_cancelled() {
    static RAN: Witness = Witness::new("the task ran");
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    model("halt_vs_submit", Preemptions(1), &[&RAN, &CANCELLED], || {
        let pool = pool(1);
        let handle = pool.handle();
        spawn(move || {
            pool.shutdown_now();
        });
        let ran = ran(handle.submit(|| Value::new(3)).join(), 3);
        RAN.seen_if(ran);
        CANCELLED.seen_if(!ran);
    });
}

#[test]
fn an_attempt_that_races_with_a_halt_is_refused_or_runs_or_is_cancelled() {
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static REFUSED: Witness = Witness::new("the closure came back");
    model("halt_vs_try_submit", Preemptions(1), &[&CANCELLED, &REFUSED], || {
        let pool = pool(1);
        let handle = pool.handle();
        spawn(move || match handle.try_submit(|| Value::new(3)) {
            Ok(task) => {
                let ran = ran(task.join(), 3);
                CANCELLED.seen_if(!ran);
            }
            Err(rejected) => {
                assert_eq!(rejected.into_inner()().number(), 3);
                REFUSED.seen();
            }
        });
        pool.shutdown_now();
    });
}

/// A running task submits another and waits for it without helping: the worker cannot look into
/// its own queue.
#[test]
fn what_a_running_task_submits_while_the_pool_is_halted_is_cancelled_at_once() {
    static CANCELLED: Witness = Witness::new("the inner task was cancelled");
    model("halt_vs_nested_submit", Preemptions(1), &[&CANCELLED], || {
        let pool = pool(1);
        let handle = pool.handle();
        let begun = Arc::new(Notify::new());
        let ended = Arc::new(Notify::new());
        let (begins, ends) = (Arc::clone(&begun), Arc::clone(&ended));
        let (completer, inner) = completer();
        let outer = pool.submit(move || {
            begins.notify();
            completer.complete(handle.submit(|| Value::new(4))).ok();
            ends.wait();
        });
        begun.wait();
        spawn(move || {
            // In some executions a wait for a bell ends for no reason: then the inner task may
            // run, or the outer one be cancelled.
            if let Ok(inner) = inner.join() {
                CANCELLED.seen_if(!ran(inner.join(), 4));
            }
            ended.notify();
        });
        pool.shutdown_now();
        drop(outer);
    });
}

fn pool_of_one_with_room_for_one() -> Pool {
    Pool::builder().workers(1).queue_capacity(1).build().expect("the model's threads start")
}

#[test]
fn a_submitter_that_waits_for_room_is_let_in_by_the_worker_that_makes_it() {
    static FULL: Witness = Witness::new("there was no room when the second task came");
    static ROOM: Witness = Witness::new("there was room when the second task came");
    model("room_made_vs_wait", Preemptions(1), &[&FULL, &ROOM], || {
        let pool = pool_of_one_with_room_for_one();
        let first = pool.submit(|| Value::new(1));
        let full = pool.metrics().queued > 0;
        FULL.seen_if(full);
        ROOM.seen_if(!full);
        let second = pool.submit(|| Value::new(2));
        assert_eq!(number(first.join()), 1);
        assert_eq!(number(second.join()), 2);
    });
}

#[test]
fn two_submitters_that_wait_for_room_are_let_in_one_after_the_other() {
    model("room_made_for_two", Preemptions(0), &[], || {
        let pool = pool_of_one_with_room_for_one();
        let handle = pool.handle();
        drop(pool.submit(|| Value::new(1)));
        spawn(move || drop(handle.submit(|| Value::new(2))));
        assert_eq!(number(pool.submit(|| Value::new(3)).join()), 3);
    });
}

#[test]
fn a_submitter_that_waits_for_room_is_let_in_by_a_halt() {
    static RAN: Witness = Witness::new("the task ran");
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    model("room_vs_halt", Preemptions(0), &[&RAN, &CANCELLED], || {
        let pool = pool_of_one_with_room_for_one();
        let handle = pool.handle();
        drop(pool.submit(|| Value::new(1)));
        spawn(move || {
            pool.shutdown_now();
        });
        let ran = ran(handle.submit(|| Value::new(2)).join(), 2);
        RAN.seen_if(ran);
        CANCELLED.seen_if(!ran);
    });
}

#[test]
fn a_task_cancelled_while_the_pool_is_halted_ends_once() {
    static BY_HANDLE: Witness = Witness::new("the handle cancelled the task");
    static BY_POOL: Witness = Witness::new("the halt cancelled the task");
    static RAN: Witness = Witness::new("the task ran");
    model("halt_vs_cancel", Preemptions(1), &[&BY_HANDLE, &BY_POOL, &RAN], || {
        let pool = pool(1);
        let task = pool.submit(|| Value::new(5));
        let canceller = task.canceller();
        spawn(move || BY_HANDLE.seen_if(canceller.cancel() == Cancelled::Now));
        let by_pool = pool.shutdown_now().cancelled == 1;
        BY_POOL.seen_if(by_pool);
        let ran = ran(task.join(), 5);
        RAN.seen_if(ran);
        assert!(!(ran && by_pool));
    });
}

#[test]
fn tasks_on_their_way_between_queues_are_found_by_a_halt() {
    model("halt_vs_steal", Preemptions(1), &[], || {
        let pool = pool(1);
        // More than two, so that the worker takes a batch.
        let tasks = [1, 2, 3].map(|number| pool.submit(move || Value::new(number)));
        let shutdown = pool.shutdown_now();
        let outcomes = tasks.map(JoinHandle::join).into_iter().zip(1..);
        let cancelled = outcomes.filter_map(|(task, number)| (!ran(task, number)).then_some(()));
        assert_eq!(shutdown.cancelled, cancelled.count());
    });
}

#[test]
fn a_worker_that_waits_runs_what_it_waits_for() {
    model("nested_wait", Preemptions(2), &[], || {
        let pool = pool(1);
        let handle = pool.handle();
        let outer = pool.submit(move || number(handle.submit(|| Value::new(4)).join()));
        assert_eq!(outer.join().unwrap(), 4);
    });
}

#[test]
fn a_worker_that_waits_for_something_else_is_woken_by_it_and_hands_work_on() {
    static INSIDE: Witness = Witness::new("the worker ran the other task while it waited");
    static AFTER: Witness = Witness::new("the worker ran the other task when it had waited");
    model("wake_handed_on", Preemptions(1), &[&INSIDE, &AFTER], || {
        let pool = pool(1);
        let (completer, external) = completer();
        let waited = Mark::new();
        let over = waited.clone();
        let outer = pool.submit(move || {
            let value = number(external.join());
            over.set();
            value
        });
        // Completed while the worker sleeps in the middle of a task, with work for it besides.
        spawn(move || completer.complete(Value::new(5)).unwrap());
        let other = pool.submit(move || if waited.is_set() { AFTER.seen() } else { INSIDE.seen() });
        for finished in as_completed([other]) {
            finished.outcome.unwrap();
        }
        assert_eq!(outer.join().unwrap(), 5);
    });
}

#[test]
fn a_pool_dropped_on_its_own_worker_ends_without_waiting_for_itself() {
    model("pool_dropped_inside", Preemptions(2), &[], || {
        let pool = pool(1);
        let handle = pool.handle();
        let task = handle.submit(move || drop(pool));
        drop(handle);
        task.join().unwrap();
    });
}

#[test]
fn a_task_cancelled_in_the_queue_is_left_by_the_worker() {
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static RAN: Witness = Witness::new("the task ran");
    model("cancel_in_the_queue", Preemptions(2), &[&CANCELLED, &RAN], || {
        let pool = pool(1);
        let task = pool.submit(|| Value::new(6));
        match task.cancel() {
            Cancelled::Now => {
                CANCELLED.seen();
                assert!(matches!(task.join(), Err(JoinError::Cancelled)));
            }
            Cancelled::Requested | Cancelled::NoLonger => {
                RAN.seen();
                assert_eq!(number(task.join()), 6);
            }
            Cancelled::Before => unreachable!("nobody else cancels"),
        }
    });
}
