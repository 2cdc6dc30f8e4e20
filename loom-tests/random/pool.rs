//! The pool: its real worker loop and idle protocol with three workers, over the double for the
//! deques.

use std::time::Duration;

use photofinish::{Handle, JoinError, Pool};
use photofinish_protocol::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use crate::harness::{explore, join_all, spawn};
use crate::value::Value;

const SUBMITTERS: usize = 8;

fn pool(spin: Duration) -> Pool {
    // The smallest stack will do, and is there the fastest.
    let builder = Pool::builder().workers(3).stack_size(256 * 1024).spin(spin);
    builder.build().expect("threads of a schedule start")
}

/// A task that submits another, and waits for it if its number is even.
fn nested(handle: Handle, number: usize) -> impl FnOnce() -> Value + Send {
    move || {
        let inner = handle.submit(move || Value::new(number));
        if number.is_multiple_of(2) {
            inner.join().expect("it returned")
        } else {
            Value::new(number)
        }
    }
}

#[test]
fn what_eight_threads_submit_and_await_comes() {
    explore("pool_joins", 2_000, || {
        let pool = pool(Duration::ZERO);
        let submitters = (0..SUBMITTERS).map(|number| {
            let handle = pool.handle();
            spawn(move || {
                let outer = handle.submit(nested(handle.clone(), number));
                assert_eq!(outer.join().expect("it returned").number(), number);
            })
        });
        join_all(submitters.collect::<Vec<_>>());
    });
}

#[test]
fn a_pool_that_is_dropped_finishes_what_eight_threads_have_submitted() {
    explore("pool_drains", 2_000, || {
        let pool = pool(Duration::from_micros(1));
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters = (0..SUBMITTERS).map(|_| {
            let (handle, ran) = (pool.handle(), Arc::clone(&ran));
            spawn(move || {
                let again = handle.clone();
                drop(handle.submit(move || {
                    let counter = Arc::clone(&ran);
                    drop(again.submit(move || counter.fetch_add(1, SeqCst)));
                    ran.fetch_add(1, SeqCst);
                }));
            })
        });
        join_all(submitters.collect::<Vec<_>>());
        drop(pool);
        assert_eq!(ran.load(SeqCst), 2 * SUBMITTERS, "the pool ended before its work did");
    });
}

#[test]
fn what_is_submitted_while_the_pool_ends_runs_or_is_abandoned() {
    explore("pool_ends", 2_000, || {
        let pool = pool(Duration::ZERO);
        let submitters = (0..SUBMITTERS).map(|number| {
            let handle = pool.handle();
            spawn(move || {
                let captured = Value::new(number);
                match handle.submit(move || captured).join() {
                    Ok(value) => assert_eq!(value.number(), number),
                    Err(JoinError::Abandoned) => {}
                    Err(other) => panic!("neither ran nor was abandoned: {other}"),
                }
            })
        });
        let submitters = submitters.collect::<Vec<_>>();
        drop(pool);
        join_all(submitters);
    });
}

#[test]
fn what_is_submitted_while_the_pool_is_halted_runs_or_is_cancelled() {
    explore("pool_halts", 2_000, || {
        let pool = pool(Duration::ZERO);
        let submitters = (0..SUBMITTERS).map(|number| {
            let handle = pool.handle();
            spawn(move || {
                let outer = handle.submit({
                    let handle = handle.clone();
                    move || handle.submit(move || Value::new(number))
                });
                // The inner task is joined out here, where nobody looks into a worker's queue.
                match outer.join().and_then(|inner| inner.join()) {
                    Ok(value) => assert_eq!(value.number(), number),
                    Err(JoinError::Cancelled) => {}
                    Err(other) => panic!("neither ran nor was cancelled: {other}"),
                }
            })
        });
        let submitters = submitters.collect::<Vec<_>>();
        pool.shutdown_now();
        join_all(submitters);
    });
}
