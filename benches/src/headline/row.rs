//! Ours, the best rival and the limit, over all rounds.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use serde::{Deserialize, Serialize};

use crate::headline::entrant::{Entrant, Path};
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
    fn readings(
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
    fn ratio(
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

/// Whom a path is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The best of the whole systems.
    Rivals,
    /// The best of those whose consumer parks.
    RivalsThatPark,
    /// Our pool with another way back.
    SamePool(Entrant),
}

/// One line of the headline, to be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What was measured.
    pub figure: Figure,
    /// With how many workers.
    pub workers: usize,
    /// On which path.
    pub path: Path,
    /// Compared with whom.
    pub field: Field,
}

/// One line of the headline. The fields are those of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was played, and what it came to.
    pub workload: String,
    /// Threads of the pool.
    pub workers: usize,
    /// Our path.
    pub path: String,
    /// The median over the rounds.
    pub ours: f64,
    /// What it is counted in.
    pub unit: String,
    /// Whether less is better.
    pub lower_is_better: bool,
    /// Who was best of those compared.
    pub best_rival: Option<String>,
    /// The best rival's median over the rounds.
    pub rival: Option<f64>,
    /// How many times better ours is than the best rival: the median of the rounds' ratios.
    pub ratio: Option<f64>,
    /// The lowest of the rounds' ratios.
    pub ratio_low: Option<f64>,
    /// The highest of the rounds' ratios.
    pub ratio_high: Option<f64>,
    /// The median over the rounds of what the machine allows.
    pub limit: Option<f64>,
    /// What that is.
    pub limit_name: Option<String>,
    /// How many times worse than the limit ours is: the median of the rounds' ratios.
    pub times_limit: Option<f64>,
    /// In how many rounds it was measured.
    pub rounds: usize,
    /// Cores in use meanwhile, by all threads together, the pacing left out.
    pub cpu_cores: Option<f64>,
    /// The same of the best rival: printed, and not part of the file.
    #[serde(skip)]
    pub rival_cores: Option<f64>,
}

impl Line {
    /// Every line there is.
    pub fn all(workers: &[usize]) -> Vec<Self> {
        let mut lines = Vec::new();
        for &workers in workers {
            for figure in Figure::all() {
                let parked = figure == Figure::PacedParked;
                let field = if parked { Field::RivalsThatPark } else { Field::Rivals };
                lines.extend(Path::ALL.map(|path| Self { figure, workers, path, field }));
            }
            for figure in [Figure::Windows, Figure::InFlightP50, Figure::Instructions] {
                let field = Entrant::OTHER_WAYS_BACK.map(Field::SamePool);
                lines.extend(field.map(|field| Self { figure, workers, path: Path::B, field }));
            }
        }
        lines
    }

    fn workload(self) -> String {
        match self.field {
            Field::Rivals | Field::RivalsThatPark => self.figure.to_string(),
            Field::SamePool(other) => format!("{} own pool, {other}", self.figure),
        }
    }

    fn field(self) -> Vec<Entrant> {
        match self.field {
            Field::Rivals => Entrant::RIVALS.to_vec(),
            Field::RivalsThatPark => {
                Entrant::RIVALS.into_iter().filter(|rival| rival.parks()).collect()
            }
            Field::SamePool(other) => vec![other],
        }
    }

    /// What plays the same at the least cost there can be; of growth there is none.
    fn limit(self) -> Option<Entrant> {
        match self.figure {
            Figure::PacedParked => Some(Entrant::ParkingRings),
            Figure::Growth => None,
            _ => Some(Entrant::Rings),
        }
    }

    /// Fills the line in; `None` if ours was not measured, or the only other.
    pub fn fill_in(self, records: &Records) -> Option<Row> {
        let Self { figure, workers, path, .. } = self;
        let ours = Entrant::Path(path);
        let value = |entrant| records.median((entrant, workers, figure), |r| Some(r.value));
        let cores = |entrant| records.median((entrant, workers, figure), |r| r.cores);
        let rivals = self.field().into_iter().filter_map(|rival| Some((rival, value(rival)?)));
        let best =
            rivals.reduce(
                |best, other| {
                    if figure.times_better(best.1, other.1) < 1.0 { other } else { best }
                },
            );
        let ratio = best.and_then(|(rival, _)| records.ratio((ours, rival), workers, figure));
        // Better than what is nothing already, or nothing against something: there is no number.
        let ratio = ratio.filter(|ratio| ratio.median.is_finite());
        if matches!(self.field, Field::SamePool(_)) && best.is_none() {
            return None;
        }
        let yardstick = self.limit();
        let limit = yardstick.and_then(value);
        let times = yardstick.and_then(|limit| records.ratio((limit, ours), workers, figure));
        Some(Row {
            workload: self.workload(),
            workers,
            path: path.to_string(),
            ours: value(ours)?,
            unit: figure.unit().to_owned(),
            lower_is_better: figure.lower_is_better(),
            best_rival: best.map(|(rival, _)| rival.name().to_owned()),
            rival: best.map(|(_, value)| value),
            ratio: ratio.map(|ratio| ratio.median),
            ratio_low: ratio.map(|ratio| ratio.low),
            ratio_high: ratio.map(|ratio| ratio.high),
            limit,
            limit_name: yardstick.filter(|_| limit.is_some()).map(|limit| limit.name().to_owned()),
            times_limit: times.map(|times| times.median),
            rounds: records.readings(ours, workers, figure).flatten().count(),
            cpu_cores: cores(ours),
            rival_cores: best.and_then(|(rival, _)| cores(rival)),
        })
    }
}
