//! The session before this one.

use std::path::Path;
use std::{fs, io};

use crate::percentile::Percentile;
use crate::ratio::{Ratio, Verdict};
use crate::recorder::Measure;
use crate::results::{
    Change, Changes, DesignFindings, FORMAT, Findings, Percentiles, Results, Sample,
};

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
            let earlier = before.scenarios.iter().find(|earlier| is_like(earlier, findings));
            for compared in findings.kind.compared() {
                series.extend(earlier.into_iter().flat_map(|e| changes(e, findings, compared)));
            }
        }
        let (since, commit) = (before.started.clone(), before.machine.commit.clone());
        (!series.is_empty()).then_some(Self { since, commit, series })
    }
}

/// How every design that both have has changed in one respect.
fn changes(
    before: &Findings,
    now: &Findings,
    (measure, percentile): (Measure, Percentile),
) -> Vec<Change> {
    let ratio = |design: &DesignFindings| {
        let old = before.sound().find(|old| old.design == design.design)?;
        let [now, old] = [design, old].map(|design| {
            design.sample(measure).map_or(Vec::new(), |sample| by_round(sample, percentile))
        });
        Some((design.design.clone(), Ratio::unpaired(&now, &old)?))
    };
    let ratios: Vec<(String, Ratio)> = now.sound().filter_map(ratio).collect();
    let middle = Ratio::over(ratios.iter().map(|(_, ratio)| ratio.median));
    let drift = middle.filter(|_| ratios.len() >= ENOUGH).map_or(1.0, |middle| middle.median);
    let change = |(design, ratio): (String, Ratio)| Change {
        scenario: now.scenario.clone(),
        design,
        measure: measure.slug().to_owned(),
        percentile: percentile.to_string(),
        ratio,
        drift,
        verdict: beyond(ratio, drift),
    };
    ratios.into_iter().map(change).collect()
}

/// With so many designs the one in the middle stands for the machine.
const ENOUGH: usize = 3;

/// A change is one of the design if its interval holds neither 1 nor the drift, and lies on the
/// same side of both.
fn beyond(ratio: Ratio, drift: f64) -> Verdict {
    let Ratio { median, low, high, .. } = ratio;
    let without = Ratio { median: median / drift, low: low / drift, high: high / drift, ..ratio };
    match (ratio.verdict(), without.verdict()) {
        (absolute, relative) if absolute == relative => absolute,
        (Verdict::TooFewRounds, _) | (_, Verdict::TooFewRounds) => Verdict::TooFewRounds,
        _ => Verdict::NoDifference,
    }
}

fn is_like(one: &Findings, other: &Findings) -> bool {
    (&one.scenario, one.workers) == (&other.scenario, other.workers)
}

fn by_round(sample: &Sample, percentile: Percentile) -> Vec<u64> {
    sample.rounds.iter().filter_map(|round: &Percentiles| round.at(percentile)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_designs_share_is_no_change_of_one() {
        let ratio =
            |median: f64| Ratio { median, low: 0.9 * median, high: 1.1 * median, confidence: 0.95 };
        for (median, drift, verdict) in [
            (2.0, 1.0, Verdict::Longer),
            (2.0, 2.05, Verdict::NoDifference),
            (4.0, 2.0, Verdict::Longer),
            (1.0, 2.0, Verdict::NoDifference),
            (0.5, 1.0, Verdict::Shorter),
            (0.5, 2.0, Verdict::Shorter),
        ] {
            assert_eq!(beyond(ratio(median), drift), verdict, "{median} with a drift of {drift}");
        }
    }
}
