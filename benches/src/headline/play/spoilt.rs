//! A course that loses or duplicates a result: every turn has to notice.

use std::collections::VecDeque;
use std::fmt::Debug;

use super::latency::{InFlight, Paced};
use super::memory::Mallocs;
use super::throughput::{Drain, Windows};
use crate::headline::body::{Body, Number};
use crate::headline::course::Course;
use crate::headline::entrant::Turn;
use crate::roll::Fault;
use crate::work::Work;

/// What becomes of the result of task 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoils {
    Nothing,
    /// It never comes, and the course knows.
    Withholds,
    /// It never comes, and the course believes that it has.
    Forgets,
    /// It comes twice.
    Repeats,
    /// It comes, and the course believes that it has not.
    Miscounts,
}

const SPOILT: usize = 6;

/// Runs each task when it is submitted. It stands for any design: all that a turn sees of one is
/// what comes back.
struct Spoilt<T> {
    spoils: Spoils,
    results: VecDeque<T>,
    submitted: usize,
    miscounted: usize,
}

impl<B: Body<Back: Copy>> Course<B> for Spoilt<B::Back> {
    fn submit(&mut self, body: B) {
        let back = body.run();
        let spoils = if self.submitted == SPOILT { self.spoils } else { Spoils::Nothing };
        self.submitted += 1;
        let (times, miscounted) = match spoils {
            Spoils::Nothing => (1, 0),
            Spoils::Withholds => (0, 1),
            Spoils::Forgets => (0, 0),
            Spoils::Repeats => (2, 0),
            Spoils::Miscounts => (1, 1),
        };
        self.results.extend(std::iter::repeat_n(back, times));
        self.miscounted += miscounted;
    }

    fn next(&mut self) -> Option<B::Back> {
        self.results.pop_front()
    }

    fn try_next(&mut self) -> Option<B::Back> {
        self.results.pop_front()
    }

    fn outstanding(&self) -> usize {
        self.results.len() + self.miscounted
    }
}

/// What a turn makes of the course.
fn verdict<B, V, M>(spoils: Spoils, turn: V) -> Result<(), Fault>
where
    B: Body<Back: Copy>,
    V: Turn<B, Output = Result<M, Fault>>,
{
    let results = VecDeque::new();
    let mut course = Spoilt { spoils, results, submitted: 0, miscounted: 0 };
    turn.take(&mut course).map(drop)
}

const TASKS: u64 = 40;

/// The verdicts of all turns.
fn verdicts(spoils: Spoils) -> [Result<(), Fault>; 5] {
    [
        verdict(spoils, Windows { tasks: TASKS, window: 10, body: Number }),
        verdict(spoils, Drain { tasks: TASKS }),
        verdict(spoils, InFlight { tasks: TASKS }),
        verdict(spoils, Paced { tasks: TASKS, work: Work::NONE }),
        verdict(spoils, Mallocs { tasks: TASKS }),
    ]
}

#[test]
fn an_honest_course_passes() {
    assert_eq!(verdicts(Spoils::Nothing), [Ok(()); 5]);
}

#[test]
fn a_lost_result_is_noticed() {
    for verdict in [verdicts(Spoils::Withholds), verdicts(Spoils::Forgets)].concat() {
        assert!(matches!(verdict, Err(Fault::Lost { first: 6, missing: 1, .. })), "{verdict:?}");
    }
}

#[test]
fn a_result_that_comes_twice_is_noticed() {
    assert_eq!(verdicts(Spoils::Repeats), [Err(Fault::Twice { number: 6 }); 5]);
}

#[test]
fn a_result_that_is_expected_for_ever_is_noticed() {
    assert_eq!(verdicts(Spoils::Miscounts), [Err(Fault::Overcounted { by: 1 }); 5]);
}
