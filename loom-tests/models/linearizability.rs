//! What the threads see of a completion queue, and of a task, is what they would see if each
//! operation took place at one moment between its call and its return.
//!
//! The clock that tells when an operation is called and when it returns is a word of the model,
//! and each look at it is a read-modify-write: what was over before a call is then ordered before
//! it, too, which a relaxed look at the queue does not ask for. It also makes the checker try the
//! orders of such a look and a push, as a `Crossing` does; with a clock of plain state the
//! witnesses below go unseen. What the clock orders hides missing orderings; those are the other
//! models' part.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use photofinish_loom_tests::Bound::Preemptions;
use photofinish_loom_tests::history::{
    Clock, Completions, Deed, Delivery, History, OneTask, Outcome, Specification,
    assert_linearizable,
};
use photofinish_loom_tests::{Value, Witness, model, spawn};
use photofinish_protocol::sync::Ordering::AcqRel;
use photofinish_protocol::{
    AsCompleted, Cancelled, JoinError, JoinHandle, as_completed, completer,
};

/// A clock that orders.
struct ModelClock(loom::sync::atomic::AtomicUsize);

impl Clock for ModelClock {
    fn tick(&self) -> usize {
        self.0.fetch_add(1, AcqRel)
    }
}

/// A history that is checked when all threads have left.
struct Party<O> {
    history: History<O, ModelClock>,
    threads: Arc<AtomicUsize>,
}

impl<O> Clone for Party<O> {
    fn clone(&self) -> Self {
        Self { history: self.history.clone(), threads: Arc::clone(&self.threads) }
    }
}

impl<O: Clone + std::fmt::Debug> Party<O> {
    fn of(threads: usize) -> Self {
        let clock = ModelClock(loom::sync::atomic::AtomicUsize::new(0));
        Self { history: History::new(clock), threads: Arc::new(AtomicUsize::new(threads)) }
    }

    /// Everybody calls this at the end. The count is plain state: it orders nothing.
    fn leave<S: Specification<Operation = O>>(self) {
        if self.threads.fetch_sub(1, SeqCst) == 1 {
            assert_linearizable::<S>(&self.history.events());
        }
    }
}

/// Two tasks that two threads complete, and the party of all three threads.
fn two_completers() -> (AsCompleted<JoinHandle<Value>>, Party<Delivery>) {
    let party = Party::of(3);
    let (completers, handles): (Vec<_>, Vec<_>) = (0..2).map(|_| completer()).unzip();
    let results = as_completed(handles);
    for (number, completer) in completers.into_iter().enumerate() {
        let party = party.clone();
        spawn(move || {
            let complete = || completer.complete(Value::new(number as u32)).unwrap();
            party.history.record(complete, |()| Delivery::Complete(number));
            party.leave::<Completions>();
        });
    }
    (results, party)
}

fn try_next(
    results: &mut AsCompleted<JoinHandle<Value>>,
    party: &Party<Delivery>,
) -> Option<usize> {
    let try_next = || results.try_next().map(|finished| finished.index);
    party.history.record(try_next, |next| Delivery::TryNext(*next))
}

fn next_batch(results: &mut AsCompleted<JoinHandle<Value>>, party: &Party<Delivery>) -> usize {
    let next_batch = || results.next_batch().into_iter().map(|finished| finished.index).collect();
    party.history.record(next_batch, |batch: &Vec<_>| Delivery::NextBatch(batch.clone())).len()
}

#[test]
fn completions_are_handed_out_in_their_order() {
    static NONE: Witness = Witness::new("nothing was ready at the first look");
    static BOTH: Witness = Witness::new("one batch held both tasks");
    static REVERSED: Witness = Witness::new("the second task came first");
    model("linear_deliveries", Preemptions(2), &[&NONE, &BOTH, &REVERSED], || {
        let (mut results, party) = two_completers();
        let first = try_next(&mut results, &party);
        NONE.seen_if(first.is_none());
        REVERSED.seen_if(first == Some(1));
        while results.remaining() > 0 {
            BOTH.seen_if(next_batch(&mut results, &party) == 2);
        }
        party.leave::<Completions>();
    });
}

#[test]
fn a_consumer_may_leave_between_any_two_completions() {
    static SOME: Witness = Witness::new("a task was ready before the consumer left");
    model("linear_close", Preemptions(2), &[&SOME], || {
        let (mut results, party) = two_completers();
        SOME.seen_if(try_next(&mut results, &party).is_some());
        party.history.record(|| drop(results), |()| Delivery::Close);
        party.leave::<Completions>();
    });
}

/// What the handle says.
fn outcome(outcome: &Result<Value, JoinError>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Returned,
        Err(JoinError::Cancelled) => Outcome::Cancelled,
        Err(other) => panic!("neither returned nor cancelled: {other}"),
    }
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
        let party = Party::of(3);
        let (mut completer, handle) = completer();
        let (runner, canceller) = (party.clone(), handle.canceller());
        spawn(move || {
            if runner.history.record(|| completer.start(), |began| Deed::Start(*began)) {
                let complete = || completer.complete(Value::new(1)).unwrap();
                runner.history.record(complete, |()| Deed::Complete);
            }
            runner.leave::<OneTask>();
        });
        let other = party.clone();
        spawn(move || {
            let cancelled = other.history.record(|| canceller.cancel(), |c| Deed::Cancel(*c));
            TOO_LATE.seen_if(cancelled == Cancelled::NoLonger);
            REQUESTED.seen_if(cancelled == Cancelled::Requested);
            drop(canceller);
            other.leave::<OneTask>();
        });
        let tried = |tried: &Result<_, _>| match tried {
            Ok(joined) => Deed::TryJoin(outcome(joined)),
            Err(_) => Deed::TryJoin(Outcome::NotYet),
        };
        let joined = match party.history.record(|| handle.try_join(), tried) {
            Ok(joined) => joined,
            Err(handle) => {
                EARLY.seen();
                party.history.record(|| handle.join(), |joined| Deed::Join(outcome(joined)))
            }
        };
        RAN.seen_if(joined.is_ok());
        CANCELLED.seen_if(joined.is_err());
        party.leave::<OneTask>();
    });
}
