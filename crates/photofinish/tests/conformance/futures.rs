//! Rows F and C: a task's states, cancelling, waiting for one, errors.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use photofinish::{
    Cancelled, Completer, JoinError, JoinHandle, TaskContext, TimedOut, as_completed, completer,
};

use crate::support::{Drops, Gate, LIMIT, assert_all_workers_run, pool, within};

/// The fixtures of CPython's tests: a task in each state. Deviates: there is one cancelled state.
struct Fixtures {
    pending: (Completer<u32>, JoinHandle<u32>),
    running: (Completer<u32>, JoinHandle<u32>),
    cancelled: JoinHandle<u32>,
    failed: JoinHandle<u32>,
    abandoned: JoinHandle<u32>,
    successful: JoinHandle<u32>,
}

impl Fixtures {
    fn new() -> Self {
        let (mut end, handle) = completer();
        assert!(end.start());
        let running = (end, handle);
        let (_, cancelled) = {
            let (end, handle) = completer();
            handle.cancel();
            (end, handle)
        };
        let (end, failed) = completer();
        end.panic(Box::new("the disk is full"));
        let (end, abandoned) = completer();
        drop(end);
        let (end, successful) = completer();
        end.complete(42).unwrap();
        Self { pending: completer(), running, cancelled, failed, abandoned, successful }
    }

    /// The handles, in the order above.
    fn all(&self) -> [&JoinHandle<u32>; 6] {
        [
            &self.pending.1,
            &self.running.1,
            &self.cancelled,
            &self.failed,
            &self.abandoned,
            &self.successful,
        ]
    }
}

/// Only a pending task can be cancelled; same as CPython, but the answer tells a task that was
/// cancelled before from one cancelled now, and a running one is asked to stop.
#[test]
fn f11_cancel_succeeds_only_while_the_task_is_pending() {
    let fixtures = Fixtures::new();
    let answers = fixtures.all().map(JoinHandle::cancel);
    use Cancelled::{Before, NoLonger, Now, Requested};
    assert_eq!(answers, [Now, Requested, Before, NoLonger, NoLonger, NoLonger]);
    assert!(fixtures.pending.1.is_cancelled());
    assert!(fixtures.running.1.is_running());
    assert_eq!(fixtures.pending.0.complete(1), Err(1));
    assert_eq!(fixtures.running.0.complete(2), Ok(()));
    assert_eq!(fixtures.running.1.join().unwrap(), 2);
}

/// A running task can be asked to stop, sees it when it looks, and ends as it likes; deviates: CPython
/// cannot tell a running task anything.
#[test]
fn c3_a_running_task_is_asked_to_stop_and_returns_what_it_has() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let begin = gate.clone();
        let task = pool.submit(move || {
            let context = TaskContext::current().expect("this is a task");
            begin.open();
            while !context.is_cancel_requested() {
                thread::yield_now();
            }
            "what it has"
        });
        gate.wait();
        let canceller = task.canceller();
        assert_eq!(canceller.cancel(), Cancelled::Requested);
        assert_eq!(task.cancel(), Cancelled::Requested);
        assert_eq!(task.join().unwrap(), "what it has");
        assert_eq!(canceller.cancel(), Cancelled::NoLonger);
    });
}

/// The request is to one task: neither to one that runs inside its wait, nor to the next on the
/// worker.
#[test]
fn c3_a_request_is_seen_by_the_task_it_was_made_to_and_by_no_other() {
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let (gate, asked) = (Gate::default(), Gate::default());
        let (begin, waits) = (gate.clone(), asked.clone());
        let requested = || TaskContext::current().expect("this is a task").is_cancel_requested();
        let outer = pool.submit(move || {
            begin.open();
            waits.wait();
            let inner = handle.submit(requested).join().unwrap();
            (inner, requested())
        });
        let next = pool.submit(requested);
        gate.wait();
        outer.cancel();
        asked.open();
        assert_eq!(outer.join().unwrap(), (false, true));
        assert!(!next.join().unwrap());
        assert!(TaskContext::current().is_none());
    });
}

/// `is_cancelled` is true of cancelled tasks only; same as CPython.
#[test]
fn f12_only_a_cancelled_task_is_cancelled() {
    let states = Fixtures::new().all().map(JoinHandle::is_cancelled);
    assert_eq!(states, [false, false, true, false, false, false]);
}

/// `is_finished` is false of pending and running tasks only; same as CPython's `done`.
#[test]
fn f13_all_but_pending_and_running_tasks_are_finished() {
    let states = Fixtures::new().all().map(JoinHandle::is_finished);
    assert_eq!(states, [false, false, true, true, true, true]);
}

