//! The session before this one.

use std::path::Path;
use std::{fs, io};

use crate::percentile::Percentile;
use crate::ratio::Ratio;
use crate::results::{Change, Changes, FORMAT, Findings, Percentiles, Results, Sample};

/// Reads the results that a session before this one has left at `path`, if there are any that can
/// be read.
///
/// # Errors
///
/// Those of reading, other than that there is nothing.
pub fn read(path: &Path) -> io::Result<Option<Results>> {
    match fs::read(path) {
        Ok(text) => {
            let results = serde_json::from_slice::<Results>(&text).ok();
            Ok(results.filter(|results| results.format == FORMAT))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Changes {
    /// What has changed from `before` to `now`, in every series that both have; `None` if they
    /// come from different machines or have nothing in common.
    pub fn between(before: &Results, now: &Results) -> Option<Self> {
        if !before.machine.is_like(&now.machine)
            || before.conditions.pinned != now.conditions.pinned
        {
            return None;
        }
        let mut series = Vec::new();
        for findings in &now.scenarios {
            let Some(earlier) = before.scenarios.iter().find(|f| is_like(f, findings)) else {
                continue;
            };
            for design in findings.sound() {
                let Some(old) = earlier.sound().find(|old| old.design == design.design) else {
                    continue;
                };
                for (measure, percentile) in findings.kind.compared() {
                    let rounds = [design.sample(measure), old.sample(measure)].map(|sample| {
                        sample.map_or(Vec::new(), |sample| by_round(sample, percentile))
                    });
                    let Some(ratio) = Ratio::unpaired(&rounds[0], &rounds[1]) else { continue };
                    series.push(Change {
                        scenario: findings.scenario.clone(),
                        design: design.design.clone(),
                        measure: measure.slug().to_owned(),
                        percentile: percentile.to_string(),
                        ratio,
                        verdict: ratio.verdict(),
                    });
                }
            }
        }
        let (since, commit) = (before.started.clone(), before.machine.commit.clone());
        (!series.is_empty()).then_some(Self { since, commit, series })
    }
}

fn is_like(one: &Findings, other: &Findings) -> bool {
    (&one.scenario, one.workers) == (&other.scenario, other.workers)
}

fn by_round(sample: &Sample, percentile: Percentile) -> Vec<u64> {
    sample.rounds.iter().filter_map(|round: &Percentiles| round.at(percentile)).collect()
}
