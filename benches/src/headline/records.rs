//! What was measured, round by round.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use crate::headline::entrant::Entrant;
use crate::headline::figure::{Figure, Reading};
use crate::limits::median;
use crate::ratio::Ratio;

/// What was measured, round by round.
#[derive(Debug, Default)]
pub struct Records {
    rounds: Vec<HashMap<(Entrant, usize, Figure), Reading>>,
}

impl Records {
    /// A new round begins.
    pub fn next_round(&mut self) {
        self.rounds.push(HashMap::new());
    }

    /// Notes what came of a run of the present round.
    ///
    /// # Panics
    ///
    /// If the figure has been noted already in this round, or no round has begun.
    pub fn note(&mut self, entrant: Entrant, workers: usize, reading: Reading) {
        let round = self.rounds.last_mut().expect("a round has begun");
        match round.entry((entrant, workers, reading.figure)) {
            Vacant(place) => drop(place.insert(reading)),
            Occupied(place) => panic!("{:?} has been measured twice in a round", place.key()),
        }
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// What a figure came to, round by round. Only our consumers can be told to park at once, so
    /// the others' figure is the one they have.
    pub(super) fn readings(
        &self,
        entrant: Entrant,
        workers: usize,
        figure: Figure,
    ) -> impl Iterator<Item = Option<Reading>> {
        let ours = matches!(entrant, Entrant::Path(_));
        let figure = if figure == Figure::PacedParked && !ours { Figure::Paced } else { figure };
        // There is one thread between two rings, whatever it is compared with.
        let workers = if entrant.is_yardstick() { 1 } else { workers };
        self.rounds.iter().map(move |round| round.get(&(entrant, workers, figure)).copied())
    }

    /// What was measured of somebody with so many workers, round by round.
    pub fn measured(&self, at: (Entrant, usize, Figure)) -> impl Iterator<Item = Reading> {
        self.rounds.iter().filter_map(move |round| round.get(&at).copied())
    }

    /// The median over the rounds of what `of` makes of a reading.
    pub fn median(
        &self,
        (entrant, workers, figure): (Entrant, usize, Figure),
        of: impl Fn(Reading) -> Option<f64>,
    ) -> Option<f64> {
        median(self.readings(entrant, workers, figure).flatten().filter_map(of))
    }

    /// How many times better `ours` is than `other`, round by round.
    pub(super) fn ratio(
        &self,
        (ours, other): (Entrant, Entrant),
        workers: usize,
        figure: Figure,
    ) -> Option<Ratio> {
        let ours = self.readings(ours, workers, figure);
        let rounds = ours.zip(self.readings(other, workers, figure));
        Ratio::over(
            rounds.filter_map(|(ours, other)| Some(figure.times_better(ours?.value, other?.value))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "measured twice")]
    fn a_figure_is_noted_once_in_a_round() {
        let mut records = Records::default();
        records.next_round();
        let reading = Reading { figure: Figure::Drain, value: 1.0, cores: None };
        records.note(Entrant::Rings, 1, reading);
        records.note(Entrant::Rings, 1, reading);
    }
}
