//! What a peer says of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Deserialize;

use super::{Errand, Pattern, PeerError};
use crate::recorder::{Measure, Recorder, histogram};
use crate::run::Run;

/// What a peer measured; every task came back exactly once.
#[derive(Debug)]
pub struct Report {
    /// The system and its version, such as `CPython 3.11.7`.
    pub version: String,
    /// How many tasks were recorded.
    pub recorded: u64,
    /// From the first moment that counted to the last recorded result; of bursts, the sum of
    /// their lengths.
    pub elapsed: Duration,
    /// The peer was so far behind an open loop that not all tasks were submitted.
    pub cut_short: bool,
    /// Lengths in nanoseconds, by name.
    histograms: BTreeMap<String, Histogram<u64>>,
}

/// One moment of every burst, from the first submission on, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Burst {
    /// The first result is received.
    First,
    /// Half of the results have been received.
    Half,
    /// The last result is received.
    Last,
    /// The last task has been submitted.
    Submission,
}

impl Burst {
    fn slug(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Half => "half",
            Self::Last => "last",
            Self::Submission => "submission",
        }
    }
}

/// What the programs write.
#[derive(Deserialize)]
struct Written {
    version: String,
    scenario: String,
    workers: usize,
    task_ns: u128,
    lost: u64,
    duplicated: u64,
    recorded: u64,
    elapsed_ns: u64,
    cut_short: bool,
    histograms: BTreeMap<String, Vec<(u64, u64)>>,
}

impl Report {
    /// Reads what a program wrote about `errand`.
    pub(super) fn read(text: &str, errand: &Errand) -> Result<Self, PeerError> {
        let written: Written = serde_json::from_str(text).map_err(PeerError::Unreadable)?;
        written.check(errand)?;
        let filled = |pairs: Vec<(u64, u64)>| {
            let mut lengths = histogram();
            pairs
                .into_iter()
                .for_each(|(length, count)| lengths.saturating_record_n(length, count));
            lengths
        };
        let all = written.histograms.into_iter();
        Ok(Self {
            version: written.version,
            recorded: written.recorded,
            elapsed: Duration::from_nanos(written.elapsed_ns),
            cut_short: written.cut_short,
            histograms: all.map(|(name, pairs)| (name, filled(pairs))).collect(),
        })
    }

    /// Nanoseconds per task, from the first submission to the last result.
    pub fn ns_per_task(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.recorded.max(1) as f64
    }

    /// The lengths of `measure` in an open loop or a window.
    pub fn measure(&self, measure: Measure) -> Option<&Histogram<u64>> {
        self.histograms.get(measure.slug())
    }

    /// A moment of every burst.
    pub fn burst(&self, moment: Burst) -> Option<&Histogram<u64>> {
        self.histograms.get(moment.slug())
    }

    /// The report of an open loop or a window as a run of the lab.
    ///
    /// # Panics
    ///
    /// If it is the report of a burst.
    pub fn into_run(mut self) -> Run {
        let mut take = |measure: Measure| match self.histograms.remove(measure.slug()) {
            Some(lengths) => lengths,
            None if Measure::OF_BURSTS.contains(&measure) => histogram(),
            None => panic!("a burst is no run of the lab"),
        };
        let recorder = Recorder::of(&mut take);
        let Self { recorded, elapsed, cut_short, .. } = self;
        Run {
            recorder,
            recorded,
            elapsed,
            cut_short,
            lasted: elapsed,
            submitted: recorded,
            usage: None,
            allocated: None,
            places: Vec::new(),
        }
    }
}

