//! A design that loses or duplicates a result is caught, and named.
//!
//! The designs live in a time of their own: a result that is lost is waited for in no time, and no
//! machine is so busy that one is taken for lost which is not.

mod virtual_time;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use photofinish_baselines::Design;
use photofinish_bench::contestant::{Contestant, Trouble};
use photofinish_bench::report::page::page;
use photofinish_bench::report::table::Tables;
use photofinish_bench::results::Results;
use photofinish_bench::roll::Fault;
use photofinish_bench::run::{Conditions, Play};
use photofinish_bench::scenario::{Arrivals, LONG_FACTOR, Scenario, Waiting};
use photofinish_bench::series::Failure;
use photofinish_bench::session::Plan;
use photofinish_bench::stamps::{Load, Stamps};
use photofinish_bench::work::Work;

use virtual_time::{NOW, VirtualTime, epoch};

/// What a spoilt design does with task 7.
#[derive(PartialEq)]
enum Spoils {
    Nothing,
    /// Never gives it, and knows.
    Withholds,
    /// Never gives it, and believes it has.
    Forgets,
    /// Gives it again when there is nothing else.
    Repeats,
}

const SPOILT: u64 = 7;

/// Runs each task when it is submitted, and has a fault built in.
#[derive(Default)]
struct Spoilt<const KIND: u8> {
    finished: VecDeque<Stamps>,
    withheld: usize,
    again: Option<Stamps>,
}

impl<const KIND: u8> Spoilt<KIND> {
    const SPOILS: Spoils = match KIND {
        0 => Spoils::Nothing,
        1 => Spoils::Withholds,
        2 => Spoils::Forgets,
        _ => Spoils::Repeats,
    };

    fn spoil(&mut self, stamps: Option<Stamps>) -> Option<Stamps> {
        let Some(stamps) = stamps else { return self.again.take() };
        if stamps.number != SPOILT {
            return Some(stamps);
        }
        match Self::SPOILS {
            Spoils::Nothing => Some(stamps),
            Spoils::Withholds => {
                self.withheld += 1;
                None
            }
            Spoils::Forgets => None,
            Spoils::Repeats => {
                self.again = Some(stamps);
                Some(stamps)
            }
        }
    }
}

impl<const KIND: u8> Design<Stamps> for Spoilt<KIND> {
    const NAME: &'static str = "spoilt";

    fn with_workers(_: usize) -> Self {
        Self::default()
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> Stamps + Send + 'static,
    {
        self.finished.push_back(task());
    }

    fn next(&mut self) -> Option<Stamps> {
        self.try_next()
    }

    fn try_next(&mut self) -> Option<Stamps> {
        let stamps = self.finished.pop_front();
        self.spoil(stamps)
    }

    fn next_until(&mut self, deadline: Instant) -> Option<Stamps> {
        let stamps = self.try_next();
        if stamps.is_none() {
            let deadline = deadline.saturating_duration_since(epoch()).as_nanos() as u64;
            NOW.set(NOW.get().max(deadline));
        }
        stamps
    }

    fn outstanding(&self) -> usize {
        self.finished.len() + self.withheld
    }
}

const OPEN: Arrivals = Arrivals::OpenLoop { rate: 2_000.0, waiting: Waiting::Parked };
const WINDOW: Arrivals = Arrivals::Window { in_flight: 16 };

fn scenario(arrivals: Arrivals) -> Scenario {
    Scenario { arrivals, work: Work::asleep(Duration::from_micros(20)), load: Load::None }
}

fn conditions() -> Conditions {
    Conditions {
        workers: 1,
        pinned: false,
        counted: false,
        warm_up: Duration::from_millis(1),
        duration: Duration::from_millis(20),
        patience: Duration::from_millis(200),
    }
}

fn play<const KIND: u8>(arrivals: Arrivals) -> Result<u64, Fault> {
    let play = Play { scenario: scenario(arrivals), conditions: conditions() };
    play.on::<Spoilt<KIND>, VirtualTime>().map(|run| run.recorded)
}

#[test]
fn an_honest_design_passes() {
    assert_eq!(play::<0>(OPEN), Ok(40));
    assert!(play::<0>(WINDOW).is_ok());
}

#[test]
fn a_lost_result_is_caught() {
    for arrivals in [OPEN, WINDOW] {
        for fault in [play::<1>(arrivals), play::<2>(arrivals)] {
            let Err(Fault::Lost { first: SPOILT, missing, of }) = fault else {
                panic!("a result was lost, and the verdict is {fault:?}");
            };
            assert!(missing >= 1 && of > SPOILT);
        }
    }
}

#[test]
fn a_result_that_comes_twice_is_caught() {
    for arrivals in [OPEN, WINDOW] {
        assert_eq!(play::<3>(arrivals), Err(Fault::Twice { number: SPOILT }));
    }
}

/// Gives a result when its task has slept, and not before.
#[derive(Default)]
struct Sleeper(VecDeque<Stamps>);

impl Design<Stamps> for Sleeper {
    const NAME: &'static str = "sleeper";

