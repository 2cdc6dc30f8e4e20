//! What a session found, in the form that every output is made from: what a table prints and what
//! a chart plots stands in the JSON file because it comes from here.

mod gather;

use serde::{Deserialize, Serialize};

use crate::allocations::PerTask;
use crate::machine::{Machine, Shares};
use crate::percentile::Percentile;
use crate::ratio::{Ratio, Verdict};
use crate::recorder::Measure;

/// The version of the layout below.
pub const FORMAT: u32 = 1;

/// Everything. Lengths of time are nanoseconds, none of them rounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of this layout.
    pub format: u32,
    /// When the session began.
    pub started: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whether everything that was planned was played.
    pub complete: bool,
    /// Where the numbers come from.
    pub machine: Machine,
    /// How the runs were conducted.
    pub conditions: Conditions,
    /// What should keep a reader from believing too much.
    pub warnings: Vec<String>,
    /// What the machine itself charges, medians of the rounds.
    pub limits: Vec<LimitReading>,
    /// The machine's own delays.
    pub jitter: Vec<Sample>,
    /// What was found, scenario by scenario.
    pub scenarios: Vec<Findings>,
    /// What has changed since the session before, if there was one on a machine like this.
    #[serde(default)]
    pub changes: Option<Changes>,
}

/// How the runs were conducted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Threads in the pool, unless a scenario takes more.
    pub workers: usize,
    /// How often every design was to be run.
    pub rounds: usize,
    /// For how long each run was recorded.
    pub duration_ns: u64,
    /// For how long each ran before that.
    pub warm_up_ns: u64,
    /// Whether threads were pinned to cores.
    pub pinned: bool,
    /// What one reading of the clock costs; every length contains about one.
    pub clock_read_ns: f64,
    /// What recording one task costs its consumer, between two tasks.
    pub recorder_ns: f64,
    /// How late the system may wake the pacer.
    pub timer_slack: String,
    /// What went on beside the session, where the system tells.
    pub shares: Option<Shares>,
}

/// One of the machine's limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitReading {
    /// What was measured.
    pub name: String,
    /// What it takes; nothing where it takes two cores and there is one.
    pub ns: Option<f64>,
}

/// What was found in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The scenario's name in files and filters.
    pub scenario: String,
    /// The scenario in words.
    pub title: String,
    /// Who set the pace.
    pub kind: Kind,
    /// The rate that was to be reached, in tasks per second.
    pub target_rate: Option<f64>,
    /// How long a task works.
    pub task_ns: u64,
    /// Threads in the pool.
    pub workers: usize,
    /// More threads than cores: what is measured is partly the scheduler.
    pub oversubscribed: bool,
    /// What was found of each design, ours first.
    pub designs: Vec<DesignFindings>,
}

/// Who set the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The clock, and the consumer parked.
    OpenParked,
    /// The clock, and the consumer spun.
    OpenSpinning,
    /// The design.
    Window,
    /// Nobody: all came at once.
    Burst,
}

/// What was found of one design in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignFindings {
    /// The design's name.
    pub design: String,
    /// What it did wrong. There are no numbers of it then.
    pub failure: Option<String>,
    /// How many rounds were played.
    pub rounds: usize,
    /// How many tasks came back per second; nothing in bursts, which pause.
    pub achieved_rate: Option<f64>,
    /// It did not keep up with the target.
    pub saturated: bool,
    /// In how many rounds tasks ran clearly longer than their calibrated work.
    pub disturbed_rounds: usize,
    /// What the process used for each task, the lab's own part included.
    pub consumption: Option<Consumption>,
    /// What a task allocates, counted in a run of its own.
    pub allocated: Option<PerTask>,
    /// What was measured.
    pub samples: Vec<Sample>,
    /// In a burst: how long after its beginning so many results were in hand.
    pub places: Vec<Place>,
    /// Against the first design of the scenario.
    pub ratios: Vec<RatioReading>,
}

/// What the process used, on the average of all tasks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consumption {
    /// Core time in user mode.
    pub user_ns: f64,
    /// Core time in the kernel.
    pub system_ns: f64,
    /// Context switches of threads that had nothing to do.
    pub voluntary_switches: f64,
    /// Context switches of threads that had.
    pub involuntary_switches: f64,
    /// How many cores were busy, on the average of the time.
    pub cores: f64,
}

/// One measure of one design, over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The measure's name.
    pub measure: String,
    /// The measure in words.
    pub description: String,
    /// How many values there are.
    pub count: u64,
    /// The smallest.
    pub min: u64,
    /// Their mean.
    pub mean: f64,
    /// How far they scatter around it.
    pub standard_deviation: f64,
    /// Those that the sample can carry.
    pub percentiles: Percentiles,
    /// The largest.
    pub max: u64,
    /// The percentiles of each round.
    pub rounds: Vec<Percentiles>,
    /// The percentile curve, as far as ten values lie beyond.
    pub curve: Vec<Point>,
}

