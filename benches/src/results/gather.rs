//! From a session to its results.

use hdrhistogram::Histogram;

use super::{
    Conditions, Consumption, DesignFindings, FORMAT, Findings, Kind, LimitReading, Percentiles,
    Place, Point, RatioReading, Results, Sample,
};
use crate::clock::Clock;
use crate::hgrm::TICKS_PER_HALF_DISTANCE;
use crate::limits::{Limit, Limits};
use crate::machine::{self, Machine, Shares, TimerSlack};
use crate::percentile::Percentile;
use crate::ratio::Ratio;
use crate::recorder::{Measure, Recorder};
use crate::scenario::{Arrivals, Scenario, Waiting};
use crate::series::{Series, Tally};
use crate::session::{Plan, Session};
use crate::work::nanoseconds;

impl Results {
    /// What `session`, which played `plan`, has found.
    pub fn of(plan: &Plan, session: &Session) -> Self {
        let same = |a: &Tally, b: &Tally| a.scenario.slug() == b.scenario.slug();
        let scenarios = session.tallies.chunk_by(same);
        let limits = Limits::medians(&session.limits);
        let limits = Limit::ALL
            .into_iter()
            .filter(|_| !session.limits.is_empty())
            .map(|limit| LimitReading { name: limit.name().to_owned(), ns: limits.of(limit) });
        let conditions = Conditions {
            workers: plan.conditions.workers,
            rounds: plan.rounds,
            duration_ns: nanoseconds(plan.conditions.duration),
            warm_up_ns: nanoseconds(plan.conditions.warm_up),
            pinned: plan.conditions.pinned,
            clock_read_ns: Clock::start().read_cost(),
            recorder_ns: Recorder::cost(),
            timer_slack: TimerSlack::least().to_string(),
            shares: session.shares,
        };
        let mut results = Self {
            format: FORMAT,
            started: humantime::format_rfc3339_seconds(session.started).to_string(),
            seconds: session.took.as_secs_f64(),
            complete: session.is_complete,
            machine: Machine::here(),
            warnings: Vec::new(),
            limits: limits.collect(),
            jitter: jitter(session),
            scenarios: scenarios.map(|tallies| findings(tallies, plan)).collect(),
            conditions,
            changes: None,
        };
        results.warnings = results.doubts();
        results
    }

    /// What should keep a reader from believing too much.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if !self.complete {
            doubts.push("interrupted: some rounds are missing".to_owned());
        }
        if cfg!(debug_assertions) {
            doubts.push("compiled without optimization: nothing here says how fast it is".into());
        }
        doubts.extend(self.conditions.shares.and_then(busy));
        doubts.extend(self.jitter.iter().find_map(restless));
        for findings in &self.scenarios {
            for design in &findings.designs {
                if let Some(failure) = &design.failure {
                    doubts.push(format!("FAILED: {failure}"));
                }
            }
            if findings.oversubscribed {
                let Findings { scenario, workers, .. } = findings;
                let cores = self.machine.cores;
                doubts.push(format!(
                    "{scenario}: oversubscribed, {} threads on {cores} cores",
                    workers + 1
                ));
            }
            let saturated: Vec<_> = findings.designs.iter().filter(|d| d.saturated).collect();
            if !saturated.is_empty() {
                let names: Vec<_> = saturated.iter().map(|d| d.design.as_str()).collect();
                doubts.push(format!("{}: saturated: {}", findings.scenario, names.join(", ")));
            }
        }
        doubts
    }
}

/// The warning that something else has used the cores, if it has.
pub(crate) fn busy(shares: Shares) -> Option<String> {
    shares.disturb().then(|| format!("the machine is busy: {shares}; the tails are partly theirs"))
}

/// The warning that threads are held up by what no counter tells of, such as a host that lends its
/// cores out: that shows in the jitter.
fn restless(sample: &Sample) -> Option<String> {
    const TOLERABLE: u64 = 20_000;
    let p99 = sample.percentiles.p99.filter(|_| sample.measure == AWAKE)?;
    (p99 > TOLERABLE).then(|| {
        format!("the machine is restless by itself: one slice of 100 us in a hundred loses {p99} ns or more")
    })
}

/// The name of the jitter of threads that are awake.
const AWAKE: &str = "awake";

fn jitter(session: &Session) -> Vec<Sample> {
    let jitter = &session.jitter;
    let named = [
        ("asleep", "a thread that sleeps for 100 us wakes so much too late", &jitter.asleep),
        (AWAKE, "a busy thread is held up for so long in each 100 us", &jitter.awake),
    ];
    let taken = named.into_iter().filter(|(.., histogram)| !histogram.is_empty());
    taken
        .map(|(name, description, histogram)| sample(name, description, histogram, Vec::new()))
        .collect()
}

