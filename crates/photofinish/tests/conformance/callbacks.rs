//! Rows F and C: callbacks, and outcomes that many see.

use std::ptr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use photofinish::{Cancelled, JoinError, JoinHandle, SharedHandle, completer};

use crate::support::{Drops, Gate, LIMIT, assert_all_workers_run, pool, within};

/// What a callback was called with, and where.
type Call = (Result<u32, JoinError>, ThreadId);

/// Gives the handle a callback that reports its call.
fn reporting(handle: JoinHandle<u32>) -> Receiver<Call> {
    let (sender, calls) = channel();
    handle.on_complete(move |outcome| sender.send((outcome, thread::current().id())).unwrap());
    calls
}

/// A callback sees the result; same as CPython.
#[test]
fn f1_a_callback_gets_the_result() {
    within(LIMIT, || {
        let calls = reporting(pool(1).submit(|| 5));
        assert!(matches!(calls.recv().unwrap().0, Ok(5)));
        assert!(calls.recv().is_err(), "it is called once");
    });
}

/// A callback may ask the handle it belongs to, which has finished; same as CPython, of whose
/// callbacks the future is the argument.
#[test]
fn f1_a_callback_may_use_the_handle_itself() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let handle = handle.shared();
        let (sender, sums) = channel();
        let own = handle.clone();
        handle.on_complete(move |outcome| {
            assert!(own.is_finished());
            sender.send(outcome.unwrap() + own.result().unwrap()).unwrap();
        });
        end.complete(5_u32).unwrap();
        assert_eq!(sums.recv().unwrap(), 10);
    });
}

/// A callback sees the error; same as CPython.
#[test]
fn f2_a_callback_gets_the_error() {
    let (end, handle) = completer();
    let calls = reporting(handle);
    end.panic(Box::new("the disk is full"));
    match calls.try_recv().unwrap().0 {
        Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), "the disk is full"),
        other => panic!("not the error: {other:?}"),
    }
}

/// Cancelling calls the callbacks on the cancelling thread, before it returns; same as CPython.
#[test]
fn f3_cancelling_calls_the_callback_before_it_returns() {
    let (_end, handle) = completer();
    let canceller = handle.canceller();
    let calls = reporting(handle);
    assert_eq!(canceller.cancel(), Cancelled::Now);
    let (outcome, here) = calls.try_recv().unwrap();
    assert!(matches!(outcome, Err(JoinError::Cancelled)));
    assert_eq!(here, thread::current().id());
}

/// Completes a task with three callbacks, of which the middle one panics, and tells which were
/// called.
fn called_around_a_panic(before: bool) -> Vec<u32> {
    let (end, handle) = completer();
    let handle = handle.shared();
    let mut end = Some(end);
    let mut complete = || end.take().unwrap().complete(1_u32).unwrap();
    if !before {
        complete();
    }
    let (sender, calls) = channel();
    for n in 0..3 {
        let sender = sender.clone();
        handle.on_complete(move |_| {
            assert_ne!(n, 1, "the callback in the middle panics");
            sender.send(n).unwrap();
        });
    }
    if before {
        complete();
    }
    drop(sender);
    calls.iter().collect()
}

/// A callback that panics keeps no other from being called, and whoever completes the task does
/// not notice; same as CPython. The panic hook reports it, where CPython logs.
#[test]
fn f4_a_callback_that_panics_is_contained() {
    assert_eq!(called_around_a_panic(true), [0, 2]);
    let (end, handle) = completer();
    handle.on_complete(|_| panic!("a callback panics"));
    end.complete(1).unwrap();
}

fn called_at_once(handle: JoinHandle<u32>) -> Result<u32, JoinError> {
    let (outcome, here) = reporting(handle).try_recv().expect("it is called at once");
    assert_eq!(here, thread::current().id());
    outcome
}

/// Added to a task that has succeeded, a callback is called at once, where it was added; same as
/// CPython.
#[test]
fn f5_a_callback_added_after_success_is_called_at_once() {
    let (end, handle) = completer();
    end.complete(5).unwrap();
    assert!(matches!(called_at_once(handle), Ok(5)));
}

