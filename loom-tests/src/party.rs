//! Threads that do something together, and what they see of it.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use photofinish_protocol::{AsCompleted, Completer, JoinError, JoinHandle};

use crate::history::{
    Clock, Completions, Deed, Delivery, History, OneTask, Outcome, Specification,
    assert_linearizable,
};

/// A history that is checked when all threads have left.
#[derive(Debug)]
pub struct Party<O, C> {
    /// What they have done.
    pub history: History<O, C>,
    /// Plain state: it orders nothing.
    threads: Arc<AtomicUsize>,
}

impl<O, C> Clone for Party<O, C> {
    fn clone(&self) -> Self {
        Self { history: self.history.clone(), threads: Arc::clone(&self.threads) }
    }
}

impl<O: Clone + Debug, C: Clock> Party<O, C> {
    /// So many threads, none of which has done anything.
    pub fn of(threads: usize, clock: C) -> Self {
        Self { history: History::new(clock), threads: Arc::new(AtomicUsize::new(threads)) }
    }

    /// Everybody calls this at the end.
    ///
    /// # Panics
    ///
    /// If all have left, and what they have seen cannot be put in a row.
    pub fn leave<S: Specification<Operation = O>>(self) {
        if self.threads.fetch_sub(1, SeqCst) == 1 {
            assert_linearizable::<S>(&self.history.events());
        }
    }
}

impl<C: Clock> Party<Delivery, C> {
    /// Completes the task of that number, which nobody cancels, and leaves.
    pub fn complete<T>(self, number: usize, completer: Completer<T>, value: T)
    where
        T: Debug + Send + 'static,
    {
        let complete = || completer.complete(value).expect("nobody cancels");
        self.history.record(complete, |()| Delivery::Complete(number));
        self.leave::<Completions>();
    }

    /// Tells which task is handed out without a wait.
    pub fn try_next<T>(&self, results: &mut AsCompleted<JoinHandle<T>>) -> Option<usize> {
        let try_next = || results.try_next().map(|finished| finished.index);
        self.history.record(try_next, |next| Delivery::TryNext(*next))
    }

    /// Tells how many tasks are handed out at once.
    pub fn next_batch<T>(&self, results: &mut AsCompleted<JoinHandle<T>>) -> usize {
        let next_batch =
            || results.next_batch().into_iter().map(|finished| finished.index).collect();
        let batch = |batch: &Vec<usize>| Delivery::NextBatch(batch.clone());
        self.history.record(next_batch, batch).len()
    }

    /// The consumer leaves.
    pub fn close<T>(&self, results: AsCompleted<JoinHandle<T>>) {
        self.history.record(|| drop(results), |()| Delivery::Close);
    }
}

impl<C: Clock> Party<Deed, C> {
    /// Runs the task, unless it is cancelled before, and leaves.
    pub fn run<T>(self, mut completer: Completer<T>, value: T)
    where
        T: Debug + Send + 'static,
    {
        if self.history.record(|| completer.start(), |began| Deed::Start(*began)) {
            let complete = || completer.complete(value).expect("it has begun");
            self.history.record(complete, |()| Deed::Complete);
        }
        self.leave::<OneTask>();
    }

    /// Asks for the outcome.
    pub fn try_join<T>(
        &self,
        handle: JoinHandle<T>,
    ) -> Result<Result<T, JoinError>, JoinHandle<T>> {
        let tried = |tried: &Result<_, _>| match tried {
            Ok(joined) => Deed::TryJoin(outcome(joined)),
            Err(_) => Deed::TryJoin(Outcome::NotYet),
        };
        self.history.record(|| handle.try_join(), tried)
    }

    /// Waits for the outcome.
    pub fn join<T>(&self, handle: JoinHandle<T>) -> Result<T, JoinError> {
        self.history.record(|| handle.join(), |joined| Deed::Join(outcome(joined)))
    }
}

/// What the handle says.
fn outcome<T>(outcome: &Result<T, JoinError>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Returned,
        Err(JoinError::Cancelled) => Outcome::Cancelled,
        Err(other) => panic!("neither returned nor cancelled: {other}"),
    }
}