fn findings(tallies: &[Tally], plan: &Plan) -> Findings {
    let [first, ..] = tallies else { unreachable!("chunks are not empty") };
    let scenario = first.scenario;
    let workers = plan.conditions.workers.max(scenario.arrivals.least_workers());
    let kind = kind(&scenario);
    Findings {
        scenario: scenario.slug(),
        title: scenario.to_string(),
        kind,
        target_rate: scenario.arrivals.target_rate(),
        task_ns: nanoseconds(scenario.work.length()),
        workers,
        oversubscribed: scenario.work.is_busy() && workers + 1 > machine::cores(),
        designs: tallies.iter().map(|tally| design(tally, first, kind)).collect(),
    }
}

fn kind(scenario: &Scenario) -> Kind {
    match scenario.arrivals {
        Arrivals::OpenLoop { waiting: Waiting::Parked, .. } => Kind::OpenParked,
        Arrivals::OpenLoop { waiting: Waiting::Spinning, .. } => Kind::OpenSpinning,
        Arrivals::Window { .. } => Kind::Window,
        Arrivals::Burst { .. } => Kind::Burst,
    }
}

fn design(tally: &Tally, first: &Tally, kind: Kind) -> DesignFindings {
    let sound = tally.failure.is_none() && tally.rounds() > 0;
    let paced = sound && kind != Kind::Burst;
    let measured = Measure::ALL.into_iter().map(|measure| tally.of(measure));
    let measured = measured.filter(|series| sound && !series.histogram.is_empty());
    DesignFindings {
        design: tally.design.to_owned(),
        failure: tally.failure.as_ref().map(ToString::to_string),
        rounds: tally.rounds(),
        achieved_rate: paced.then(|| tally.achieved_rate()),
        saturated: sound && tally.is_saturated(),
        disturbed_rounds: if paced { tally.disturbed_rounds() } else { 0 },
        consumption: tally.consumption().filter(|_| sound).map(|used| Consumption {
            user_ns: used.user,
            system_ns: used.system,
            voluntary_switches: used.voluntary,
            involuntary_switches: used.involuntary,
            cores: used.cores,
        }),
        allocated: tally.allocated.filter(|_| sound),
        samples: measured.map(of_series).collect(),
        places: if sound { places(&tally.places) } else { Vec::new() },
        ratios: if sound && first.failure.is_none() && tally.design != first.design {
            ratios(tally, first, kind)
        } else {
            Vec::new()
        },
    }
}

fn of_series(series: &Series) -> Sample {
    let rounds = series.each_round().map(percentiles).collect();
    let Series { measure, histogram, .. } = series;
    sample(measure.slug(), measure.description(), histogram, rounds)
}

fn sample(
    measure: &str,
    description: &str,
    histogram: &Histogram<u64>,
    rounds: Vec<Percentiles>,
) -> Sample {
    Sample {
        measure: measure.to_owned(),
        description: description.to_owned(),
        count: histogram.len(),
        min: histogram.min(),
        mean: histogram.mean(),
        standard_deviation: histogram.stdev(),
        percentiles: percentiles(Percentile::ALL.map(|percentile| percentile.of(histogram))),
        max: histogram.max(),
        rounds,
        curve: curve(histogram),
    }
}

fn percentiles([p50, p90, p99, p99_9, p99_99]: [Option<u64>; 5]) -> Percentiles {
    Percentiles { p50, p90, p99, p99_9, p99_99 }
}

/// The steps of the percentile file that ten values lie beyond.
fn curve(histogram: &Histogram<u64>) -> Vec<Point> {
    const BEYOND: f64 = 10.0;
    let steps = histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE);
    let points = steps.map(|step| Point {
        one_in: 1.0 / (1.0 - step.quantile_iterated_to()),
        ns: step.value_iterated_to(),
    });
    points.take_while(|point| BEYOND * point.one_in <= histogram.len() as f64).collect()
}

fn places(places: &[Vec<u64>]) -> Vec<Place> {
    let median = |lengths: &Vec<u64>| {
        let mut sorted = lengths.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    };
    let numbered = places.iter().enumerate();
    numbered
        .filter_map(|(place, lengths)| Some(Place { results: place + 1, p50: median(lengths)? }))
        .collect()
}

fn ratios(tally: &Tally, first: &Tally, kind: Kind) -> Vec<RatioReading> {
    let reading = |(measure, percentile): (Measure, Percentile)| {
        let ratio = Ratio::between(tally.of(measure), first.of(measure), percentile)?;
        Some(RatioReading {
            measure: measure.slug().to_owned(),
            percentile: percentile.to_string(),
            against: first.design.to_owned(),
            ratio,
            verdict: ratio.verdict(),
        })
    };
    kind.compared().into_iter().filter_map(reading).collect()
}
