//! Histories of operations, and whether they can be put in a row: linearizability (M. P. Herlihy
//! and J. M. Wing, 1990), by the search of J. M. Wing and C. Gong (*Testing and Verifying
//! Concurrent Objects*, 1993).
//!
//! A history is linearizable if its operations have an order that keeps each of them between its
//! call and its return, and in which a sequential [`Specification`] gives the very same results.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

/// What an object does when nobody disturbs it.
pub trait Specification {
    /// What the object remembers.
    type State: Clone + Eq + Hash;
    /// An operation together with its result.
    type Operation;

    /// The object at the beginning.
    fn initial() -> Self::State;

    /// The object after `operation`; `None` if it could not have had this result.
    fn after(state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;
}

/// An operation, and when it was under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event<O> {
    /// When it was called.
    pub called: usize,
    /// When it returned.
    pub returned: usize,
    /// What it was, and its result.
    pub operation: O,
}

/// Tells two moments apart: the later one gets the greater number.
pub trait Clock {
    /// The next moment.
    fn tick(&self) -> usize;
}

/// A clock of plain `std` state, which adds nothing to a model or a schedule. It is right only
/// where whatever was before in time is also seen: under a sequentially consistent scheduler.
#[derive(Debug, Default)]
pub struct PlainClock(AtomicUsize);

impl Clock for PlainClock {
    fn tick(&self) -> usize {
        self.0.fetch_add(1, SeqCst)
    }
}

/// Records what several threads do. The record is plain `std` state; what its clock adds is the
/// clock's affair.
#[derive(Debug)]
pub struct History<O, C> {
    clock: Arc<C>,
    events: Arc<Mutex<Vec<Event<O>>>>,
}

impl<O, C> Clone for History<O, C> {
    fn clone(&self) -> Self {
        Self { clock: Arc::clone(&self.clock), events: Arc::clone(&self.events) }
    }
}

impl<O, C: Clock> History<O, C> {
    /// Nothing has happened.
    pub fn new(clock: C) -> Self {
        Self { clock: Arc::new(clock), events: Arc::default() }
    }

    /// Does something and records it as the operation that `name` makes of its result.
    pub fn record<R>(&self, call: impl FnOnce() -> R, name: impl FnOnce(&R) -> O) -> R {
        let called = self.clock.tick();
        let result = call();
        let event = Event { called, returned: self.clock.tick(), operation: name(&result) };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        result
    }

    /// All operations that have returned.
    pub fn events(&self) -> Vec<Event<O>>
    where
        O: Clone,
    {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Finds an order of the events, by their places in `events`, in which the specification gives the
/// recorded results; `None` if there is none.
pub fn linearize<S: Specification>(events: &[Event<S::Operation>]) -> Option<Vec<usize>> {
    assert!(events.len() <= u64::BITS as usize, "more events than the search can hold");
    let mut search = Search::<S> { events, failed: HashSet::new(), order: Vec::new() };
    search.goes_on(0, &S::initial()).then_some(search.order)
}

/// Asserts that the events can be put in a row.
///
/// # Panics
///
/// If they cannot; the message shows them.
#[track_caller]
pub fn assert_linearizable<S: Specification>(events: &[Event<S::Operation>])
where
    S::Operation: std::fmt::Debug,
{
    assert!(linearize::<S>(events).is_some(), "not linearizable: {events:#?}");
}

struct Search<'a, S: Specification> {
    events: &'a [Event<S::Operation>],
    /// What has been placed, as a set of bits, and the state then, from which there is no way on.
    failed: HashSet<(u64, S::State)>,
    order: Vec<usize>,
}

impl<S: Specification> Search<'_, S> {
    fn goes_on(&mut self, placed: u64, state: &S::State) -> bool {
        if self.order.len() == self.events.len() {
            return true;
        }
        if self.failed.contains(&(placed, state.clone())) {
            return false;
        }
        let is_left = |at: &usize| placed & (1 << at) == 0;
        let left = (0..self.events.len()).filter(is_left);
        let first_return = left.clone().map(|at| self.events[at].returned).min();
        // Whatever was called after another one's return comes after it.
        let next = left.filter(|&at| Some(self.events[at].called) < first_return);
        for at in next.collect::<Vec<_>>() {
            if let Some(after) = S::after(state, &self.events[at].operation) {
                self.order.push(at);
                if self.goes_on(placed | 1 << at, &after) {
                    return true;
                }
                self.order.pop();
            }
        }
        self.failed.insert((placed, state.clone()));
        false
    }
}

/// The specification of a completion queue: completions are handed out in their order.
#[derive(Debug)]
pub struct Completions;

/// What is done with a completion queue whose tasks were attached before they completed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// A task was completed.
    Complete(usize),
    /// The next task was asked for, without waiting.
    TryNext(Option<usize>),
    /// All that was ready was asked for, waiting for the first.
    NextBatch(Vec<usize>),
    /// The consumer left.
    Close,
}

impl Specification for Completions {
    /// What is ready, oldest first; `None` after the consumer has left.
    type State = Option<Vec<usize>>;
    type Operation = Delivery;

    fn initial() -> Self::State {
        Some(Vec::new())
    }

    fn after(state: &Self::State, operation: &Delivery) -> Option<Self::State> {
        let ready = match (state, operation) {
            (Some(ready), _) => ready,
            (None, Delivery::Complete(_)) => return Some(None),
            (None, _) => return None,
        };
        match operation {
            Delivery::Complete(task) => Some(Some([&ready[..], &[*task]].concat())),
            Delivery::TryNext(next) => match ready.split_first() {
                Some((first, rest)) => (*next == Some(*first)).then(|| Some(rest.to_vec())),
                None => next.is_none().then(|| Some(Vec::new())),
            },
            Delivery::NextBatch(batch) => {
                (!batch.is_empty() && batch == ready).then(|| Some(Vec::new()))
            }
            Delivery::Close => Some(None),
        }
    }
}

