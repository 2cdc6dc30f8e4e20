//! A bounded pool: eight threads submit, wait for room or are refused, and the pool ends in one way
//! or the other.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use photofinish::{Handle, JoinError, Pool, Rejected};
use photofinish_protocol::sync::Arc;
use shuttle::rand::{Rng, thread_rng};

use crate::harness::{explore, join_all, spawn};
use crate::value::Value;

const SUBMITTERS: usize = 8;

/// A pool of two workers that holds one task beside those that run.
fn pool() -> Pool {
    let builder = Pool::builder().workers(2).stack_size(256 * 1024).queue_capacity(1);
    builder.build().expect("threads of a schedule start")
}

/// Submits one task, in one of the ways there are, and tells whether it was taken and ran.
fn submit(handle: &Handle, number: usize) -> bool {
    let captured = Value::new(number);
    let closure = move || captured;
    let task = match thread_rng().gen_range(0..3) {
        0 => handle.submit(closure),
        1 => handle.submit_batch([closure]).remove(0),
        _ => match handle.try_submit(closure) {
            Ok(task) => task,
            Err(rejected) => {
                assert!(matches!(rejected, Rejected::Full(_) | Rejected::ShutDown(_)));
                assert_eq!((rejected.into_inner())().number(), number);
                return false;
            }
        },
    };
    match task.join() {
        Ok(value) => {
            assert_eq!(value.number(), number);
            true
        }
        Err(JoinError::Cancelled | JoinError::Abandoned) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Eight threads submit while `end` ends the pool.
fn submitted_until(end: fn(Pool)) {
    let pool = pool();
    let submitters = (0..SUBMITTERS).map(|number| {
        let handle = pool.handle();
        spawn(move || {
            submit(&handle, number);
        })
    });
    let submitters = submitters.collect::<Vec<_>>();
    end(pool);
    join_all(submitters);
}

#[test]
fn whoever_waits_for_room_is_let_in() {
    explore("room", 1_500, || {
        let pool = pool();
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters = (0..SUBMITTERS).map(|number| {
            let (handle, ran) = (pool.handle(), Arc::clone(&ran));
            spawn(move || {
                let tasks = [2 * number, 2 * number + 1].map(|number| {
                    let ran = Arc::clone(&ran);
                    handle.submit(move || ran.fetch_add(number, SeqCst))
                });
                for task in tasks {
                    task.join().expect("it returned");
                }
            })
        });
        join_all(submitters.collect::<Vec<_>>());
        assert_eq!(ran.load(SeqCst), (0..2 * SUBMITTERS).sum());
        // All room has been given back.
        assert!(pool.try_submit(|| ()).is_ok());
    });
}

#[test]
fn nobody_waits_for_room_in_a_pool_that_drains() {
    explore("room_drains", 1_500, || submitted_until(drop));
}

#[test]
fn nobody_waits_for_room_in_a_pool_that_is_halted() {
    explore("room_halts", 1_500, || {
        submitted_until(|pool| {
            pool.shutdown_now();
        });
    });
}
