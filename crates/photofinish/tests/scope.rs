//! Tasks that borrow: what a scope waits for, and what it does not.

mod support;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use photofinish::{CompletionSet, Handle, JoinError, Pool, as_completed};

use support::{Gate, LIMIT, pool, within};

#[test]
fn tasks_borrow_what_outlives_the_scope_and_may_change_it() {
    within(LIMIT, || {
        let pool = pool(3);
        let mut numbers: Vec<u64> = (0..1_000).collect();
        pool.scope(|scope| {
            for part in numbers.chunks_mut(10) {
                drop(scope.submit(|| part.iter_mut().for_each(|number| *number += 1)));
            }
        });
        assert_eq!(numbers.iter().sum::<u64>(), 500_500);
    });
}

#[test]
fn the_handles_of_a_scope_go_into_iterators_and_sets() {
    within(LIMIT, || {
        let pool = pool(2);
        let words = ["three".to_owned(), "blind".to_owned(), "mice".to_owned()];
        pool.scope(|scope| {
            let tasks = words.iter().map(|word| scope.submit(|| word.as_str()));
            let mut seen: Vec<&str> =
                as_completed(tasks).map(|task| task.outcome.unwrap()).collect();
            seen.sort_unstable();
            assert_eq!(seen, ["blind", "mice", "three"]);

            let mut set = CompletionSet::new();
            for word in &words {
                set.add(scope.submit(|| word.len()));
            }
            let mut letters = 0;
            while let Some(finished) = set.next_finished() {
                letters += finished.outcome.unwrap();
            }
            assert_eq!(letters, 14);
        });
    });
}

#[test]
fn a_task_submits_to_its_own_scope() {
    within(LIMIT, || {
        let pool = pool(2);
        let count = AtomicUsize::new(0);
        pool.scope(|scope| {
            for _ in 0..10 {
                drop(scope.submit(|| {
                    for _ in 0..10 {
                        drop(scope.submit(|| count.fetch_add(1, SeqCst)));
                    }
                }));
            }
        });
        assert_eq!(count.load(SeqCst), 100);
    });
}

#[test]
fn scopes_nest_on_a_single_worker() {
    fn sum(handle: &Handle, numbers: &[u64]) -> u64 {
        if numbers.len() <= 1 {
            return numbers.iter().sum();
        }
        let (left, right) = numbers.split_at(numbers.len() / 2);
        let (mut a, mut b) = (0, 0);
        handle.scope(|scope| {
            drop(scope.submit(|| a = sum(handle, left)));
            drop(scope.submit(|| b = sum(handle, right)));
        });
        a + b
    }
    within(LIMIT, || {
        let pool = pool(1);
        let handle = pool.handle();
        let total = pool.submit(move || sum(&handle, &(0..256).collect::<Vec<_>>()));
        assert_eq!(total.join().unwrap(), 32_640);
    });
}

/// Sets a flag when it is dropped, a while after.
struct SetsLate<'a>(&'a AtomicBool);

impl Drop for SetsLate<'_> {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(20));
        self.0.store(true, SeqCst);
    }
}

#[test]
fn a_scope_waits_for_captures_and_for_results_that_nobody_wants() {
    within(LIMIT, || {
        let pool = pool(1);
        let (captured, result) = (AtomicBool::new(false), AtomicBool::new(false));
        pool.scope(|scope| {
            let capture = SetsLate(&captured);
            let result = &result;
            drop(scope.submit(move || {
                let _capture = capture;
                SetsLate(result)
            }));
        });
        assert!(captured.load(SeqCst) && result.load(SeqCst));
    });
}

