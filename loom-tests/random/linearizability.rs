//! Eight threads and a history: what they see is what they would see if each operation took place
//! at one moment between its call and its return.
//!
//! Every schedule is sequentially consistent, so a clock of plain state tells what was before
//! what.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use photofinish_loom_tests::history::{
    Completions, Deed, Delivery, History, OneTask, Outcome, PlainClock, Specification,
    assert_linearizable,
};
use photofinish_protocol::sync::Arc;
use photofinish_protocol::{JoinError, as_completed, completer};
use shuttle::rand::{Rng, thread_rng};

use crate::harness::{explore, spawn};
use crate::value::Value;

const THREADS: usize = 8;

/// A history that is checked when all threads have left.
struct Party<O> {
    history: History<O, PlainClock>,
    threads: Arc<AtomicUsize>,
}

impl<O> Clone for Party<O> {
    fn clone(&self) -> Self {
        Self { history: self.history.clone(), threads: Arc::clone(&self.threads) }
    }
}

impl<O: Clone + std::fmt::Debug> Party<O> {
    fn of(threads: usize) -> Self {
        let history = History::new(PlainClock::default());
        Self { history, threads: Arc::new(AtomicUsize::new(threads)) }
    }

    /// Everybody calls this at the end.
    fn leave<S: Specification<Operation = O>>(self) {
        if self.threads.fetch_sub(1, SeqCst) == 1 {
            assert_linearizable::<S>(&self.history.events());
        }
    }
}

#[test]
fn eight_completions_are_handed_out_in_their_order() {
    explore("linear_deliveries", 10_000, || {
        let party = Party::of(THREADS + 1);
        let (completers, handles): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| completer()).unzip();
        let mut results = as_completed(handles);
        for (number, completer) in completers.into_iter().enumerate() {
            let party = party.clone();
            spawn(move || {
                let complete = || completer.complete(Value::new(number)).expect("nobody cancels");
                party.history.record(complete, |()| Delivery::Complete(number));
                party.leave::<Completions>();
            });
        }
        let leaves_at = thread_rng().gen_range(0..2 * THREADS);
        while results.remaining() > leaves_at {
            if thread_rng().gen_bool(0.7) {
                let try_next = || results.try_next().map(|finished| finished.index);
                party.history.record(try_next, |next| Delivery::TryNext(*next));
            } else {
                let index = |finished: photofinish_protocol::Finished<Value>| finished.index;
                let next_batch = || results.next_batch().into_iter().map(index).collect();
                let batch = |batch: &Vec<_>| Delivery::NextBatch(batch.clone());
                party.history.record(next_batch, batch);
            }
        }
        party.history.record(|| drop(results), |()| Delivery::Close);
        party.leave::<Completions>();
    });
}

fn outcome(outcome: &Result<Value, JoinError>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Returned,
        Err(JoinError::Cancelled) => Outcome::Cancelled,
        Err(other) => panic!("neither returned nor cancelled: {other}"),
    }
}

#[test]
fn a_task_that_six_threads_cancel_ends_at_one_moment() {
    explore("linear_task", 10_000, || {
        let party = Party::of(THREADS);
        let (mut completer, handle) = completer();
        for _ in 0..THREADS - 2 {
            let (party, canceller) = (party.clone(), handle.canceller());
            spawn(move || {
                party.history.record(|| canceller.cancel(), |c| Deed::Cancel(*c));
                party.leave::<OneTask>();
            });
        }
        let runner = party.clone();
        spawn(move || {
            if runner.history.record(|| completer.start(), |began| Deed::Start(*began)) {
                let complete = || completer.complete(Value::new(0)).expect("it has begun");
                runner.history.record(complete, |()| Deed::Complete);
            }
            runner.leave::<OneTask>();
        });
        let mut handle = handle;
        for _ in 0..thread_rng().gen_range(0..4) {
            party.history.record(|| handle.is_finished(), |is| Deed::IsFinished(*is));
            let tried = |tried: &Result<_, _>| match tried {
                Ok(joined) => Deed::TryJoin(outcome(joined)),
                Err(_) => Deed::TryJoin(Outcome::NotYet),
            };
            match party.history.record(|| handle.try_join(), tried) {
                Ok(_) => return party.leave::<OneTask>(),
                Err(again) => handle = again,
            }
        }
        let joined = party.history.record(|| handle.join(), |joined| Deed::Join(outcome(joined)));
        drop(joined);
        party.leave::<OneTask>();
    });
}
