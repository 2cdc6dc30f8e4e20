//! From what is asked for to what is run.

use std::time::Duration;

use photofinish_baselines::Entry;

use super::{Choice, Mode, Options};
use crate::cargo_flags::Task;
use crate::clock::Clock;
use crate::contestant::Contestant;
use crate::in_order::InOrder;
use crate::length::Length;
use crate::machine;
use crate::peers::Peer;
use crate::rate::Rate;
use crate::run::Conditions;
use crate::scenario::{Arrivals, Scenario, Waiting};
use crate::session::Plan;
use crate::stamps::Load;
use crate::work::{Pace, Work};

impl Options {
    /// All runs that are asked for.
    pub fn plan(&self, pace: Pace) -> Plan {
        // Milliseconds recorded, and milliseconds before that.
        let (rounds, duration, warm_up) = match (self.task(), self.quick) {
            (Task::Smoke, _) => (1, 20, 5),
            (Task::Measure | Task::List, true) => (self.rounds, 120, 30),
            (Task::Measure | Task::List, false) => (self.rounds, 800, 100),
        };
        let or = |length: Option<Length>, default| {
            length.map_or(Duration::from_millis(default), |length| length.0)
        };
        let workers = self.workers.unwrap_or_else(|| machine::cores().max(2) - 1);
        let conditions = Conditions {
            workers,
            pinned: self.pin,
            counted: false,
            warm_up: or(self.warm_up, warm_up),
            duration: or(self.duration, duration),
            patience: Duration::from_secs(10),
        };
        let mut pairs: Vec<(Scenario, Contestant)> = Vec::new();
        for scenario in self.all_scenarios(pace, workers) {
            let slug = scenario.slug();
            for contestant in self.contestants(&scenario) {
                let same = |(other, design): &(Scenario, Contestant)| {
                    (other.slug(), design.name()) == (slug.clone(), contestant.name())
                };
                let name = format!("{slug}/{}", contestant.name());
                let wanted = self.filter.as_ref().is_none_or(|filter| name.contains(filter));
                if wanted && !pairs.iter().any(same) {
                    pairs.push((scenario, contestant));
                }
            }
        }
        Plan { pairs, conditions, rounds, surroundings: self.task() == Task::Measure }
    }

    /// The designs that are asked for; in a burst, also what has no completion order.
    fn contestants(&self, scenario: &Scenario) -> Vec<Contestant> {
        let arrivals = scenario.arrivals;
        let all = self.full && self.designs.is_empty() || self.designs.contains(&Choice::All);
        let choices: Vec<Choice> = match self.designs.is_empty() {
            _ if all => {
                let installed = Peer::ALL.into_iter().filter(|peer| peer.find().is_ok());
                let entries = Entry::ALL.iter().copied().map(Choice::One);
                entries.chain(installed.map(Choice::Peer)).collect()
            }
            true => Entry::DEFAULT.iter().copied().map(Choice::One).collect(),
            false => self.designs.clone(),
        };
        let contestant = |choice| match choice {
            Choice::All => None,
            Choice::One(entry) => Some(Contestant::listed(entry)),
            Choice::Peer(peer) => Contestant::peer(peer, scenario),
        };
        let in_order = matches!(arrivals, Arrivals::Burst { .. });
        let in_order = in_order.then(Contestant::of::<InOrder<_>, Clock>);
        choices.into_iter().filter_map(contestant).chain(in_order).collect()
    }

    fn all_scenarios(&self, pace: Pace, workers: usize) -> Vec<Scenario> {
        let asked = |mode| self.scenarios.contains(&mode);
        let rates = or(
            &self.rates,
            match self.full {
                true => [25.0, 50.0, 75.0, 90.0].map(Rate::PercentOfPeak).to_vec(),
                false => [10_000.0, 30_000.0].map(Rate::PerSecond).to_vec(),
            },
        );
        let spin_rates = if self.full { rates.clone() } else { or(&self.rates, vec![rates[0]]) };
        let mut scenarios = Vec::new();
        if asked(Mode::Open) {
            scenarios.extend(self.open_loops(&rates, Waiting::Parked, pace, workers));
        }
        if asked(Mode::Spin) {
            scenarios.extend(self.open_loops(&spin_rates, Waiting::Spinning, pace, workers));
        }
        if asked(Mode::Window) {
            scenarios.extend(self.closed_loops(pace));
        }
        if asked(Mode::Burst) {
            scenarios.extend(self.all_bursts());
        }
        scenarios
    }

    fn open_loops(
        &self,
        rates: &[Rate],
        waiting: Waiting,
        pace: Pace,
        workers: usize,
    ) -> Vec<Scenario> {
        let micros = |length| Length(Duration::from_micros(length));
        let tasks = or(
            &self.tasks,
            match self.full {
                true => vec![micros(5), micros(20), micros(100), micros(1000)],
                false => vec![micros(20)],
            },
        );
        let scenarios = tasks.iter().flat_map(|task| {
            rates.iter().map(move |rate| Scenario {
                arrivals: Arrivals::OpenLoop { rate: rate.for_tasks(task.0, workers), waiting },
                work: Work::lasting(task.0, pace),
                load: Load::None,
            })
        });
        scenarios.collect()
    }

    fn closed_loops(&self, pace: Pace) -> Vec<Scenario> {
        let windows = or(&self.windows, if self.full { vec![1, 64, 1024] } else { vec![64] });
        let loads = or(&self.closures, vec![Load::None]);
        let asked =
            loads.iter().flat_map(|load| windows.iter().map(move |window| (*window, *load)));
        let all_loads = self.full && self.closures.is_empty();
        let more = Load::ALL.into_iter().filter(|_| all_loads).map(|load| (64, load));
        let scenario = |(in_flight, load)| Scenario {
            arrivals: Arrivals::Window { in_flight },
            work: Work::lasting(self.window_task.0, pace),
            load,
        };
        asked.chain(more).map(scenario).collect()
    }

    fn all_bursts(&self) -> Vec<Scenario> {
        let bursts = or(&self.bursts, if self.full { vec![64, 1000] } else { vec![64] });
        let scenario = |size| Scenario {
            arrivals: Arrivals::Burst { size },
            work: Work::asleep(self.burst_task.0),
            load: Load::None,
        };
        bursts.into_iter().map(scenario).collect()
    }
}

/// What was `given`, or else the default.
fn or<T: Clone>(given: &[T], default: Vec<T>) -> Vec<T> {
    if given.is_empty() { default } else { given.to_vec() }
}
