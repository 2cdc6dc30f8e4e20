//! One measure of one design in one scenario, over all rounds.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::percentile::Percentile;
use crate::recorder::{Measure, histogram};
use crate::run::Run;
use crate::scenario::{Arrivals, Scenario};

/// One measure over all rounds: a histogram of everything, and what each round came to.
#[derive(Debug)]
pub struct Series {
    /// What was measured.
    pub measure: Measure,
    /// The tasks of all rounds.
    pub histogram: Histogram<u64>,
    rounds: Vec<[Option<u64>; Percentile::ALL.len()]>,
}

impl Series {
    /// No rounds yet.
    pub fn new(measure: Measure) -> Self {
        Self { measure, histogram: histogram(), rounds: Vec::new() }
    }

    /// Adds a round.
    pub fn add(&mut self, round: &Histogram<u64>) {
        self.histogram.add(round).expect("all histograms have the same bounds");
        self.rounds.push(Percentile::ALL.map(|percentile| percentile.of(round)));
    }

    /// The percentile of each round, in order; `None` where the round's sample is too small.
    pub fn by_round(&self, percentile: Percentile) -> impl Iterator<Item = Option<u64>> {
        let place = Percentile::ALL.iter().position(|known| *known == percentile);
        self.rounds.iter().map(move |round| round[place?])
    }
}

/// All that is known of one design in one scenario.
#[derive(Debug)]
pub struct Tally {
    /// The design's name.
    pub design: &'static str,
    /// The scenario.
    pub scenario: Scenario,
    /// One series for each [`Measure`].
    pub series: [Series; Measure::ALL.len()],
    recorded: u64,
    elapsed: Duration,
    cut_short: bool,
}

impl Tally {
    /// No rounds yet.
    pub fn new(design: &'static str, scenario: Scenario) -> Self {
        Self {
            design,
            scenario,
            series: Measure::ALL.map(Series::new),
            recorded: 0,
            elapsed: Duration::ZERO,
            cut_short: false,
        }
    }

    /// Adds a round.
    pub fn add(&mut self, run: &Run) {
        for series in &mut self.series {
            series.add(run.recorder.histogram(series.measure));
        }
        self.recorded += run.recorded;
        self.elapsed += run.elapsed;
        self.cut_short |= run.cut_short;
    }

    /// The series of `measure`.
    pub fn of(&self, measure: Measure) -> &Series {
        &self.series[measure as usize]
    }

    /// How many tasks came back per second.
    pub fn achieved_rate(&self) -> f64 {
        self.recorded as f64 / self.elapsed.as_secs_f64()
    }

    /// Whether the design did not keep up with an open loop: its latencies then say more about
    /// how long the run was than about the design.
    pub fn is_saturated(&self) -> bool {
        const KEEPS_UP: f64 = 0.99;
        match self.scenario.arrivals {
            Arrivals::OpenLoop { rate } => self.cut_short || self.achieved_rate() < KEEPS_UP * rate,
            Arrivals::Window { .. } => false,
        }
    }

    /// In how many rounds something else held the cores: the median task took clearly longer
    /// than its calibrated work.
    pub fn disturbed_rounds(&self) -> usize {
        const CLEARLY: f64 = 1.1;
        let length = self.scenario.work.length().as_nanos() as f64;
        let medians = self.of(Measure::Run).by_round(Percentile::P50).flatten();
        medians.filter(|median| length > 0.0 && *median as f64 > CLEARLY * length).count()
    }
}