impl Written {
    fn check(&self, errand: &Errand) -> Result<(), PeerError> {
        let (lost, duplicated) = (self.lost, self.duplicated);
        if lost + duplicated > 0 {
            return Err(PeerError::Unfaithful { lost, duplicated });
        }
        let moments = [Burst::First, Burst::Half, Burst::Last, Burst::Submission].map(Burst::slug);
        let measures = Measure::OF_EACH_TASK.map(Measure::slug);
        let (scenario, names, samples) = match errand.pattern {
            Pattern::OpenLoop { .. } => ("open", &measures[..], self.recorded),
            Pattern::Window { .. } => ("window", &measures[..], self.recorded),
            Pattern::Burst { tasks } => ("burst", &moments[..], self.recorded / tasks as u64),
        };
        let played = (self.scenario.as_str(), self.workers, self.task_ns);
        let asked = (scenario, errand.workers, errand.task.as_nanos());
        if played != asked {
            return contradiction(format!("{asked:?} was asked for, and {played:?} played"));
        }
        for &name in names {
            let Some(pairs) = self.histograms.get(name) else {
                return contradiction(format!("it says nothing of {name:?}"));
            };
            let counted: u64 = pairs.iter().map(|(_, count)| count).sum();
            if counted != samples {
                return contradiction(format!("{name:?} has {counted} samples, not {samples}"));
            }
        }
        Ok(())
    }
}

fn contradiction(what: String) -> Result<(), PeerError> {
    Err(PeerError::Contradictory { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRAND: Errand = Errand {
        pattern: Pattern::Window { in_flight: 2 },
        workers: 1,
        task: Duration::from_micros(20),
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(1),
        limit: Duration::from_secs(60),
    };

    /// What a faithful program writes.
    const WRITTEN: &str = r#"{
        "version": "Abacus 1", "scenario": "window", "workers": 1, "task_ns": 20000,
        "submitted": 3, "lost": 0, "duplicated": 0, "recorded": 3, "elapsed_ns": 90000,
        "ns_per_task": 30000.0, "cut_short": false,
        "histograms": {
            "delivery": [[9000, 2], [12000, 1]], "queue-wait": [[1000, 3]],
            "end-to-end": [[30000, 3]], "run": [[20000, 3]], "lateness": [[0, 3]]
        }
    }"#;

    fn refusal(from: &str, to: &str) -> PeerError {
        assert!(WRITTEN.contains(from));
        Report::read(&WRITTEN.replace(from, to), &ERRAND).expect_err("the report is wrong")
    }

    #[test]
    fn a_report_becomes_a_run_of_the_lab() {
        let report = Report::read(WRITTEN, &ERRAND).unwrap();
        assert_eq!((report.version.as_str(), report.ns_per_task()), ("Abacus 1", 30_000.0));
        assert!(report.burst(Burst::First).is_none());
        let run = report.into_run();
        assert_eq!((run.recorded, run.elapsed), (3, Duration::from_micros(90)));
        let delivery = run.recorder.histogram(Measure::Delivery);
        assert!(delivery.equivalent(delivery.value_at_quantile(0.5), 9_000));
        assert!(delivery.equivalent(delivery.max(), 12_000));
        assert_eq!(run.recorder.histogram(Measure::QueueWait).len(), 3);
    }

    #[test]
    fn a_peer_that_loses_or_duplicates_is_named() {
        let lost = refusal(r#""lost": 0"#, r#""lost": 2"#);
        assert_eq!(lost.to_string(), "2 tasks were lost and 0 results came twice");
        let twice = refusal(r#""duplicated": 0"#, r#""duplicated": 1"#);
        assert!(matches!(twice, PeerError::Unfaithful { lost: 0, duplicated: 1 }));
    }

    #[test]
    fn a_report_that_does_not_fit_is_refused() {
        for (from, to, says) in [
            ("\"workers\": 1", "\"workers\": 2", "was asked for"),
            ("\"scenario\": \"window\"", "\"scenario\": \"open\"", "was asked for"),
            ("[9000, 2]", "[9000, 1]", "\"delivery\" has 2 samples, not 3"),
            ("\"run\"", "\"walk\"", "nothing of \"run\""),
        ] {
            let error = refusal(from, to);
            assert!(matches!(error, PeerError::Contradictory { .. }), "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn what_is_no_report_cannot_be_read() {
        for (from, to) in [("{", "["), ("\"elapsed_ns\": 90000,", ""), ("[9000, 2]", "[9000]")] {
            let error = refusal(from, to);
            assert!(matches!(error, PeerError::Unreadable(_)), "{error}");
        }
    }
}