/// The specification of one task.
#[derive(Debug)]
pub struct OneTask;

/// What is done with one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody began to run it: did it work?
    Start(bool),
    /// Whoever had begun it completed it.
    Complete,
    /// Somebody cancelled it.
    Cancel(photofinish_protocol::Cancelled),
    /// Its outcome was asked for, without waiting.
    TryJoin(Outcome),
    /// Its outcome was waited for.
    Join(Outcome),
    /// Somebody asked whether it has finished.
    IsFinished(bool),
}

/// What a task's handle tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has not finished.
    NotYet,
    /// It returned.
    Returned,
    /// It was cancelled.
    Cancelled,
}

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nobody has begun it.
    Pending,
    /// It is being run.
    Running,
    /// It returned.
    Returned,
    /// It was cancelled.
    Cancelled,
}

impl Specification for OneTask {
    type State = Stage;
    type Operation = Deed;

    fn initial() -> Stage {
        Stage::Pending
    }

    fn after(stage: &Stage, deed: &Deed) -> Option<Stage> {
        use photofinish_protocol::Cancelled::{Before, NoLonger, Now, Requested};
        let outcome = match stage {
            Stage::Pending | Stage::Running => Outcome::NotYet,
            Stage::Returned => Outcome::Returned,
            Stage::Cancelled => Outcome::Cancelled,
        };
        let (result, after) = match (deed, stage) {
            (Deed::Start(_), Stage::Pending) => (Deed::Start(true), Stage::Running),
            (Deed::Start(_), Stage::Cancelled) => (Deed::Start(false), Stage::Cancelled),
            (Deed::Complete, Stage::Running) => (Deed::Complete, Stage::Returned),
            (Deed::Cancel(_), Stage::Pending) => (Deed::Cancel(Now), Stage::Cancelled),
            (Deed::Cancel(_), Stage::Cancelled) => (Deed::Cancel(Before), Stage::Cancelled),
            (Deed::Cancel(_), Stage::Running) => (Deed::Cancel(Requested), Stage::Running),
            (Deed::Cancel(_), Stage::Returned) => (Deed::Cancel(NoLonger), Stage::Returned),
            (Deed::TryJoin(_), _) => (Deed::TryJoin(outcome), *stage),
            (Deed::Join(_), _) if outcome != Outcome::NotYet => (Deed::Join(outcome), *stage),
            (Deed::IsFinished(_), _) => (Deed::IsFinished(outcome != Outcome::NotYet), *stage),
            _ => return None,
        };
        (result == *deed).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Delivery::{Close, Complete, NextBatch, TryNext};
    use photofinish_protocol::Cancelled;

    fn events<O: Clone>(of: &[(usize, usize, O)]) -> Vec<Event<O>> {
        let event = |(called, returned, operation): &(usize, usize, O)| Event {
            called: *called,
            returned: *returned,
            operation: operation.clone(),
        };
        of.iter().map(event).collect()
    }

    fn delivers(of: &[(usize, usize, Delivery)]) -> bool {
        linearize::<Completions>(&events(of)).is_some()
    }

    fn lives(of: &[(usize, usize, Deed)]) -> bool {
        linearize::<OneTask>(&events(of)).is_some()
    }

    #[test]
    fn operations_that_overlap_may_be_put_in_either_order() {
        assert!(delivers(&[(0, 3, Complete(7)), (1, 2, TryNext(None))]));
        assert!(delivers(&[(0, 3, Complete(7)), (1, 2, TryNext(Some(7)))]));
        assert!(delivers(&[
            (0, 3, Complete(7)),
            (1, 2, Complete(8)),
            (4, 5, NextBatch(vec![8, 7]))
        ]));
        assert!(delivers(&[(0, 3, Complete(7)), (1, 2, Close)]));
    }

    #[test]
    fn a_completion_that_is_over_must_be_seen() {
        assert!(!delivers(&[(0, 1, Complete(7)), (2, 3, TryNext(None))]));
    }

    #[test]
    fn completions_one_after_the_other_are_handed_out_in_their_order() {
        let swapped = [(0, 1, Complete(7)), (2, 3, Complete(8)), (4, 5, NextBatch(vec![8, 7]))];
        assert!(!delivers(&swapped));
    }

    #[test]
    fn nothing_is_handed_out_twice_or_invented() {
        let twice = [(0, 1, Complete(7)), (2, 3, TryNext(Some(7))), (4, 5, TryNext(Some(7)))];
        assert!(!delivers(&twice));
        assert!(!delivers(&[(0, 1, TryNext(Some(7))), (2, 3, Complete(7))]));
    }

    #[test]
    fn a_cancellation_that_worked_excludes_a_value() {
        let now = Deed::Cancel(Cancelled::Now);
        let returned = Deed::Join(Outcome::Returned);
        let start = Deed::Start(true);
        let all =
            |cancel| [(0, 9, start), (1, 8, cancel), (2, 7, Deed::Complete), (3, 10, returned)];
        assert!(!lives(&all(now)));
        assert!(lives(&all(Deed::Cancel(Cancelled::Requested))));
        assert!(lives(&all(Deed::Cancel(Cancelled::NoLonger))));
    }

    #[test]
    fn what_has_been_seen_finished_stays_so() {
        let seen = |second| {
            [
                (0, 1, Deed::Start(true)),
                (2, 9, Deed::Complete),
                (3, 4, Deed::IsFinished(true)),
                (5, 6, Deed::TryJoin(second)),
            ]
        };
        assert!(lives(&seen(Outcome::Returned)));
        assert!(!lives(&seen(Outcome::NotYet)));
    }
}