/// The same after a failure; same as CPython.
#[test]
fn f6_a_callback_added_after_a_failure_is_called_at_once() {
    let (end, handle) = completer();
    end.panic(Box::new("failed"));
    assert!(matches!(called_at_once(handle), Err(JoinError::Panicked(_))));
}

/// The same after a cancellation; same as CPython.
#[test]
fn f7_a_callback_added_after_a_cancellation_is_called_at_once() {
    let (_end, handle) = completer();
    handle.cancel();
    assert!(matches!(called_at_once(handle), Err(JoinError::Cancelled)));
}

/// A callback that panics where it is added does not make the adding panic; same as CPython.
#[test]
fn f8_a_callback_that_panics_at_once_is_contained() {
    assert_eq!(called_around_a_panic(false), [0, 2]);
    let (end, handle) = completer();
    end.complete(1).unwrap();
    handle.on_complete(|_| panic!("a callback panics"));
}

/// A result, or an error, can be had many times, and is the same one; same as CPython. Of a unique
/// handle it is taken once (see `tests/compile_fail`).
#[test]
fn c9_a_shared_outcome_is_the_same_each_time() {
    let (end, handle) = completer::<u32>();
    let handle = handle.shared();
    end.panic(Box::new("failed"));
    let other = handle.clone();
    assert!(ptr::eq(handle.result().unwrap_err(), other.result().unwrap_err()));
    let (end, handle) = completer();
    let handle = handle.shared();
    end.complete(7).unwrap();
    assert!(ptr::eq(handle.result().unwrap(), handle.clone().result().unwrap()));
}

/// Callbacks are called in the order they were added, once each, by the thread that completes the
/// task; same as CPython.
#[test]
fn c13_callbacks_are_called_in_order_by_whoever_completes() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let handle = handle.shared();
        let (sender, calls) = channel();
        for n in 0..10 {
            let sender = sender.clone();
            handle.on_complete(move |_| sender.send((n, thread::current().id())).unwrap());
        }
        drop(sender);
        let completing = thread::spawn(move || {
            end.complete(1).unwrap();
            thread::current().id()
        });
        let there = completing.join().unwrap();
        assert_eq!(
            calls.iter().collect::<Vec<_>>(),
            (0..10).map(|n| (n, there)).collect::<Vec<_>>()
        );
    });
}

/// No callback can end a worker; deviates: in CPython some exceptions do, and the pool hangs.
#[test]
fn c14_a_callback_that_panics_ends_no_worker() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let (sender, called) = channel();
        pool.submit(|| 1).on_complete(move |_| {
            sender.send(()).unwrap();
            panic!("a callback panics");
        });
        gate.open();
        running.join().unwrap();
        called.recv().unwrap();
        assert_all_workers_run(&pool);
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
    });
}

/// Whoever waits is told before the callbacks are called, so that a callback may wait for him; same
/// as CPython.
#[test]
fn c15_waits_end_before_callbacks_are_called() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let handle = handle.shared();
        let (sender, told) = channel();
        let (done, called) = channel();
        handle.on_complete(move |_| done.send(told.recv_timeout(LIMIT / 2)).unwrap());
        let waiting = handle.clone();
        let waiter = thread::spawn(move || {
            waiting.result().unwrap();
            sender.send(()).unwrap();
        });
        thread::sleep(Duration::from_millis(20));
        end.complete(1).unwrap();
        assert_eq!(called.recv().unwrap(), Ok(()));
        waiter.join().unwrap();
    });
}

/// A callback may add a callback, which is called at once; same as CPython.
#[test]
fn c16_a_callback_added_by_a_callback_is_called_at_once() {
    let (end, handle) = completer();
    let handle = handle.shared();
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name| {
        let order = Arc::clone(&order);
        move |_: Result<&u32, &JoinError>| order.lock().unwrap().push(name)
    };
    let (own, outer, nested) = (handle.clone(), note("a"), note("nested"));
    handle.on_complete(move |outcome| {
        outer(outcome);
        own.on_complete(nested);
    });
    handle.on_complete(note("b"));
    end.complete(1).unwrap();
    assert_eq!(*order.lock().unwrap(), ["a", "nested", "b"]);
}

