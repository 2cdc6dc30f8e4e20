//! A scope's tasks run in a pool, are cancelled, joined and dropped by other threads, and submit
//! others; what they borrow is there until the last of them has let go of it.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use photofinish::Pool;
use photofinish_protocol::{Runnable, Scope, Spawn, as_completed, scope};
use shuttle::rand::{Rng, thread_rng};

use crate::harness::{explore, spawn};
use crate::value::Value;

const TASKS: usize = 6;

/// A thread for each task; some tasks are lost.
struct Threads;

impl Spawn for Threads {
    fn spawn(&self, runnable: Runnable) {
        let lost = thread_rng().gen_ratio(1, 8);
        spawn(move || if lost { drop(runnable) } else { runnable.run() });
    }
}

/// What is borrowed, and how many do at the moment.
struct Lent {
    value: Value,
    borrowers: AtomicUsize,
}

/// Borrows until it is dropped.
struct Borrower<'a>(&'a Lent);

impl<'a> Borrower<'a> {
    fn new(lent: &'a Lent) -> Self {
        lent.borrowers.fetch_add(1, SeqCst);
        Self(lent)
    }
}

impl Drop for Borrower<'_> {
    fn drop(&mut self) {
        assert_eq!(self.0.value.number(), 7);
        shuttle::thread::yield_now();
        self.0.borrowers.fetch_sub(1, SeqCst);
    }
}

/// Tasks that capture and give back what borrows, in all the ways to get rid of them.
fn play<'scope>(scope: &'scope Scope<'scope, '_>, lent: &'scope Lent) {
    let mut kept = Vec::new();
    for _ in 0..TASKS {
        let captured = Borrower::new(lent);
        let task = scope.submit(move || {
            let inner = Borrower::new(captured.0);
            drop(scope.submit(move || drop(inner)));
            captured
        });
        match thread_rng().gen_range(0..4) {
            0 => drop(task),
            1 => {
                task.cancel();
            }
            2 => drop(task.join()),
            _ => kept.push(task),
        }
    }
    let leaves = thread_rng().gen_range(0..=kept.len());
    as_completed(kept).take(leaves).for_each(drop);
}

#[test]
fn a_scope_ends_when_nobody_borrows_any_more() {
    explore("scope_exit", 3_000, || {
        let lent = Lent { value: Value::new(7), borrowers: AtomicUsize::new(0) };
        scope(&Threads, |scope| play(scope, &lent));
        assert_eq!(lent.borrowers.load(SeqCst), 0, "somebody still borrows");
    });
}

#[test]
fn a_scope_of_a_pool_ends_when_nobody_borrows_any_more() {
    explore("scope_exit_pool", 1_000, || {
        let builder = Pool::builder().workers(2).stack_size(256 * 1024);
        let pool = builder.build().expect("threads of a schedule start");
        let lent = Lent { value: Value::new(7), borrowers: AtomicUsize::new(0) };
        pool.scope(|scope| play(scope, &lent));
        assert_eq!(lent.borrowers.load(SeqCst), 0, "somebody still borrows");
    });
}