#[test]
fn a_scope_waits_for_the_captures_of_a_task_that_is_cancelled_elsewhere() {
    within(LIMIT, || {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let dropped = AtomicBool::new(false);
        let begun = Gate::default();
        let canceller = pool.scope(|scope| {
            let capture = SetsLate(&dropped);
            // The result borrows nothing, so a canceller may leave the scope.
            let canceller = scope.submit(move || drop(capture)).canceller();
            let begin = begun.clone();
            let canceller = thread::spawn(move || {
                begin.open();
                canceller.cancel()
            });
            begun.wait();
            gate.open();
            canceller
        });
        assert!(dropped.load(SeqCst));
        canceller.join().unwrap();
        running.join().unwrap();
    });
}

#[test]
fn leaked_handles_and_sets_hold_no_scope_up() {
    within(LIMIT, || {
        let pool = pool(2);
        let text = String::from("borrowed");
        let ran = AtomicUsize::new(0);
        pool.scope(|scope| {
            let borrow = || {
                ran.fetch_add(1, SeqCst);
                text.as_str()
            };
            mem::forget(scope.submit(borrow));
            mem::forget(as_completed([scope.submit(borrow), scope.submit(borrow)]));
        });
        assert_eq!(ran.load(SeqCst), 3);
    });
}

fn message_of(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).unwrap_err();
    (*payload.downcast::<&str>().expect("a message")).to_owned()
}

#[test]
fn a_panic_that_nobody_saw_panics_again_when_all_tasks_have_ended() {
    within(LIMIT, || {
        let pool = pool(2);
        let ran = AtomicUsize::new(0);
        let message = message_of(|| {
            pool.scope(|scope| {
                drop(scope.submit(|| panic!("nobody looks")));
                for _ in 0..100 {
                    drop(scope.submit(|| ran.fetch_add(1, SeqCst)));
                }
            });
        });
        assert_eq!((message.as_str(), ran.load(SeqCst)), ("a task of the scope panicked", 100));
        let message = message_of(|| {
            pool.scope(|scope| mem::forget(scope.submit(|| panic!("in a leaked handle"))));
        });
        assert_eq!(message, "a task of the scope panicked");
    });
}

#[test]
fn a_panic_that_was_seen_does_not_panic_again_and_keeps_its_payload() {
    within(LIMIT, || {
        let pool = pool(2);
        pool.scope(|scope| {
            let joined = scope.submit(|| panic!("joined")).join();
            let Err(JoinError::Panicked(panic)) = joined else { panic!("it did not panic") };
            assert_eq!(panic.message(), "joined");
            assert_eq!(*panic.into_payload().downcast::<&str>().unwrap(), "joined");
            let tasks = (0..3).map(|_| scope.submit(|| panic!("yielded")));
            assert!(as_completed(tasks).all(|finished| finished.outcome.is_err()));
        });
    });
}

#[test]
fn a_body_that_panics_waits_for_its_tasks_and_goes_on_panicking() {
    within(LIMIT, || {
        let pool = pool(1);
        let ran = AtomicUsize::new(0);
        let message = message_of(|| {
            pool.scope(|scope| {
                for _ in 0..100 {
                    drop(scope.submit(|| ran.fetch_add(1, SeqCst)));
                }
                panic!("the body fails");
            });
        });
        assert_eq!((message.as_str(), ran.load(SeqCst)), ("the body fails", 100));
    });
}

#[test]
fn what_a_pool_does_not_run_is_cancelled_and_the_scope_ends() {
    within(LIMIT, || {
        let pool = Pool::builder().workers(1).build().unwrap();
        let handle = pool.handle();
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let text = String::from("borrowed");
        let owner = handle.scope(|scope| {
            let task = scope.submit(|| text.len());
            let owner = thread::spawn(move || pool.shutdown_now());
            assert!(matches!(task.join(), Err(JoinError::Cancelled)));
            owner
        });
        gate.open();
        assert_eq!(owner.join().unwrap().cancelled, 1);
        running.join().unwrap();
        // The pool has ended.
        handle.scope(|scope| {
            assert!(matches!(scope.submit(|| text.len()).join(), Err(JoinError::Cancelled)));
        });
    });
}
