//! All runs of a plan, interleaved.

use std::time::{Duration, Instant, SystemTime};

use crate::contestant::Contestant;
use crate::interval_log::IntervalLog;
use crate::jitter::Jitter;
use crate::limits::{Effort, Limits};
use crate::machine::{CoreTime, Shares};
use crate::recorder::Measure;
use crate::run::{Conditions, Play, Run};
use crate::scenario::Scenario;
use crate::series::{Failure, Tally};

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    /// The designs of each scenario, scenario by scenario; what the others are compared with is
    /// the first of each.
    pub pairs: Vec<(Scenario, Contestant)>,
    /// How every run is conducted.
    pub conditions: Conditions,
    /// How often.
    pub rounds: usize,
    /// Whether the machine's own limits and its jitter are measured in each round.
    pub surroundings: bool,
}

/// A run that is about to begin.
#[derive(Debug)]
pub struct Next<'a> {
    /// The round, from 1; the round 0 counts allocations.
    pub round: usize,
    /// What is run.
    pub scenario: &'a Scenario,
    /// On which design.
    pub design: &'static str,
}

/// What came of a plan, or of the part of it that was played.
#[derive(Debug)]
pub struct Session {
    /// Every pair of the plan, in its order.
    pub tallies: Vec<Tally>,
    /// Each round of each series.
    pub log: IntervalLog,
    /// The machine's own delays.
    pub jitter: Jitter,
    /// The machine's own limits, one for each round.
    pub limits: Vec<Limits>,
    /// Whether everything that was planned was played.
    pub is_complete: bool,
    /// When it began.
    pub started: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What went on beside it, where the system tells.
    pub shares: Option<Shares>,
}

impl Session {
    /// Whether it ended before anything was measured, or any design had failed.
    pub fn is_empty(&self) -> bool {
        self.tallies.iter().all(|tally| tally.rounds() == 0 && tally.failure.is_none())
    }

    /// The designs that did not deliver every task exactly once.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.tallies.iter().filter_map(|tally| tally.failure.as_ref())
    }
}

impl Plan {
    /// How many runs there are, those that count allocations aside.
    pub fn runs(&self) -> usize {
        self.pairs.len() * self.rounds
    }

    /// How long all runs take, if no design is saturated.
    pub fn length(&self) -> Duration {
        (self.conditions.warm_up + self.conditions.duration) * self.runs() as u32
    }

    /// How allocations are counted: briefly, and apart from everything that is timed.
    fn counted(&self) -> Conditions {
        const BRIEFLY: Duration = Duration::from_millis(40);
        let duration = self.conditions.duration.min(BRIEFLY);
        Conditions { counted: true, duration, pinned: false, ..self.conditions }
    }

    /// Plays everything: each round goes through all scenarios, and in each through all designs,
    /// beginning with another one than the round before, so that what disturbs the machine for a
    /// while, or comes after a certain design, disturbs all of them. Before each run, while
    /// nothing is being measured, `announce` is told of it, and says whether to go on; what was
    /// played until then is a session as well. A design that loses or duplicates a result is not
    /// asked again in that scenario.
    pub fn play(&self, mut announce: impl FnMut(Next<'_>) -> bool) -> Session {
        let started = SystemTime::now();
        let (begun, before) = (Instant::now(), CoreTime::now());
        let tally =
            |(scenario, design): &(Scenario, Contestant)| Tally::new(design.name(), *scenario);
        let mut session = Session {
            tallies: self.pairs.iter().map(tally).collect(),
            log: IntervalLog::begin(started),
            jitter: Jitter::new(),
            limits: Vec::new(),
            is_complete: false,
            started,
            took: Duration::ZERO,
            shares: None,
        };
        let scenarios: Vec<_> = self.pairs.iter().map(|(scenario, _)| scenario.slug()).collect();
        session.is_complete = (0..=self.rounds).all(|round| {
            if round > 0 {
                self.look_around(&mut session);
            }
            order(&scenarios, round).into_iter().all(|pair| {
                let (scenario, contestant) = &self.pairs[pair];
                let goes_on = announce(Next { round, scenario, design: contestant.name() });
                if goes_on && session.tallies[pair].failure.is_none() {
                    self.play_one(round, pair, begun, &mut session);
                }
                goes_on
            })
        });
        session.took = begun.elapsed();
        session.shares = before.and_then(|before| Some(CoreTime::now()?.since(before)));
        session
    }

    fn play_one(&self, round: usize, pair: usize, begun: Instant, session: &mut Session) {
        let (scenario, contestant) = &self.pairs[pair];
        let tally = &mut session.tallies[pair];
        let conditions = if round == 0 { self.counted() } else { self.conditions };
        let offset = begun.elapsed() + conditions.warm_up;
        match contestant.play(Play { scenario: *scenario, conditions }) {
            Ok(run) if round == 0 => tally.allocated = run.allocated,
            Ok(run) => {
                tally.add(&run);
                log(&mut session.log, tally, &run, offset);
            }
            Err(trouble) => {
                let (design, scenario) = (contestant.name(), scenario.to_string());
                tally.failure = Some(Failure { design, scenario, round, trouble });
            }
        }
    }

    /// Measures what the machine does without us.
    fn look_around(&self, session: &mut Session) {
        const LOOK: Duration = Duration::from_millis(50);
        if self.surroundings {
            session.jitter.sample(LOOK);
            session.limits.push(Limits::measure(Effort::Full));
        }
    }
}

/// The places of `scenarios` in the order of a round: those of one scenario stay together, and
/// another one of them begins than in the round before.
fn order<S: PartialEq>(scenarios: &[S], round: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scenarios.len()).collect();
    let mut rest = &mut places[..];
    for scenario in scenarios.chunk_by(S::eq) {
        let (these, later) = rest.split_at_mut(scenario.len());
        these.rotate_left(round % these.len());
        rest = later;
    }
    places
}

/// Logs what a run recorded, measure by measure.
fn log(log: &mut IntervalLog, tally: &Tally, run: &Run, offset: Duration) {
    for measure in Measure::ALL {
        let sample = run.recorder.histogram(measure);
        if !sample.is_empty() {
            let (scenario, measure) = (tally.scenario.slug(), measure.slug());
            log.add(&format!("{scenario}/{}/{measure}", tally.design), offset, run.elapsed, sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn in_each_round_another_design_begins() {
        let scenarios = ["open", "open", "open", "burst", "burst"];
        assert_eq!(order(&scenarios, 1), [1, 2, 0, 4, 3]);
        assert_eq!(order(&scenarios, 2), [2, 0, 1, 3, 4]);
        assert_eq!(order(&scenarios, 3), [0, 1, 2, 4, 3]);
        assert!(order::<u8>(&[], 1).is_empty());
    }
}
