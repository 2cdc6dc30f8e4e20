//! A scope ends while its tasks complete and are cancelled, and their handles are dropped. What the
//! tasks borrowed is changed and dropped right after, which is a race unless all of them have let
//! go of it.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::{Value, Witness, model};
use photofinish_protocol::{Cancelled, scope};

use super::{Threads, number};

/// A value to be borrowed by several threads of the model. The checker watches its uses.
struct Borrowed(Value);

// SAFETY: the models share it only by reference, and the checker reports what races.
unsafe impl Sync for Borrowed {}

impl Borrowed {
    fn number(&self) -> u32 {
        self.0.number()
    }
}

/// Reads what it borrows when it is dropped.
struct ReadsWhenDropped<'a>(&'a Borrowed);

impl Drop for ReadsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.number();
    }
}

#[test]
fn a_scope_ends_after_its_tasks_have_read_what_they_borrow() {
    model("scope_exit_vs_complete", Preemptions(2), &[], || {
        let borrowed = Borrowed(Value::new(1));
        scope(&Threads, |scope| {
            drop(scope.submit(|| borrowed.number()));
            drop(scope.submit(|| borrowed.number()));
        });
        drop(borrowed);
    });
}

#[test]
fn a_scope_ends_after_a_result_that_nobody_wants_was_dropped() {
    model("scope_exit_vs_drop_handle", Preemptions(3), &[], || {
        let borrowed = Borrowed(Value::new(1));
        scope(&Threads, |scope| drop(scope.submit(|| ReadsWhenDropped(&borrowed))));
        drop(borrowed);
    });
}

#[test]
fn a_scope_ends_after_what_a_cancelled_task_had_captured_was_dropped() {
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static RAN: Witness = Witness::new("the task ran");
    model("scope_exit_vs_cancel", Preemptions(2), &[&CANCELLED, &RAN], || {
        let borrowed = Borrowed(Value::new(1));
        let captured = ReadsWhenDropped(&borrowed);
        scope(&Threads, |scope| {
            let task = scope.submit(move || drop(captured));
            // The result borrows nothing, so this handle may leave the scope, on a thread that
            // nobody waits for.
            super::spawn(move || {
                let cancelled = task.cancel() == Cancelled::Now;
                CANCELLED.seen_if(cancelled);
                RAN.seen_if(!cancelled);
            });
        });
        drop(borrowed);
    });
}

#[test]
fn a_result_taken_inside_the_scope_is_there_before_it_ends() {
    model("scope_exit_vs_join", Preemptions(2), &[], || {
        let borrowed = Borrowed(Value::new(1));
        let taken = scope(&Threads, |scope| {
            let task = scope.submit(|| Value::new(borrowed.number() + 1));
            number(task.join())
        });
        assert_eq!(taken, 2);
        drop(borrowed);
    });
}