/// What a callback has captured is dropped when it has run; deviates: CPython keeps it as long as
/// the future.
#[test]
fn c17_the_captures_of_a_callback_are_dropped_when_it_has_run() {
    let drops = Drops::default();
    let (end, unique) = completer();
    let token = drops.token();
    unique.on_complete(move |_| drop(token));
    end.complete(1).unwrap();
    assert_eq!(drops.count(), 1);
    let (end, handle) = completer();
    let handle = handle.shared();
    for panics in [false, true] {
        let token = drops.token();
        handle.on_complete(move |_| {
            let _token = token;
            assert!(!panics, "a callback panics");
        });
    }
    end.complete(1).unwrap();
    assert_eq!(drops.count(), 3);
    assert!(handle.is_finished());
}

/// Nothing is locked while a callback runs: it asks, cancels, completes, submits and waits; same as
/// CPython.
#[test]
fn c18_a_callback_may_do_everything() {
    within(LIMIT, || {
        let pool = pool(1);
        let submits = pool.handle();
        let (end, handle) = completer();
        let handle = handle.shared();
        let (other, awaited) = completer();
        let (_pending, pending) = completer::<u8>();
        let (own, (sender, sums)) = (handle.clone(), channel());
        handle.on_complete(move |outcome| {
            other.complete(outcome.unwrap() + own.try_result().unwrap().unwrap()).unwrap();
            assert_eq!(pending.cancel(), Cancelled::Now);
            sender.send(submits.submit(|| 1).join().unwrap()).unwrap();
        });
        end.complete(2).unwrap();
        assert_eq!((awaited.join().unwrap(), sums.recv().unwrap()), (4, 1));
    });
}

/// A shutdown that cancels calls callbacks under no lock; deviates: in CPython one that submits
/// hangs.
#[test]
fn x15_a_callback_that_submits_during_the_shutdown_does_not_hang() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let submits = pool.handle();
        let (sender, calls) = channel();
        pool.submit(|| 1).on_complete(move |outcome| {
            sender.send((outcome, submits.submit(|| 2).join())).unwrap();
        });
        let owner = thread::spawn(move || pool.shutdown_now());
        let (outcome, refused) = calls.recv().unwrap();
        assert!(matches!(outcome, Err(JoinError::Cancelled)));
        assert!(matches!(refused, Err(JoinError::Cancelled)));
        gate.open();
        running.join().unwrap();
        owner.join().unwrap();
    });
}

/// Many may wait for one task, in all ways at once, and all see its result; same as CPython.
#[test]
fn f16_all_who_wait_for_a_shared_handle_are_woken() {
    within(LIMIT, || {
        let pool = pool(2);
        let (end, handle) = completer();
        let handle = handle.shared();
        let wait = |way: fn(&SharedHandle<u32>) -> u32| {
            let handle = handle.clone();
            move || way(&handle)
        };
        let threads = [
            thread::spawn(wait(|handle| *handle.result().unwrap())),
            thread::spawn(wait(|handle| *handle.result_timeout(LIMIT).unwrap().unwrap())),
            thread::spawn(wait(|handle| *futures::executor::block_on(handle.wait()).unwrap())),
            thread::spawn(wait(|handle| {
                let mut results = photofinish::as_completed([handle.clone()]);
                *results.next().unwrap().outcome().unwrap()
            })),
        ];
        let helping = pool.submit(wait(|handle| *handle.result().unwrap()));
        thread::sleep(Duration::from_millis(20));
        end.complete(7).unwrap();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 7);
        }
        assert_eq!(helping.join().unwrap(), 7);
    });
}

/// Waits with timeouts, again and again, see the result when it comes; same as CPython.
#[test]
fn f15_a_shared_handle_may_be_asked_again_and_again() {
    within(LIMIT, || {
        let (end, handle) = completer();
        let handle = handle.shared();
        for _ in 0..100 {
            assert!(handle.result_timeout(Duration::ZERO).is_none());
        }
        end.complete(7).unwrap();
        assert_eq!(handle.result_timeout(Duration::ZERO).unwrap().unwrap(), &7);
    });
}

/// What a shared handle may be used for from other threads, and after a panic.
#[test]
fn a_shared_handle_goes_everywhere() {
    fn everywhere<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    everywhere::<SharedHandle<String>>();
    let (_end, handle) = completer::<u8>();
    let handle = handle.shared();
    assert!(format!("{handle:?}").ends_with("state: Pending }"), "{handle:?}");
}
