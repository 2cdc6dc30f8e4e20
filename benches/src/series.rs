//! One measure of one design in one scenario, over all rounds.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::allocations::PerTask;
use crate::contestant::Trouble;
use crate::percentile::Percentile;
use crate::recorder::{Measure, histogram};
use crate::run::Run;
use crate::scenario::Scenario;
use crate::usage::Usage;

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

    /// The percentiles of each round, in order.
    pub fn each_round(&self) -> impl Iterator<Item = [Option<u64>; Percentile::ALL.len()]> {
        self.rounds.iter().copied()
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
    /// In a burst, place by place, how long after its beginning so many results were in hand.
    pub places: Vec<Vec<u64>>,
    /// What a task allocates, if it was counted.
    pub allocated: Option<PerTask>,
    /// What it has done wrong, and in which round. Its numbers are worth nothing then.
    pub failure: Option<Failure>,
    rounds: usize,
    recorded: u64,
    submitted: u64,
    elapsed: Duration,
    lasted: Duration,
    used: Option<Usage>,
    cut_short: bool,
}

/// A design that did not deliver every task exactly once, or could not be run.
#[derive(Debug)]
pub struct Failure {
    /// The design's name.
    pub design: &'static str,
    /// In which scenario.
    pub scenario: String,
    /// In which round, from 1; the round 0 counts allocations.
    pub round: usize,
    /// What it did.
    pub trouble: Trouble,
}

/// What the process used, on the average of all tasks.
#[derive(Clone, Copy, Debug)]
pub struct Consumption {
    /// Core time in user mode, in nanoseconds for a task.
    pub user: f64,
    /// Core time in the kernel, in nanoseconds for a task.
    pub system: f64,
    /// How often a thread gave its core up, for a task.
    pub voluntary: f64,
    /// How often a core was taken from a thread, for a task.
    pub involuntary: f64,
    /// How many cores were busy, on the average of the time.
    pub cores: f64,
}

impl Tally {
    /// No rounds yet.
    pub fn new(design: &'static str, scenario: Scenario) -> Self {
        Self {
            design,
            scenario,
            series: Measure::ALL.map(Series::new),
            places: Vec::new(),
            allocated: None,
            failure: None,
            rounds: 0,
            recorded: 0,
            submitted: 0,
            elapsed: Duration::ZERO,
            lasted: Duration::ZERO,
            used: Some(Usage::default()),
            cut_short: false,
        }
    }

    /// Adds a round.
    pub fn add(&mut self, run: &Run) {
        for series in &mut self.series {
            series.add(run.recorder.histogram(series.measure));
        }
        self.places.resize(run.places.len(), Vec::new());
        self.places.iter_mut().zip(&run.places).for_each(|(all, new)| all.extend(new));
        self.rounds += 1;
        self.recorded += run.recorded;
        self.submitted += run.submitted;
        self.elapsed += run.elapsed;
        self.lasted += run.lasted;
        self.used = self.used.and_then(|used| Some(used + run.usage?));
        self.cut_short |= run.cut_short;
    }

    /// The series of `measure`.
    pub fn of(&self, measure: Measure) -> &Series {
        &self.series[measure as usize]
    }

    /// How many rounds were played.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// How many tasks came back per second.
    pub fn achieved_rate(&self) -> f64 {
        self.recorded as f64 / self.elapsed.as_secs_f64()
    }

    /// What the process used for each task, the lab's own part included; `None` where the system
    /// does not tell.
    pub fn consumption(&self) -> Option<Consumption> {
        let used = self.used.filter(|_| self.submitted > 0)?;
        let per_task = |amount: u64| amount as f64 / self.submitted as f64;
        Some(Consumption {
            user: per_task(used.user),
            system: per_task(used.system),
            voluntary: per_task(used.voluntary),
            involuntary: per_task(used.involuntary),
            cores: used.core_time().as_secs_f64() / self.lasted.as_secs_f64(),
        })
    }

    /// Whether the design did not keep up with an open loop: its latencies then say more about
    /// how long the run was than about the design. What a stall near the end of a round delays is
    /// not that.
    pub fn is_saturated(&self) -> bool {
        const SHARE: f64 = 0.01;
        const STALL: f64 = 0.005;
        let behind = |rate: f64| {
            let planned = self.recorded as f64 / rate;
            let tolerable = (SHARE * planned).max(STALL * self.rounds as f64);
            self.cut_short || self.elapsed.as_secs_f64() - planned > tolerable
        };
        self.scenario.arrivals.target_rate().is_some_and(behind)
    }

    /// In how many rounds something else held the cores: the median task took clearly longer
    /// than its calibrated work.
    pub fn disturbed_rounds(&self) -> usize {
        const CLEARLY: f64 = 1.1;
        let length = self.scenario.work.length().as_nanos() as f64;
        let medians = self.of(Measure::Run).by_round(Percentile::P50).flatten();
        let busy = self.scenario.work.is_busy() && length > 0.0;
        medians.filter(|median| busy && *median as f64 > CLEARLY * length).count()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { design, scenario, round, trouble } = self;
        write!(f, "{design} {trouble} ({scenario}; round {round})")
    }
}

impl Error for Failure {}
