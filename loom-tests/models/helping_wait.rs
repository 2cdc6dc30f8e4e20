//! A worker that waits parks as its pool's sleeper, or is refused the wait because its stack is
//! nearly used up.
//!
//! The helper of a thread is found through a thread-local of `std`, which all threads of a model
//! share: only one thread of each model here waits.

use std::cell::Cell;
use std::rc::Rc;

use photofinish_loom_tests::Bound::Unbounded;
use photofinish_loom_tests::{Crossing, Value, Witness, model};
use photofinish_protocol::helper::{Helper, assist};
use photofinish_protocol::sync::Parker;
use photofinish_protocol::{CompletionSet, JoinError, TooDeep};

use super::{Full, Threads, ThreadsThatCross, completed_elsewhere, number};

/// A worker of a pool that never has work.
struct Idle {
    parked: &'static Witness,
    left: Cell<bool>,
}

impl Helper for Idle {
    fn help(&self) -> Result<bool, TooDeep> {
        Ok(false)
    }

    fn park(&self, parker: &Parker) {
        self.parked.seen();
        parker.park();
    }

    fn leave(&self) {
        self.left.set(true);
    }
}

#[test]
fn a_worker_that_parks_as_a_sleeper_is_woken_by_its_result() {
    static PARKED: Witness = Witness::new("the worker parked");
    static READY: Witness = Witness::new("the task was ready before the worker waited");
    model("helping_wait_parks", Unbounded, &[&PARKED, &READY], || {
        let mut set = CompletionSet::new();
        let delivered = Crossing::new();
        set.submit(&ThreadsThatCross(delivered.clone()), || Value::new(7));
        delivered.pass();
        let helper = Rc::new(Idle { parked: &PARKED, left: Cell::new(false) });
        let finished = assist(helper.clone(), || set.next_finished().unwrap());
        assert_eq!(number(finished.outcome), 7);
        // A wait that finds its task at once does not ask the pool for anything.
        READY.seen_if(!helper.left.get());
    });
}

#[test]
fn a_refused_wait_takes_the_outcome_or_leaves_the_task() {
    static REFUSED: Witness = Witness::new("the wait was refused");
    static FINISHED: Witness = Witness::new("the task had finished all the same");
    model("refused_wait_of_a_set", Unbounded, &[&REFUSED, &FINISHED], || {
        let mut set = CompletionSet::new();
        set.submit(&Threads, || Value::new(7));
        match assist(Rc::new(Full), || set.next_finished().unwrap()).outcome {
            Ok(value) => {
                FINISHED.seen();
                assert_eq!(value.number(), 7);
            }
            Err(JoinError::TooDeep(_)) => REFUSED.seen(),
            Err(error) => panic!("neither returned nor refused: {error}"),
        }
        assert!(set.is_empty());
        assert!(assist(Rc::new(Full), || set.next_finished()).is_none());
    });
}

#[test]
fn a_refused_join_takes_the_outcome_or_leaves_the_task() {
    static REFUSED: Witness = Witness::new("the join was refused");
    static FINISHED: Witness = Witness::new("the task had finished all the same");
    model("refused_join", Unbounded, &[&REFUSED, &FINISHED], || {
        let handle = completed_elsewhere(7);
        match assist(Rc::new(Full), || handle.join()) {
            Ok(value) => {
                FINISHED.seen();
                assert_eq!(value.number(), 7);
            }
            Err(JoinError::TooDeep(_)) => REFUSED.seen(),
            Err(error) => panic!("neither returned nor refused: {error}"),
        }
    });
}