/// A value for each percentile that a sample can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: Option<u64>,
    /// All but a tenth are at or below.
    pub p90: Option<u64>,
    /// All but one in a hundred.
    pub p99: Option<u64>,
    /// All but one in a thousand.
    #[serde(rename = "p99.9")]
    pub p99_9: Option<u64>,
    /// All but one in ten thousand.
    #[serde(rename = "p99.99")]
    pub p99_99: Option<u64>,
}

/// A point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// 1/(1-percentile): one value in so many lies beyond.
    pub one_in: f64,
    /// The value.
    pub ns: u64,
}

/// When so many results of a burst are in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How many results.
    pub results: usize,
    /// The median over all bursts.
    pub p50: u64,
}

/// One design against another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioReading {
    /// What is compared.
    pub measure: String,
    /// At which percentile.
    pub percentile: String,
    /// Which design is 1.
    pub against: String,
    /// How many times as long it takes.
    pub ratio: Ratio,
    /// What that says.
    pub verdict: Verdict,
}

/// What has changed since the session before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// When that session began.
    pub since: String,
    /// The version of the source it measured.
    pub commit: String,
    /// Every series that both have.
    pub series: Vec<Change>,
}

/// What has changed in one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The scenario's name.
    pub scenario: String,
    /// The design's name.
    pub design: String,
    /// The measure's name.
    pub measure: String,
    /// The percentile.
    pub percentile: String,
    /// How many times as long as before it takes now.
    pub ratio: Ratio,
    /// How many times as long the designs of the scenario take in the middle, if there are at
    /// least three: what is common to all is the machine's doing.
    pub drift: f64,
    /// What it says beyond the drift.
    pub verdict: Verdict,
}

impl Percentiles {
    /// The value at `percentile`.
    pub fn at(&self, percentile: Percentile) -> Option<u64> {
        let Self { p50, p90, p99, p99_9, p99_99 } = *self;
        let place = Percentile::ALL.iter().position(|known| *known == percentile)?;
        [p50, p90, p99, p99_9, p99_99][place]
    }
}

impl DesignFindings {
    /// The sample of `measure`, if there is one.
    pub fn sample(&self, measure: Measure) -> Option<&Sample> {
        self.samples.iter().find(|sample| sample.measure == measure.slug())
    }

    /// The ratio of `measure` at `percentile`, if there is one.
    pub fn ratio(&self, measure: Measure, percentile: Percentile) -> Option<&RatioReading> {
        let percentile = percentile.to_string();
        let wanted = |reading: &&RatioReading| {
            reading.measure == measure.slug() && reading.percentile == percentile
        };
        self.ratios.iter().find(wanted)
    }
}

impl Kind {
    /// The measures that are compared: of tasks, or of bursts.
    pub fn measures(self) -> [Measure; 3] {
        match self {
            Self::OpenParked | Self::OpenSpinning | Self::Window => Measure::OF_TASKS,
            Self::Burst => Measure::OF_BURSTS,
        }
    }

    /// What ratios are given for.
    pub fn compared(self) -> Vec<(Measure, Percentile)> {
        let pairs = |measures: &[Measure], percentiles: &[Percentile]| {
            let pair = |&measure| percentiles.iter().map(move |&percentile| (measure, percentile));
            measures.iter().flat_map(pair).collect()
        };
        match self {
            Self::OpenParked | Self::OpenSpinning | Self::Window => {
                let measures = [Measure::Delivery, Measure::EndToEnd];
                pairs(&measures, &[Percentile::P50, Percentile::P99])
            }
            Self::Burst => pairs(&Measure::OF_BURSTS, &[Percentile::P50]),
        }
    }
}

impl Results {
    /// What the machine does to a thread that waits as the consumer of `findings` does, and runs no
    /// design.
    pub fn machine_beside(&self, findings: &Findings) -> Option<&Sample> {
        let measure = match findings.kind {
            Kind::OpenParked => "asleep",
            Kind::OpenSpinning => "awake",
            Kind::Window | Kind::Burst => return None,
        };
        self.jitter.iter().find(|sample| sample.measure == measure)
    }
}

impl Findings {
    /// The designs whose numbers count, that is, which lost and duplicated nothing.
    pub fn sound(&self) -> impl Iterator<Item = &DesignFindings> {
        self.designs.iter().filter(|design| design.failure.is_none() && design.rounds > 0)
    }
}