    fn with_workers(_: usize) -> Self {
        Self::default()
    }

    fn submit<F>(&mut self, task: F)
    where
        F: FnOnce() -> Stamps + Send + 'static,
    {
        let begun = NOW.get();
        self.0.push_back(task());
        NOW.set(begun);
    }

    fn next(&mut self) -> Option<Stamps> {
        NOW.set(NOW.get().max(self.0.front()?.ended));
        self.0.pop_front()
    }

    fn try_next(&mut self) -> Option<Stamps> {
        let comes = self.0.front()?.ended;
        if comes <= NOW.get() { self.0.pop_front() } else { None }
    }

    fn next_until(&mut self, deadline: Instant) -> Option<Stamps> {
        let deadline = deadline.saturating_duration_since(epoch()).as_nanos() as u64;
        let comes = self.0.front().map_or(deadline, |stamps| stamps.ended);
        NOW.set(NOW.get().max(comes.min(deadline)));
        self.try_next()
    }

    fn outstanding(&self) -> usize {
        self.0.len()
    }
}

#[test]
fn a_task_that_takes_longer_than_there_is_patience_is_not_lost() {
    let length = conditions().patience + Duration::from_millis(1);
    let tasks = [(WINDOW, length), (Arrivals::Burst { size: 16 }, length / LONG_FACTOR)];
    for (arrivals, length) in tasks {
        let scenario = Scenario { work: Work::asleep(length), ..scenario(arrivals) };
        let run = Play { scenario, conditions: conditions() }.on::<Sleeper, VirtualTime>();
        assert!(run.is_ok(), "{scenario}: {:?}", run.err());
    }
}

#[test]
fn the_failure_names_the_design_and_the_task() {
    let failure = Failure {
        design: <Spoilt<3> as Design<Stamps>>::NAME,
        scenario: scenario(WINDOW).to_string(),
        round: 2,
        trouble: Trouble::Fault(Fault::Twice { number: SPOILT }),
    };
    assert_eq!(
        failure.to_string(),
        "spoilt delivered task 7 twice (closed loop, a window of 16 in flight, each 20µs; round 2)"
    );
}

/// Nothing is made of the numbers of a design that is not sound, and every output says why.
#[test]
fn every_output_names_the_design_and_leaves_its_numbers_out() {
    let window = scenario(WINDOW);
    let plan = Plan {
        pairs: vec![
            (window, Contestant::of::<Spoilt<0>, VirtualTime>()),
            (window, Contestant::of::<Spoilt<3>, VirtualTime>()),
        ],
        conditions: conditions(),
        rounds: 2,
        surroundings: false,
    };
    let session = plan.play(|_| true);
    assert_eq!(session.failures().count(), 1);
    let results = Results::of(&plan, &session);
    let [sound, spoilt] = &results.scenarios[0].designs[..] else { panic!("two designs") };
    assert!(sound.failure.is_none() && !sound.samples.is_empty());
    assert!(spoilt.failure.is_some() && spoilt.samples.is_empty() && spoilt.ratios.is_empty());
    let said = "spoilt delivered task 7 twice";
    let json = serde_json::to_string(&results).unwrap();
    for output in [Tables(&results).to_string(), page(&results), json] {
        assert!(output.contains(said), "{output}");
    }
}