/// `is_running` is true of running tasks only; same as CPython.
#[test]
fn f14_only_a_running_task_is_running() {
    let states = Fixtures::new().all().map(JoinHandle::is_running);
    assert_eq!(states, [false, true, false, false, false, false]);
}

fn without_waiting(
    look: impl Fn(JoinHandle<u32>) -> Result<Result<u32, JoinError>, JoinHandle<u32>>,
) {
    let fixtures = Fixtures::new();
    let pending = look(fixtures.pending.1).expect_err("it is pending");
    let running = look(fixtures.running.1).expect_err("it runs");
    assert!(matches!(look(fixtures.cancelled), Ok(Err(JoinError::Cancelled))));
    match look(fixtures.failed) {
        Ok(Err(JoinError::Panicked(panic))) => assert_eq!(panic.message(), "the disk is full"),
        other => panic!("the task failed, and this says: {other:?}"),
    }
    assert!(matches!(look(fixtures.abandoned), Ok(Err(JoinError::Abandoned))));
    assert!(matches!(look(fixtures.successful), Ok(Ok(42))));
    fixtures.pending.0.complete(1).unwrap();
    fixtures.running.0.complete(2).unwrap();
    assert_eq!((pending.join().unwrap(), running.join().unwrap()), (1, 2));
}

/// With a time-out of 0, tasks that are pending or running time out, others tell how they ended;
/// same as CPython, but a time-out gives the handle back.
#[test]
fn f15_a_join_with_a_timeout_of_zero_tells_each_state() {
    within(LIMIT, || without_waiting(|handle| handle.join_timeout(Duration::ZERO)));
}

/// The same through `try_join`.
#[test]
fn f15_a_try_join_tells_each_state() {
    within(LIMIT, || without_waiting(JoinHandle::try_join));
}

/// Joins on a thread of its own, runs `wake` when that is under way, and gives what `join` gave.
fn while_joined(handle: JoinHandle<u32>, wake: impl FnOnce()) -> Result<u32, JoinError> {
    let (joining, joined) = channel();
    let joiner = thread::spawn(move || {
        joining.send(()).unwrap();
        handle.join()
    });
    joined.recv().unwrap();
    // Long enough to be asleep in all likelihood. If it is not, the test is weaker, not wrong.
    thread::sleep(Duration::from_millis(50));
    wake();
    joiner.join().unwrap()
}

/// A blocked join is woken by the result; same as CPython.
#[test]
fn f16_a_blocked_join_is_woken_by_completion() {
    within(LIMIT, || {
        let (end, handle) = completer();
        assert_eq!(while_joined(handle, || end.complete(5).unwrap()).unwrap(), 5);
    });
}

/// A blocked join is woken by cancelling; same as CPython, through a canceller, because the
/// handle is in the join.
#[test]
fn f17_a_blocked_join_is_woken_by_cancel() {
    within(LIMIT, || {
        let (_end, handle) = completer();
        let canceller = handle.canceller();
        let outcome = while_joined(handle, || assert_eq!(canceller.cancel(), Cancelled::Now));
        assert!(matches!(outcome, Err(JoinError::Cancelled)));
        assert_eq!(canceller.cancel(), Cancelled::Before);
    });
}

/// A blocked join is woken by an error; same as CPython's `exception`.
#[test]
fn f19_a_blocked_join_is_woken_by_an_error() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let outcome = while_joined(handle, || end.panic(Box::new("no luck")));
        assert!(matches!(outcome, Err(JoinError::Panicked(_))));
        let (end, handle) = completer();
        let outcome = while_joined(handle, || drop(end));
        assert!(matches!(outcome, Err(JoinError::Abandoned)));
    });
}

/// A cancelled task is seen by `as_completed` at the cancel, while it still lies in the queue;
/// deviates: CPython tells it only when a worker takes it off the queue.
#[test]
fn c1_as_completed_sees_a_cancelled_task_at_once() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let tasks: Vec<_> = (0..3).map(|n| pool.submit(move || n)).collect();
        let cancellers: Vec<_> = tasks.iter().map(JoinHandle::canceller).collect();
        let mut results = as_completed(tasks);
        for index in [1, 2, 0] {
            assert!(results.try_next().is_none());
            assert_eq!(cancellers[index].cancel(), Cancelled::Now);
            let finished = results.next().unwrap();
            assert_eq!(finished.index, index);
            assert!(matches!(finished.outcome, Err(JoinError::Cancelled)));
        }
        assert!(!blocker.is_finished());
        gate.open();
        blocker.join().unwrap();
        assert_all_workers_run(&pool);
    });
}

