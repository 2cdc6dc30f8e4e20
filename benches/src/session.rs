//! All runs of a plan, interleaved.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use photofinish_baselines::Entry;

use crate::roll::Fault;
use crate::run::{Conditions, Play};
use crate::scenario::Scenario;
use crate::series::Tally;

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    /// The designs of each scenario, scenario by scenario.
    pub pairs: Vec<(Scenario, Entry)>,
    /// How every run is conducted.
    pub conditions: Conditions,
    /// How often.
    pub rounds: usize,
}

/// A run that is about to begin.
#[derive(Debug)]
pub struct Next<'a> {
    /// The round, from 1.
    pub round: usize,
    /// What is run.
    pub scenario: &'a Scenario,
    /// On which design.
    pub design: Entry,
}

/// A design that did not deliver every task exactly once.
#[derive(Debug)]
pub struct Failure {
    /// The design's name.
    pub design: &'static str,
    /// In which scenario.
    pub scenario: String,
    /// In which round, from 1.
    pub round: usize,
    /// What it did.
    pub fault: Fault,
}

impl Plan {
    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.pairs.len() * self.rounds
    }

    /// How long all runs take, if no design is saturated.
    pub fn length(&self) -> Duration {
        (self.conditions.warm_up + self.conditions.duration) * self.runs() as u32
    }

    /// Plays everything: each round goes through all scenarios, and in each through all designs,
    /// so that what disturbs the machine for a while disturbs all of them. `announce` is called
    /// before each run, while nothing is being measured.
    ///
    /// # Errors
    ///
    /// [`Failure`] as soon as a design loses or duplicates a result.
    pub fn play(&self, mut announce: impl FnMut(Next<'_>)) -> Result<Vec<Tally>, Failure> {
        let tally = |(scenario, design): &(Scenario, Entry)| Tally::new(design.name(), *scenario);
        let mut tallies: Vec<Tally> = self.pairs.iter().map(tally).collect();
        for round in 1..=self.rounds {
            for ((scenario, design), tally) in self.pairs.iter().zip(&mut tallies) {
                announce(Next { round, scenario, design: *design });
                let play = Play { scenario: *scenario, conditions: self.conditions };
                let run = design.visit(play).map_err(|fault| Failure {
                    design: design.name(),
                    scenario: scenario.to_string(),
                    round,
                    fault,
                })?;
                tally.add(&run);
            }
        }
        Ok(tallies)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { design, scenario, round, fault } = self;
        write!(f, "{design} {fault} ({scenario}; round {round})")
    }
}

impl Error for Failure {}
