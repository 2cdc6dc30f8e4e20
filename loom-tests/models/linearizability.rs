//! What the threads see of a completion queue, and of a task, is what they would see if each
//! operation took place at one moment between its call and its return.
//!
//! The clock that tells when an operation is called and when it returns is a word of the model,
//! and each look at it is a read-modify-write: what was over before a call is then ordered before
//! it, too, which a relaxed look at the queue does not ask for. It also makes the checker try the
//! orders of such a look and a push, as a `Crossing` does; with a clock of plain state the
//! witnesses below go unseen. What the clock orders hides missing orderings; those are the other
//! models' part.

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::history::{Clock, Completions, Deed, Delivery, OneTask};
use photofinish_loom_tests::party::Party;
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::sync::Ordering::AcqRel;
use photofinish_protocol::{AsCompleted, Cancelled, JoinHandle, as_completed, completer};

/// A clock that orders.
struct ModelClock(loom::sync::atomic::AtomicUsize);

impl Clock for ModelClock {
    fn tick(&self) -> usize {
        self.0.fetch_add(1, AcqRel)
    }
}

/// So many threads, by a clock that orders.
fn party<O: Clone + std::fmt::Debug>(threads: usize) -> Party<O, ModelClock> {
    Party::of(threads, ModelClock(loom::sync::atomic::AtomicUsize::new(0)))
}

/// Two tasks that two threads complete, and the party of all three threads.
fn two_completers() -> (AsCompleted<JoinHandle<Value>>, Party<Delivery, ModelClock>) {
    let party = party(3);
    let (completers, handles): (Vec<_>, Vec<_>) = (0..2).map(|_| completer()).unzip();
    let results = as_completed(handles);
    for (number, completer) in completers.into_iter().enumerate() {
        let party = party.clone();
        spawn(move || party.complete(number, completer, Value::new(number as u32)));
    }
    (results, party)
}

#[test]
fn completions_are_handed_out_in_their_order() {
    static NONE: Witness = Witness::new("nothing was ready at the first look");
    static BOTH: Witness = Witness::new("one batch held both tasks");
    static REVERSED: Witness = Witness::new("the second task came first");
    model("linear_deliveries", Preemptions(2), &[&NONE, &BOTH, &REVERSED], || {
        let (mut results, party) = two_completers();
        let first = party.try_next(&mut results);
        NONE.seen_if(first.is_none());
        REVERSED.seen_if(first == Some(1));
        while results.remaining() > 0 {
            BOTH.seen_if(party.next_batch(&mut results) == 2);
        }
        party.leave::<Completions>();
    });
}

#[test]
fn a_consumer_may_leave_between_any_two_completions() {
    static SOME: Witness = Witness::new("a task was ready before the consumer left");
    model("linear_close", Preemptions(2), &[&SOME], || {
        let (mut results, party) = two_completers();
        SOME.seen_if(party.try_next(&mut results).is_some());
        party.close(results);
        party.leave::<Completions>();
    });
}

#[test]
fn a_task_is_begun_completed_or_cancelled_at_one_moment() {
    static RAN: Witness = Witness::new("the task ran to its end");
    static CANCELLED: Witness = Witness::new("the task was cancelled");
    static TOO_LATE: Witness = Witness::new("the cancellation came too late");
    static REQUESTED: Witness = Witness::new("the cancellation was a request");
    static EARLY: Witness = Witness::new("the task had not finished at the first look");
    let witnesses = [&RAN, &CANCELLED, &TOO_LATE, &REQUESTED, &EARLY];
    model("linear_task", Preemptions(2), &witnesses, || {
        let party = party(3);
        let (completer, handle) = completer();
        let (runner, canceller) = (party.clone(), handle.canceller());
        spawn(move || runner.run(completer, Value::new(1)));
        let other = party.clone();
        spawn(move || {
            let cancelled = other.history.record(|| canceller.cancel(), |c| Deed::Cancel(*c));
            TOO_LATE.seen_if(cancelled == Cancelled::NoLonger);
            REQUESTED.seen_if(cancelled == Cancelled::Requested);
            drop(canceller);
            other.leave::<OneTask>();
        });
        let joined = match party.try_join(handle) {
            Ok(joined) => joined,
            Err(handle) => {
                EARLY.seen();
                party.join(handle)
            }
        };
        RAN.seen_if(joined.is_ok());
        CANCELLED.seen_if(joined.is_err());
        party.leave::<OneTask>();
    });
}