/// When all that is queued is cancelled, a wait for it ends; deviates: CPython's hangs for ever
/// (gh-87893, gh-92001).
#[test]
fn c2_a_wait_for_cancelled_tasks_that_no_worker_takes_ends() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let blocker = gate.hold_a_worker(&pool);
        let tasks: Vec<_> = (0..100).map(|_| pool.submit(|| ())).collect();
        tasks.iter().for_each(|task| assert_eq!(task.cancel(), Cancelled::Now));
        let outcomes: Vec<_> = as_completed(tasks).map(|finished| finished.outcome).collect();
        assert_eq!(outcomes.len(), 100);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(JoinError::Cancelled))));
        gate.open();
        blocker.join().unwrap();
    });
}

/// What a cancelled task had captured is dropped at the cancel; deviates: CPython keeps it until
/// a worker takes the task off the queue.
#[test]
fn c4_cancelling_drops_the_captures_at_once() {
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, drops) = (Gate::default(), Drops::default());
        let blocker = gate.hold_a_worker(&pool);
        for cancelled in 1..=3 {
            let token = drops.token();
            let task = pool.submit(move || drop(token));
            assert_eq!(task.cancel(), Cancelled::Now);
            assert_eq!(drops.count(), cancelled);
        }
        gate.open();
        blocker.join().unwrap();
        drop(pool);
        assert_eq!(drops.count(), 3);
    });
}

/// Whatever a task panics with is stored, and the worker survives; same as CPython, where even
/// `SystemExit` is.
#[test]
fn c8_any_panic_is_stored_and_the_worker_survives() {
    within(LIMIT, || {
        let pool = pool(1);
        let worker = || pool.submit(|| thread::current().id()).join().unwrap();
        let before = worker();
        let task: JoinHandle<()> = pool.submit(|| std::panic::panic_any(7_u64));
        let Err(JoinError::Panicked(panic)) = task.join() else { panic!("the task panicked") };
        assert_eq!(*panic.into_payload().downcast::<u64>().unwrap(), 7);
        assert_eq!(worker(), before);
    });
}

/// A task that fails with a time-out or a cancellation of its own is told from a wait that does;
/// deviates: CPython cannot (gh-155852).
#[test]
fn c12_the_errors_of_a_task_are_not_those_of_the_wait_for_it() {
    within(LIMIT, || {
        let pool = pool(1);
        let timed_out_inside = pool.submit(|| -> Result<(), TimedOut> {
            let (_end, handle) = completer::<()>();
            as_completed([handle]).timeout(Duration::ZERO).next().unwrap().map(drop)
        });
        let mut results = as_completed([timed_out_inside]).timeout(LIMIT);
        // The wait went well, the task returned, and what it returned is a time-out.
        let finished = results.next().unwrap().expect("the wait does not time out");
        assert!(finished.outcome.expect("the task returns").is_err());

        let cancelled_inside = pool.submit(|| {
            let (_end, handle) = completer::<()>();
            handle.cancel();
            handle.join()
        });
        let inner = cancelled_inside.join().expect("the task is not cancelled");
        assert!(matches!(inner, Err(JoinError::Cancelled)));
    });
}

/// A handle shows its state; the form is our own.
#[test]
fn f9_a_handle_shows_its_state() {
    let (mut end, handle) = completer::<u8>();
    let shown = |state: &str| format!("JoinHandle {{ id: {:?}, state: {state} }}", handle.id());
    assert_eq!(format!("{handle:?}"), shown("Pending"));
    end.start();
    assert_eq!(format!("{handle:?}"), shown("Running"));
    end.complete(1).unwrap();
    assert_eq!(format!("{handle:?}"), shown("Returned"));
    let (end, handle) = completer::<u8>();
    drop(end);
    assert!(format!("{handle:?}").contains("state: Failed"));
    let (_end, handle) = completer::<u8>();
    handle.cancel();
    assert!(format!("{handle:?}").contains("state: Cancelled"));
}

/// One look tells whether a task has finished and with what, or gives the handle back; same as
/// CPython's snapshot, which is private.
#[test]
fn f22_one_look_tells_all() {
    let (end, handle) = completer::<u8>();
    let handle = handle.try_join().unwrap_err();
    end.complete(42).unwrap();
    assert!(matches!(handle.try_join(), Ok(Ok(42))));
}
